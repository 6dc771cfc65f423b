"""Two files that are broken, and one that is there twice, as in every real folder."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from examples.making.listing import OURS, Entry

DUPLICATE = ("photos/IMG_2041.jpg", "photos/IMG_2041 (1).jpg")
HALVES = {
    "photos/IMG_2050.png": ("pictures/sky/full-moon.png", "public-domain"),
    "papers/scan-0003.pdf": ("papers/house-rules.pdf", OURS),
}


def spoil(folder: Path) -> Iterator[Entry]:
    """Write them, from files that are whole."""
    for name, (source, licence) in HALVES.items():
        whole = (folder / source).read_bytes()
        (folder / name).write_bytes(whole[: len(whole) // 2])
        yield Entry(name, f"half of {source}: broken on purpose", licence, f"see {source}", "")
    source, name = DUPLICATE
    shutil.copyfile(folder / source, folder / name)
    yield Entry(name, f"the same as {source}", "CC0-1.0", f"see {source}", "")
