"""How long a worker is waited for: one that hangs is told from one that gets no processor.

A worker that sleeps has its time by the clock. One that is ready to run, or waits for the disk,
while others have the processor gets what the clock took from it, within a bound.
"""

from __future__ import annotations

import time
from pathlib import Path

STARVED = 10  # times as long by the clock, at most
_READY = frozenset("RD")  # states of a process that waits for a processor or for the disk


class Patience:
    """The time that one piece of a worker has; call it for the seconds that are left."""

    def __init__(self, process: int, since_s: float, piece_s: float, item_by_s: float) -> None:
        self._process, self._since_s, self._piece_s = process, since_s, piece_s
        self._by_s, self._item_by_s = since_s + piece_s, item_by_s
        self._used_s = _used_s(process)
        self.for_item = False  # whether it was the time of the whole file that ended

    def __call__(self) -> float:
        """Give the seconds that are left; none of them when it is enough."""
        now_s = time.monotonic()
        if now_s >= self._item_by_s:
            self.for_item = True
            return 0.0
        if now_s >= self._by_s and _ready(self._process):
            lacking_s = self._piece_s - (_used_s(self._process) - self._used_s)
            self._by_s = min(now_s + lacking_s, self._since_s + STARVED * self._piece_s)
        return max(0.0, min(self._by_s, self._item_by_s) - now_s)


def _used_s(process: int) -> float:
    """Give the seconds of processor that another process has used."""
    try:
        return time.clock_gettime(~process << 3 | 2)  # how Linux numbers the clock of a process
    except OSError:  # it has ended, or this system numbers clocks in another way
        return 0.0


def _ready(process: int) -> bool:
    try:
        told = Path(f"/proc/{process}/stat").read_bytes()
    except OSError:
        return False
    return chr(told.rpartition(b") ")[2][0]) in _READY
