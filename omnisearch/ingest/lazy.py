"""Something that is made when it is first needed, by whichever thread needs it first."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Thing = TypeVar("Thing")


class Lazy(Generic[Thing]):
    """Makes a thing once; who asks meanwhile waits for it."""

    def __init__(self, make: Callable[[], Thing]) -> None:
        self._make, self._lock = make, threading.Lock()
        self.made: Thing | None = None

    def __call__(self) -> Thing:
        """Give the thing."""
        with self._lock:
            if self.made is None:
                self.made = self._make()
            return self.made
