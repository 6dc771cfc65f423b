"""Encoders of words whose vectors tell of which space they are, and collections made with them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import xxhash

import omnisearch as om
from omnisearch.collection import Collection
from omnisearch.encoder.parts import Modality
from omnisearch.encoder.protocol import Asked
from omnisearch.encoder.space import Space
from omnisearch.errors import OmnisearchError
from omnisearch.remembered import origin_of
from omnisearch.storage import switching
from omnisearch.storage.manifest import Settings
from omnisearch.storage.store import Store
from tests.encoder.plain import Plain

Vector = npt.NDArray[np.float32]
Told = dict[str, tuple[str | None, bytes, tuple[tuple[str, str], ...]]]
WORDS = "harbour lantern meadow violin glacier orchard thunder compass velvet anchor".split()


class Toy(Plain):
    """Each text has a direction of its own, another one in each space."""

    modalities: tuple[Modality, ...] = ("text",)

    def __init__(self, fingerprint: str, dim: int) -> None:
        self.name, self.dim, self.dims = "toy", dim, (dim,)
        self.space = Space(self.name, fingerprint, dim)

    def embed(self, rows: Sequence[om.Row], asked: Asked) -> list[Vector | OmnisearchError]:
        texts = [part.text for row in rows for part in row.parts if isinstance(part, om.Text)]
        return [self._direction(text) for text in texts]

    def _direction(self, text: str) -> Vector:
        seed = xxhash.xxh3_64_intdigest(f"{self.space} {text}".encode())
        return np.random.default_rng(seed).normal(size=self.dim).astype(np.float32)


OLD, NEW = om.Encoder(Toy("aaaa", 8)), om.Encoder(Toy("bbbb", 12))


def item(number: int) -> om.Item:
    """Make an item whose text no other has."""
    text = f"{WORDS[number % 10]} {WORDS[number // 10 % 10]} {number}"
    return om.Item(f"item {number}", text=text, metadata={"number": number})


def items(first: int, last: int) -> list[om.Item]:
    return [item(number) for number in range(first, last)]


def made(path: Path, encoder: om.Encoder = OLD, count: int = 20) -> Path:
    """Make a collection of some items, in several generations."""
    with om.open(path, encoder=encoder) as col:
        for first in range(0, count, 5):
            col.add(items(first, min(first + 5, count)))
    return path


def store_of(col: Collection) -> Store:
    """Give what storage has of an open collection."""
    return col._handle.for_changing()


def begin(store: Store, encoder: om.Encoder = NEW) -> Path:
    """Begin another space, or take it up."""
    settings = Settings(encoder.dim, "cosine", "auto")
    return switching.begin(store, settings, origin_of(encoder))


def fill(path: Path, count: int = 20, encoder: om.Encoder = NEW) -> None:
    """Put the items that are lacking into the space that is being built."""
    with om.open(path, encoder=encoder) as col:
        lacking = [item(n) for n in range(count) if col.get([f"item {n}"]) == [None]]
        for first in range(0, len(lacking), 5):
            col.add(lacking[first : first + 5])


def reencoded(path: Path, count: int = 20, old: om.Encoder = OLD, new: om.Encoder = NEW) -> int:
    """Change the space of a collection from the first step to the last."""
    with om.open(path, encoder=old) as col:
        scratch = begin(store_of(col), new)
        fill(scratch, count, new)
        return switching.switch(store_of(col))


def told(path: Path) -> Told:
    """Give every row: its words, its vector and its metadata."""
    with om.open(path, create=False, mode="r") as col:
        return {
            row.id: (
                row.words,
                b"" if row.vector is None else row.vector.tobytes(),
                tuple(sorted((name, repr(value)) for name, value in row.metadata.items())),
            )
            for row in col.iterate(vectors=True)
        }
