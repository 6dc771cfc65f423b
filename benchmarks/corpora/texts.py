"""A folder of many small texts: `python -m benchmarks.corpora.texts FOLDER --files 100000`."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from benchmarks.corpora.made import Made

FILES, IN_FOLDER = 100_000, 1_000


def make(folder: Path, files: int = FILES, seed: int = 0) -> Made:
    """Write small texts, a thousand to a folder, no two of them alike."""
    made = Made(folder)
    for number in range(files):
        rng = np.random.default_rng((seed, number))
        made.add("text", f"{number // IN_FOLDER:03d}/{number:06d}.txt", note(rng, number))
    return made


def note(rng: np.random.Generator, number: int) -> bytes:
    """Write a few sentences of plain words."""
    lines = [" ".join(rng.choice(WORDS, int(rng.integers(6, 14)))) for _ in range(3)]
    return ". ".join([f"Note {number}", *lines, ""]).encode()


WORDS = np.array(
    (
        "the a river garden kitchen window engine harbour winter bread letter mountain teacher "
        "bicycle doctor quiet small heavy bright green opens carries follows finds repairs waits "
        "near under after without towards every seldom today tomorrow bridge market island copper "
        "music paper lamp storm village forest train sister neighbour clock"
    ).split()
)


def main() -> None:
    """Write the folder that is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--files", type=int, default=FILES)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    made = make(given.folder, given.files, given.seed)
    print(f"{made.files:,} files, {made.size:,} bytes in {made.folder}")


if __name__ == "__main__":
    main()
