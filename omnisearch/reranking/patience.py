"""Waiting no longer than was said for work that nothing can stop from outside.

Python ends no thread, so what takes too long goes on behind the answer. Our own models look whether
somebody still waits; functions of users do not, and of those few may be left behind at a time.
"""

from __future__ import annotations

import contextvars
import enum
import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TooLateError
from typing import TypeVar

Found = TypeVar("Found")
Stopped = Callable[[], bool]
MOST_LEFT = 4  # calls that nobody waits for any more


class Late(enum.Enum):
    """Why there is no result: time was up, or so much still runs that nothing was begun."""

    OVER = enum.auto()
    BUSY = enum.auto()


class Patience:
    """Begins work in threads, and knows which of them nobody waits for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left: list[threading.Thread] = []

    def wait(
        self, work: Callable[[Stopped], Found], seconds: float | None, *, heeds: bool
    ) -> Found | Late:
        """Give what work gives, within so many seconds; what it raises is raised here.

        Work that heeds `stopped` ends soon, so the interpreter waits for it when it ends itself.
        """
        if seconds is None:
            return work(lambda: False)
        if self._busy():
            return Late.BUSY
        over, done = threading.Event(), Future[Found]()
        context = contextvars.copy_context()

        def run() -> None:
            try:
                done.set_result(context.run(work, over.is_set))
            except BaseException as error:  # handed over to whoever waits
                done.set_exception(error)

        thread = threading.Thread(target=run, name="omnisearch-rerank", daemon=not heeds)
        thread.start()
        try:
            return done.result(min(seconds, threading.TIMEOUT_MAX))
        except TooLateError:
            return done.result() if done.done() else Late.OVER  # it may be an error of its own
        finally:
            over.set()
            if not done.done():
                with self._lock:
                    self._left.append(thread)

    def _busy(self) -> bool:
        with self._lock:
            self._left = [one for one in self._left if one.is_alive()]
            return len(self._left) >= MOST_LEFT
