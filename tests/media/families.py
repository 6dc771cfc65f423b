"""Which processes belong to which, as the kernel tells."""

from __future__ import annotations

import os
from pathlib import Path


class Family:
    """What this process makes from now on; others that tests around hold are none of it."""

    def __init__(self) -> None:
        self._others = set(children_of(os.getpid()))

    def children(self) -> list[int]:
        """Give those made since, zombies among them."""
        return [one for one in children_of(os.getpid()) if one not in self._others]


def children_of(process: int) -> list[int]:
    """Give the processes made by one, zombies among them."""
    return [one for one, _, parent in _all() if parent == process]


def alive(processes: list[int]) -> list[int]:
    """Give those that are still there and no zombies."""
    return [one for one, state, _ in _all() if one in processes and state != "Z"]


def _all() -> list[tuple[int, str, int]]:
    found = []
    for one in Path("/proc").iterdir():
        if one.name.isdecimal():
            try:
                state, parent = (one / "stat").read_text().rsplit(") ", 1)[1].split()[:2]
            except (FileNotFoundError, ProcessLookupError):  # it has just ended
                continue
            found.append((int(one.name), state, int(parent)))
    return found
