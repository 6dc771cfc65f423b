"""The stages side by side: walk, decode, encode, commit, each on threads of its own.

The caller's thread watches: it shows progress, keeps memory within its bound, and is the only one
that signals reach. Whatever it or a stage raises stops all of them, and what is finished is kept.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

from omnisearch.ingest import memory
from omnisearch.ingest.commits import Commits
from omnisearch.ingest.encoding import Encoding
from omnisearch.ingest.queues import Stop, StoppedError
from omnisearch.ingest.reading import Reading
from omnisearch.storage import leftovers

if TYPE_CHECKING:
    from omnisearch.ingest.report import Progress
    from omnisearch.ingest.run import Lost, Run

_TICK_S, _MEMORY_S = 0.1, 1.0
_TRIM_S = 5.0  # a trim takes some milliseconds, and gives back what a burst has left to allocators
_LEAVING_S = 4.0  # for what is finished to be written, when a run is stopped
_TIGHT = 0.9  # of what may be taken: from here on less is let in
Show = Callable[["Progress"], object]


class Walk(Protocol):
    """What finds the files of a run."""

    def run(self) -> None:
        """Count what needs no reading, and put the rest on the agenda."""

    def lost(self) -> Iterator[Lost]:
        """Give what is gone."""


class Stage:
    """Threads that do the same; the last to finish begins what comes then."""

    def __init__(self, name: str, bodies: Sequence[Callable[[], None]], stop: Stop) -> None:
        self._stop, self._then = stop, stop.check
        self._lock, self._left = threading.Lock(), len(bodies)
        self.threads = [
            threading.Thread(target=self._run, args=(body,), name=f"{name} {at}", daemon=True)
            for at, body in enumerate(bodies)
        ]

    def start(self, then: Callable[[], None]) -> None:
        """Start the threads."""
        self._then = then
        for thread in self.threads:
            thread.start()

    def _run(self, body: Callable[[], None]) -> None:
        try:
            body()
            with self._lock:
                self._left -= 1
                last = not self._left
            if last:
                self._then()
        except StoppedError:
            return
        except BaseException as error:
            self._stop.now(error)


class Pipeline:
    """Carries out a run."""

    def __init__(self, run: Run, walking: Walk, reading: Reading, encoding: Encoding) -> None:
        self._run, self._walking = run, walking
        self._reading, self._encoding = reading, encoding

    def go(self, commits: Commits, show: Show | None, close: Callable[[], None]) -> None:
        """Run to the end; `close` ends the decoders, whatever they do."""
        run, stop, done = self._run, self._run.stop, threading.Event()
        workers = run.bounds.workers
        walk = Stage("walk", [self._walking.run], stop)
        read = Stage("read", [self._reading.run] * workers, stop)
        encode = Stage("encode", [self._encoding.run] * workers, stop)
        commit = Stage("commit", [commits.run], stop)
        try:
            commit.start(done.set)
            encode.start(self._end)
            read.start(run.tasks.close)
            walk.start(run.agenda.close)
            self._watch(done, show)
        except BaseException as error:
            stop.now(error)
            raise
        finally:
            stop.now()
            close()
            leave([*read.threads, *encode.threads, *walk.threads, *commit.threads])
        if stop.reason is not None:
            raise stop.reason

    def _end(self) -> None:
        """Once everything is encoded, tell what is gone; then nothing more comes."""
        for lost in self._walking.lost():
            self._run.events.put(lost)
        self._run.events.close()

    def _watch(self, done: threading.Event, show: Show | None) -> None:
        run, checked = self._run, time.monotonic()
        trimmed = checked
        while not done.wait(_TICK_S) and not run.stop.asked:
            run.encoded = self._encoding.segments
            if show is not None:
                show(run.progress)
            if time.monotonic() - checked >= _MEMORY_S:
                self._check_memory()
                checked = time.monotonic()
            if time.monotonic() - trimmed >= _TRIM_S:
                leftovers.give_back()
                trimmed = time.monotonic()
        if show is not None and not run.stop.asked:
            show(run.progress)

    def _check_memory(self) -> None:
        """Let less in while the process and its decoders take almost what they may."""
        run = self._run
        share = 4 if memory.exceeds(int(_TIGHT * run.bounds.memory)) else 1
        run.budget.limit(run.bounds.segments // share)
        run.copies.limit(run.bounds.copies // share)


def leave(threads: Sequence[threading.Thread]) -> None:
    """Wait for the stages; one that is deep in a library is left behind."""
    until = time.monotonic() + _LEAVING_S
    for thread in threads:
        if thread.ident is not None:
            thread.join(max(until - time.monotonic(), 0.0))
