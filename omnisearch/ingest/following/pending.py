"""What has changed and is not taken in yet; many changes are one change of everything."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable

MANY = 1_000  # changes; of a whole root is walked as fast, and what the system lost comes along
_QUIET_S, _LONGEST_S = 0.3, 1.2  # a burst ends when nothing came for so long, or after that long
_TICK_S = 0.5  # how soon a request to stop is noticed


class Pending:
    """Absolute paths, put in by whoever hears of them and taken out burst by burst."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._paths: set[bytes] = set()
        self._everything = False
        self._first = self._last = 0.0

    def add(self, paths: Iterable[bytes]) -> None:
        """Note what changed."""
        with self._changed:
            self._note()
            self._paths.update(paths)
            self._everything |= len(self._paths) > MANY
            if self._everything:
                self._paths.clear()

    def everything(self) -> None:
        """Note that something changed, and nobody knows what."""
        with self._changed:
            self._note()
            self._everything = True
            self._paths.clear()

    def _note(self) -> None:
        self._last = time.monotonic()
        if not self._there():
            self._first = self._last
        self._changed.notify()

    def _there(self) -> bool:
        return self._everything or bool(self._paths)

    def take(self, until: float, stopped: Callable[[], bool]) -> frozenset[bytes] | None:
        """Wait for a burst and its end; give its paths, none where `until` came, None for all."""
        with self._changed:
            while not self._ended() and not stopped():
                left = self._left(until)
                if left <= 0:
                    break
                self._changed.wait(min(left, _TICK_S))
            if stopped():
                return frozenset()
            everything, paths = self._everything, frozenset(self._paths)
            self._everything = False
            self._paths.clear()
            return None if everything else paths

    def _ended(self) -> bool:
        now = time.monotonic()
        long = now - self._first >= _LONGEST_S or now - self._last >= _QUIET_S
        return self._there() and long

    def _left(self, until: float) -> float:
        if not self._there():
            return until - time.monotonic()
        return min(self._last + _QUIET_S, self._first + _LONGEST_S) - time.monotonic()
