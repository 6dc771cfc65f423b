"""All hostile files, and how they are written into a folder."""

from __future__ import annotations

from pathlib import Path

from tests.hostile import (  # noqa: F401  these modules register their files
    archives,
    books,
    damaged_pictures,
    films,
    mails,
    offices,
    paper_cycles,
    papers,
    phones,
    pictures,
    polyglots,
    sounds,
    texts,
)
from tests.hostile.case import CASES, Bait, Case

__all__ = ["CASES", "SMALL", "SMALL_BYTES", "SMALL_S", "write"]

# what nobody needs much time or memory for, whatever is in it
_TOPICS = ("archive", "office", "mail", "phone picture")
SMALL = [case for case in CASES.values() if case.topic in _TOPICS]
SMALL_S, SMALL_BYTES = 8.0, 300 << 20  # of processor, of which 10 s are given; of one process


def write(folder: Path, bait: Bait) -> dict[str, Case]:
    """Write every hostile file into a folder; gives the case of each name."""
    folder.mkdir(parents=True, exist_ok=True)
    for case in CASES.values():
        case.write(folder, bait)
    return dict(CASES)
