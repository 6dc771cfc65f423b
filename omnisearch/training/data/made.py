"""What the makers share: a file is made once, and each row from a seed of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

import numpy as np
import pyarrow as pa

from omnisearch.training.data import manifest, tables
from omnisearch.training.data.packages import Kind
from omnisearch.training.lab import Lab

T = TypeVar("T")
LICENCE = "made-here"


def seeded(seed: int, *names: object) -> np.random.Generator:
    """Give a generator that depends on the seed and on what it is for, on nothing else."""
    text = "\0".join(str(name) for name in (seed, *names))
    digest = hashlib.blake2b(text.encode(), digest_size=16).digest()
    return np.random.default_rng(int.from_bytes(digest, "big"))


def pick(rng: np.random.Generator, options: Sequence[T]) -> T:
    """Draw one of several."""
    return options[int(rng.integers(len(options)))]


def once(
    lab: Lab, stem: str, schema: pa.Schema, total: int, rows: Callable[[], Iterable[tables.Row]]
) -> int:
    """Write `data/STEM.arrow` unless it is there; gives its number of rows."""
    path = lab.data / f"{stem}.arrow"
    if path.exists():
        return tables.count(path)
    return tables.write(path, schema, _shown(lab, stem, total, rows()))


def declare(
    lab: Lab, stem: str, made_from: Sequence[tuple[Kind, str]] = (), attribution: str = ""
) -> None:
    """Enter a file that was made here, and the packages it was made from, in the manifest."""
    manifest.record(lab, item=stem, packages=made_from, licence=LICENCE, attribution=attribution)


def _shown(lab: Lab, stem: str, total: int, rows: Iterable[tables.Row]) -> Iterator[tables.Row]:
    with lab.progress(stem, total, "rows") as bar:
        for row in rows:
            yield row
            bar.update()


def distinct(captions: Iterable[str]) -> list[str]:
    """Keep the first of equal captions, in order."""
    return list(dict.fromkeys(" ".join(caption.split()) for caption in captions))
