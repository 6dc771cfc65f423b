"""Stages side by side, each on threads of its own, and the caller's thread, which only watches.

It is the only one that signals reach. Whatever it or a stage raises stops all of them, and what is
finished is kept.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from omnisearch.ingest.queues import Stop, StoppedError
from omnisearch.storage import leftovers

if TYPE_CHECKING:
    from omnisearch.ingest.report import Progress

_TICK_S, _LOOK_S = 0.1, 1.0
_TRIM_S = 5.0  # a trim takes some milliseconds, and gives back what a burst has left to allocators
_LEAVING_S = 4.0  # for what is finished to be written, when a run is stopped
Show = Callable[["Progress"], object]


class Stage:
    """Threads that do the same; the last to finish tells what takes from them: nothing more comes.

    Nothing takes from the last stage: its end is the end of all.
    """

    def __init__(
        self,
        name: str,
        bodies: Sequence[Callable[[], None]],
        tell: Callable[[], None] | None = None,
    ) -> None:
        self._name, self._bodies, self._tell = name, bodies, tell
        self._lock, self._left = threading.Lock(), len(bodies)
        self._threads: list[threading.Thread] = []

    def start(self, stop: Stop, done: threading.Event) -> None:
        """Start the threads."""
        tell = self._tell or done.set
        for at, body in enumerate(self._bodies):
            name = f"{self._name} {at}"
            thread = threading.Thread(
                target=self._run, args=(body, stop, tell), name=name, daemon=True
            )
            self._threads.append(thread)
            thread.start()

    def leave(self, until: float) -> None:
        """Wait for the threads; one that is deep in a library is left behind."""
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(max(until - time.monotonic(), 0.0))

    def _run(self, body: Callable[[], None], stop: Stop, tell: Callable[[], None]) -> None:
        try:
            body()
            with self._lock:
                self._left -= 1
                last = not self._left
            if last:
                tell()
        except StoppedError:
            return
        except BaseException as error:
            stop.now(error)


class Watch:
    """What the caller's thread does while the stages run."""

    def __init__(self, told: Callable[[], Progress], show: Show | None) -> None:
        self._told, self._show = told, show

    def until(self, done: threading.Event, stop: Stop) -> None:
        """Tell where the run is and look after it, until it is done or is to stop."""
        looked = trimmed = time.monotonic()
        while not done.wait(_TICK_S) and not stop.asked:
            self._tell()
            if time.monotonic() - looked >= _LOOK_S:
                self.look()
                looked = time.monotonic()
            if time.monotonic() - trimmed >= _TRIM_S:
                leftovers.give_back()
                trimmed = time.monotonic()
        if not stop.asked:
            self._tell()

    def look(self) -> None:
        """Look after the run, each second."""

    def _tell(self) -> None:
        told = self._told()
        if self._show is not None:
            self._show(told)


def side_by_side(
    stages: Sequence[Stage], stop: Stop, watch: Watch, close: Callable[[], None]
) -> None:
    """Run stages, given in the order in which work flows; `close` ends what they wait for."""
    done = threading.Event()
    try:
        for stage in reversed(stages):
            stage.start(stop, done)
        watch.until(done, stop)
    except BaseException as error:
        stop.now(error)
        raise
    finally:
        stop.now()
        close()
        until = time.monotonic() + _LEAVING_S
        for stage in stages:
            stage.leave(until)
    if stop.reason is not None:
        raise stop.reason
