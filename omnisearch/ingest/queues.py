"""What flows between the stages: bounded by bytes, stopped at once, never a busy wait."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Generic, Protocol, TypeVar

Thing = TypeVar("Thing")


class StoppedError(Exception):
    """The run ends; whoever waits for something gives up."""


class Stop:
    """Tells every stage that the run ends, and why when something went wrong."""

    def __init__(self) -> None:
        self.reason: BaseException | None = None
        self._asked = threading.Event()
        self._waiting: list[threading.Condition] = []
        self._lock = threading.Lock()

    def condition(self) -> threading.Condition:
        """Make a condition whose waiters wake up when the run ends."""
        made = threading.Condition()
        with self._lock:
            self._waiting.append(made)
        return made

    def now(self, reason: BaseException | None = None) -> None:
        """End the run; the first reason is kept."""
        with self._lock:
            if self.reason is None:
                self.reason = reason
            self._asked.set()
            waiting = list(self._waiting)
        for condition in waiting:
            with condition:
                condition.notify_all()

    @property
    def asked(self) -> bool:
        """Tell whether the run ends."""
        return self._asked.is_set()

    def wait(self, seconds: float) -> bool:
        """Sleep so long, or until the run ends; tells whether it does."""
        return self._asked.wait(seconds)

    def check(self) -> None:
        """Give up where the run ends."""
        if self._asked.is_set():
            raise StoppedError


class Budget:
    """Bytes that are in flight; whoever wants more than is left waits.

    Something larger than all of it is let through when nothing else is in flight, so a large
    picture never stops a run.
    """

    def __init__(self, limit: int, stop: Stop) -> None:
        self._limit, self._stop = limit, stop
        self._used = 0
        self._changed = stop.condition()

    @property
    def used(self) -> int:
        """Give the bytes in flight."""
        return self._used

    def limit(self, limit: int) -> None:
        """Change how much may be in flight; what is, stays."""
        with self._changed:
            self._limit = limit
            self._changed.notify_all()

    def take(self, amount: int) -> float:
        """Wait until so many bytes are free, and take them; gives the seconds that took."""
        begun = time.monotonic()
        with self._changed:
            while self._used and self._used + amount > self._limit:
                self._stop.check()
                self._changed.wait()
            self._stop.check()
            self._used += amount
        return time.monotonic() - begun

    def give(self, amount: int) -> None:
        """Give bytes back."""
        with self._changed:
            self._used -= amount
            self._changed.notify_all()

    @contextmanager
    def held(self, amount: int) -> Iterator[None]:
        """Hold bytes for a block."""
        self.take(amount)
        try:
            yield
        finally:
            self.give(amount)


class Things(Protocol[Thing]):
    """What a lane holds, and in which order it is taken."""

    def __len__(self) -> int: ...
    def append(self, thing: Thing, /) -> None: ...  # noqa: D102
    def popleft(self) -> Thing: ...  # noqa: D102


class Lane(Generic[Thing]):
    """A queue: without bound, for things whose bytes a budget holds, or of so many things."""

    def __init__(
        self, stop: Stop, things: Things[Thing] | None = None, most: int | None = None
    ) -> None:
        self._things: Things[Thing] = deque() if things is None else things
        self._stop, self._closed, self._most = stop, False, most
        self._changed = stop.condition()

    def __len__(self) -> int:
        return len(self._things)

    def put(self, thing: Thing) -> None:
        """Add a thing; waits where there are too many."""
        with self._changed:
            while self._is_full():
                self._stop.check()
                self._changed.wait()
            self._things.append(thing)
            self._changed.notify_all()

    def close(self) -> None:
        """Promise that nothing more comes."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def get(self) -> Thing | None:
        """Take the first; None when nothing more comes."""
        with self._changed:
            while True:
                self._stop.check()
                if len(self._things):
                    return self._taken()
                if self._closed:
                    return None
                self._changed.wait()

    def get_within(self, seconds: float) -> list[Thing]:
        """Take all that is there, waiting so long for the first; empty also when none come."""
        with self._changed:
            if not len(self._things) and not self._closed and not self._stop.asked:
                self._changed.wait(seconds)
            return [self._taken() for _ in range(len(self._things))]

    @property
    def over(self) -> bool:
        """Tell whether nothing is left and nothing more comes."""
        with self._changed:
            return self._closed and not len(self._things)

    def _is_full(self) -> bool:
        return self._most is not None and len(self._things) >= self._most

    def _taken(self) -> Thing:
        if self._is_full():
            self._changed.notify_all()
        return self._things.popleft()
