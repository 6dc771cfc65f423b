"""The work behind writes: chunks, seals, merges, removal of what is old; in a thread of its own.

The thread holds the store only while it works, so dropping the last handle ends it.
"""

from __future__ import annotations

import logging
import threading
import time
import weakref
from collections.abc import Callable

from omnisearch.errors import CollectionLockedError, OmnisearchError
from omnisearch.records import CompactReport
from omnisearch.storage import (
    changes,
    compaction,
    gc,
    leftovers,
    mending,
    relations,
    sealing,
    switching,
    wholes,
)
from omnisearch.storage.coding import TRAINING_ROWS
from omnisearch.storage.generation import Generation
from omnisearch.storage.store import Store
from omnisearch.storage.tail import LOOSE_ROWS

_log = logging.getLogger(__name__)

SEAL_ROWS = 16_384
SEAL_GENERATIONS = 8_192  # replaying so many takes some tenths of a second
SEAL_LOG_BYTES = 64 << 20
CROWDED_ROWS = 4 * SEAL_ROWS  # from here on a writing call first waits
WAIT_S = 0.2  # and so long at most
_RETRY_S = 5.0  # after the disk refused


def freeze(store: Store) -> bool:
    """Give the loose rows codes, once there are enough of them."""
    with store.maintaining:
        with store.lock:
            now = store.state.generation
            coder = now.sealed.coder
            if coder is None or now.loose.rows < LOOSE_ROWS or store.in_transaction:
                return False
            store.state.freeze()
            store.show(store.state.generation)
            chunk = store.state.generation.coded.chunks[-1]
        coded = chunk.encoded(coder)
        _ = coded.words  # a seal needs them, and a question may come before
        with store.lock:
            if not store.in_transaction:
                store.state.replace_chunk(chunk, coded)
                store.show(store.state.generation)
    return True


def seal(store: Store) -> bool:
    """Seal the tail and remove what that made old."""
    return _tidied(store, sealing.seal)


def compact(store: Store, pick: compaction.Pick) -> bool:
    """Merge shards and remove what that made old."""
    return _tidied(store, lambda held: compaction.compact(held, pick))


def recode(store: Store) -> bool:
    """Renew the codebook where the rows have outgrown it, and remove what that made old."""
    return _tidied(store, compaction.recode)


def mend(store: Store) -> bool:
    """Write damaged derived files anew, and remove the state that has them damaged."""
    with store.maintaining:
        done = mending.mend(store)
        if done:
            gc.collect(store.root, store.identity, kept=1)
    return done


def _tidied(store: Store, work: Callable[[Store], bool]) -> bool:
    with store.maintaining:
        done = work(store)
        if done:
            gc.collect(store.root, store.identity)
    if done:
        leftovers.give_back()
    return done


def compact_whole(store: Store) -> CompactReport:
    """Seal everything, renew the codebook where it pays, and merge all shards."""
    begun, before = time.perf_counter(), store.reading()
    store.check_no_transaction()
    with store.maintaining:
        sealing.seal(store)
        compaction.recode(store)
        compaction.compact(store, compaction.everything)
        mended = mending.mend(store)
        gc.collect(store.root, store.identity, kept=1 if mended else gc.KEPT)
    leftovers.give_back()
    now = store.reading()
    shards = len(before.sealed.shards), len(now.sealed.shards)
    rows = now.live - len(wholes.living(now))
    return CompactReport(rows, *shards, time.perf_counter() - begun)


def delete(store: Store, found: Callable[[Generation], list[str]], *, purge: bool) -> int:
    """Delete the rows that `found` names, and their bytes if asked; count those that are shown."""
    counted: list[int] = []

    def naming(now: Generation) -> list[str]:
        names = found(now)
        counted.append(wholes.counted(now, names))
        return names

    if purge:
        check_purge(store)
    store.write(changes.deleting(naming))
    if purge:
        purge_deleted(store)
    return counted[-1]


def check_purge(store: Store) -> None:
    """Refuse to purge where something would keep what is purged."""
    store.check_no_transaction()
    if (coming := switching.spaces(store.root).next) is not None:
        raise CollectionLockedError(
            f"{coming.path} is being filled, and would keep what is purged: finish that first, or "
            "give it up with `omnisearch reencode --discard`"
        )


def purge_deleted(store: Store) -> None:
    """Rewrite what holds deleted rows and remove every older file, that of a space before too."""
    with store.maintaining:
        sealing.seal(store)
        compaction.compact(store, compaction.dead_only)
        gc.collect(store.root, store.identity, kept=1)
        switching.drop_previous(store)
        relations.forget(store)


def is_tail_long(now: Generation, log_bytes: int) -> bool:
    """Tell whether the tail is worth a shard."""
    sealed = now.sealed
    rows = now.rows - sealed.rows
    enough = SEAL_ROWS if sealed.coder is not None else min(SEAL_ROWS, TRAINING_ROWS)
    return (
        rows >= enough
        or now.number - sealed.manifest.base_generation >= SEAL_GENERATIONS
        or (log_bytes >= SEAL_LOG_BYTES and now.number > sealed.manifest.base_generation)
    )


def step(store: Store) -> bool:
    """Do the most urgent piece of work; False where there is none."""
    with store.lock:
        now, size = store.state.generation, store.log_bytes
        busy = store.in_transaction or not store.writing
    if busy:
        return False
    if is_tail_long(now, size):
        return seal(store)
    if freeze(store):
        return True
    if compaction.may_be_due(now) and compact(store, compaction.when_due):
        return True
    return recode(store) or (mending.is_due(now) and mend(store))


class Maintenance:
    """The thread of one store."""

    def __init__(self, store: Store) -> None:
        self._store = weakref.ref(store)
        self._event = threading.Event()
        self._thread: threading.Thread | None = None
        self._stopped = False

    def wake(self) -> None:
        """Look for work soon."""
        if self._thread is None and not self._stopped:
            name = "omnisearch-maintenance"
            self._thread = threading.Thread(target=self._run, name=name, daemon=True)
            self._thread.start()
        self._event.set()

    def throttle(self) -> None:
        """Make a writing call wait a moment while the tail is far too long."""
        store = self._store()
        if store is None or self._thread is None or store.in_transaction:
            return
        end = time.monotonic() + WAIT_S
        while store.tail_rows >= CROWDED_ROWS and time.monotonic() < end:
            time.sleep(WAIT_S / 20)

    def stop(self) -> None:
        """End the thread after the piece of work at hand."""
        self._stopped = True
        self._event.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def _run(self) -> None:
        while not self._stopped:
            self._event.wait()
            self._event.clear()
            while not self._stopped and self._work():
                pass

    def _work(self) -> bool:
        store = self._store()
        if store is None:
            self._stopped = True
            return False
        try:
            return step(store)
        except (OmnisearchError, OSError) as error:
            _log.warning("maintenance waits %s s: %s", _RETRY_S, error)
            del store
            self._event.wait(_RETRY_S)
            return False
