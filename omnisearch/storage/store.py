"""One open collection of this process, shared by every handle on its path.

Writing appends to the log, syncs, and only then shows the new generation; `reading` never blocks.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from omnisearch.errors import ReadOnlyError, StorageError
from omnisearch.storage import batch, creation, files, filesystem, gc, ledger, locks, log, opening
from omnisearch.storage.batch import Change
from omnisearch.storage.generation import Generation
from omnisearch.storage.head import HeadFile
from omnisearch.storage.identity import Head, Identity
from omnisearch.storage.layout import log_path, pin_path
from omnisearch.storage.ledger import Ledger
from omnisearch.storage.locks import FileLock
from omnisearch.storage.manifest import Manifest, newest, publish
from omnisearch.storage.shard import Place
from omnisearch.storage.state import State

Prepare = Callable[[Generation], "Change | None"]


class Store:
    """Reads the newest state, follows other writers, and writes when asked to."""

    def __init__(self, root: Path, identity: Identity, writer: FileLock | None = None) -> None:
        self.root, self.identity = root, identity
        self.lock = threading.RLock()
        self.maintaining = threading.RLock()  # held through seal, compaction and gc
        self.on_write: Callable[[], None] = lambda: None
        self.before_write: Callable[[], None] = lambda: None
        self._process = os.getpid()
        self._writer = writer
        self._log: files.Appender | None = None
        self._pending: list[Change] | None = None
        self._pending_thread = 0
        self._failed = False  # a sync failed: what the log holds is in doubt
        self._behind = False  # an interrupt came between appending and showing
        self._ledger = 0  # the number of the newest, known to the writer
        self._opened = opening.load(root, identity, {})
        self._published = self._opened.state.generation
        self._head = HeadFile(root, identity)
        if writer is not None:
            self._begin_log()

    @property
    def place(self) -> Place:
        """Where the shards of this collection are."""
        return self._opened.place

    @property
    def state(self) -> State:
        """The newest state; hold `lock`."""
        return self._opened.state

    @property
    def writing(self) -> bool:
        """Tell whether this process is the writer."""
        return self._writer is not None

    @property
    def in_transaction(self) -> bool:
        """Tell whether writes wait for the end of a transaction; hold `lock`."""
        return self._pending is not None

    @property
    def log_bytes(self) -> int:
        """Give the length of the log's last file."""
        return self._log.size if self._log is not None else 0

    @property
    def tail_rows(self) -> int:
        """Count the rows that are not sealed."""
        now = self._published
        return now.rows - now.sealed.rows

    def reading(self) -> Generation:
        """Take the newest acknowledged generation, or this thread's own unfinished one."""
        self._check_process()
        if self._pending is not None and self._pending_thread == threading.get_ident():
            return self.state.generation
        if self._writer is None:
            self._refresh()
        return self._published

    def is_acknowledged(self, now: Generation) -> bool:
        """Tell whether a generation is committed, and not what a transaction came to so far."""
        return now.number <= self._published.number

    def write(self, prepare: Prepare) -> int:
        """Make what `prepare` says of the newest generation durable; give the generation."""
        self._check_process()
        self.before_write()
        with self.lock:
            self.begin_writing()
            change = prepare(self.state.generation)
            if change is None:
                return self.state.generation.number
            if self._pending is not None:
                self._pending.append(change)
                return self.state.apply(self._published.number + 1, [change]).number
            self._commit([change], lambda number: self.state.apply(number, [change]))
        self.on_write()
        return self._published.number

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Collect the writes of this thread into one generation, or none."""
        self._check_process()
        with self.lock:
            if self._pending is not None:
                raise ValueError("a transaction is open already: finish it first")
            self.begin_writing()
            self._pending, self._pending_thread = [], threading.get_ident()
            try:
                yield
                if self._pending:
                    self._commit(self._pending, lambda _: self.state.generation)
            except BaseException:
                self.reload()
                raise
            finally:
                self._pending = None
        self.on_write()

    def _commit(self, changes: list[Change], show: Callable[[int], Generation]) -> None:
        number = self._published.number + 1
        assert self._log is not None
        payload = batch.encode(changes)
        self._behind = True
        try:
            log.append(self._log, number, payload)
        except StorageError as error:
            self._failed, self._behind = isinstance(error, files.SyncFailedError), False
            raise
        self._published = show(number)
        self._behind = False
        self.write_head()

    def begin_writing(self) -> None:
        """Become the writer, on the newest state; hold `lock`."""
        if self._failed:
            raise StorageError(
                f"an earlier write to {self.root} failed on the disk: close the collection, "
                "check the disk, and open it again"
            )
        if self._writer is not None:
            if self._behind:
                self.reload()
                self._begin_log()
                self._behind = False
            return
        filesystem.refuse_network(self.root)
        if not os.access(self.root, os.W_OK):
            raise ReadOnlyError(f"{self.root} is not writable: open it with mode='r' to read it")
        lock = locks.lock_writer(self.root)
        try:
            creation.sync_names(self.root)
            self.reload()
            self._writer = lock
            self._begin_log()
            gc.collect(self.root, self.identity, unfinished=True)
        except BaseException:
            self._writer = None
            lock.release()
            raise

    def _begin_log(self) -> None:
        tail, reached = self._opened.tail, self._published.number
        if self._log is not None:
            self._log.close()
        gc.sweep_unfinished(self.root, after=tail.first)
        self._log = log.resume(self.root, self.identity, tail, reached)
        self._ledger = ledger.newest(self.root)
        self.write_head()

    def rotate_log(self) -> None:
        """Begin a new log file behind the newest generation; hold `lock`."""
        first = self._published.number + 1
        if self._log is not None and self._log.path != log_path(self.root, first):
            before, self._log = self._log, self._start_log(first)
            before.close()

    def _start_log(self, first: int) -> files.Appender:
        try:
            return log.create(self.root, self.identity, first)
        except StorageError:
            self._failed = True  # unless the file is gone again, it may hide the records before it
            files.remove(log_path(self.root, first), missing_ok=True)
            self._failed = False
            raise

    def show(self, generation: Generation) -> None:
        """Publish a state with the same rows in other files; hold `lock`."""
        self._published = generation

    def read_ledger(self) -> Ledger:
        """Read the newest ledger."""
        self._check_process()
        return self.place.ledgers.newest()

    def write_ledger(self, new: Ledger) -> None:
        """Make a ledger the newest one, durably; it is no generation and no part of one."""
        self._check_process()
        with self.lock:
            self.begin_writing()
            if new != self.read_ledger():
                self._ledger = ledger.write_next(self.root, self.identity, new)
                self.write_head()
                ledger.remove_old(self.root)

    def write_head(self) -> None:
        """Leave the hint of how far was acknowledged; losing it loses nothing."""
        number = self._published.sealed.manifest.number
        self._head.write(Head(self._published.number, number, self._ledger))

    def move_pin(self, number: int) -> None:
        """Hold the files of another manifest from now on."""
        pin, old = locks.pin(pin_path(self.root, number)), self._opened.pin
        self._opened = opening.Opened(self.place, self.state, self._opened.tail, pin)
        if old is not None:
            old.release()

    def replace(self, made: Manifest) -> None:
        """Publish another state in place of this one; hold `lock`."""
        self._failed = True  # what is appended now may be behind either state
        try:
            publish(made, self.root, self.identity)
        except StorageError:
            self._failed = newest(self.root) >= made.number
            raise
        self.reload()
        self._failed = False
        self.write_head()
        with suppress(StorageError):  # without, the next record goes into the file before
            self.rotate_log()

    def reload(self) -> None:
        """Read everything from the files again; hold `lock`."""
        known = {shard.name: shard for shard in self._published.sealed.shards}
        old = self._opened.pin
        self._opened = opening.load(self.root, self.identity, known)
        if old is not None:
            old.release()
        self._published = self._opened.state.code_tail()

    def _refresh(self) -> None:
        raw, head = self._head.changed() or (b"", None)
        if head is None:
            return
        now = self._published
        if head.manifest <= now.sealed.manifest.number and head.generation <= now.number:
            self._head.seen(raw)
            return
        with self.lock:
            if self._writer is not None:
                return
            if head.manifest > self._published.sealed.manifest.number:
                self.reload()
            elif head.generation > self._published.number:
                self._catch_up()
            self._head.seen(raw)

    def _catch_up(self) -> None:
        opened = self._opened
        if not opened.tail.first:
            return self.reload()
        tail = log.follow(self.root, self.identity, opened.tail, self._published.number)
        opening.replay(opened.state, tail.records)
        known = log.Tail([], tail.first, tail.size)
        self._opened = opening.Opened(opened.place, opened.state, known, opened.pin)
        self._published = opened.state.code_tail()

    def check_no_transaction(self) -> None:
        """Refuse what publishes files while this thread has writes that are not acknowledged."""
        if self._pending is not None and self._pending_thread == threading.get_ident():
            raise ValueError("a transaction is open: finish it first")

    def _check_process(self) -> None:
        if os.getpid() != self._process:
            raise RuntimeError(
                f"{self.root} was opened before this process was forked: open it again here"
            )

    def close(self) -> None:
        """Give everything back; idempotent."""
        for held in (self._log, self._opened.pin, self._writer):
            if isinstance(held, files.Appender):
                held.close()
            elif held is not None:
                held.release()
        self._log = self._writer = None
        self._head.close()
