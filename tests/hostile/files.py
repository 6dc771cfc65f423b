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
    pictures,
    polyglots,
    sounds,
    texts,
)
from tests.hostile.case import CASES, Bait, Case

__all__ = ["CASES", "write"]


def write(folder: Path, bait: Bait) -> dict[str, Case]:
    """Write every hostile file into a folder; gives the case of each name."""
    folder.mkdir(parents=True, exist_ok=True)
    for case in CASES.values():
        case.write(folder, bait)
    return dict(CASES)
