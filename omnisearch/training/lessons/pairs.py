"""What belongs together, in one form for every modality: queries, candidates, concepts.

A side is media, text or both read together. Rows of one concept are right answers to each other
and never negatives, whichever modality they come from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]
Channel = Literal["visual", "audio"]


class Features(Protocol):
    """Cached features of media (n, k, d), or of films (n, frames, k, d); often memory-mapped."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Their shape."""
        ...

    def __getitem__(self, rows: Rows, /) -> NDArray[np.floating]:
        """Read some rows."""
        ...


@dataclass(frozen=True)
class Stacked:
    """Features of several files, as if they were one array."""

    parts: Sequence[NDArray[np.floating]]

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of all together."""
        return (sum(len(part) for part in self.parts), *self.parts[0].shape[1:])

    def __getitem__(self, rows: Rows) -> NDArray[np.floating]:
        """Read some rows."""
        found = np.empty((len(rows), *self.parts[0].shape[1:]), dtype=self.parts[0].dtype)
        first = 0
        for part in self.parts:
            here = (rows >= first) & (rows < first + len(part))
            found[here] = part[rows[here] - first]
            first += len(part)
        return found


@dataclass(frozen=True)
class Side:
    """Queries or candidates: media, texts (several wordings each, the most natural first), both."""

    channel: Channel | None = None
    features: Features | None = None
    places: Rows | None = None  # row → place in features
    texts: Sequence[Sequence[str]] | None = None

    def __post_init__(self) -> None:
        if (self.features is None) != (self.places is None or self.channel is None):
            raise ValueError("media need a channel, features and places together")
        if self.places is None and self.texts is None:
            raise ValueError("a side needs media or texts")

    def __len__(self) -> int:
        return len(self.places if self.places is not None else self.texts or ())

    def media(self, rows: Rows) -> NDArray[np.float32]:
        """Read the features of some rows."""
        assert self.features is not None and self.places is not None
        return self.features[self.places[rows]].astype(np.float32)

    def take(self, rows: Rows) -> Side:
        """Keep some rows."""
        places = None if self.places is None else self.places[rows]
        texts = None if self.texts is None else [self.texts[row] for row in rows]
        return replace(self, places=places, texts=texts)


@dataclass(frozen=True)
class Pairs:
    """Queries and candidates of one kind, row by row."""

    name: str
    query: Side
    candidate: Side
    concepts: Sequence[str]
    code: int  # of the candidates' modality
    rivals: Sequence[Rows] = ()  # rows whose candidates nearly fit a row's query

    def __post_init__(self) -> None:
        if not len(self.query) == len(self.candidate) == len(self.concepts):
            sizes = f"{len(self.query)}, {len(self.candidate)} and {len(self.concepts)}"
            raise ValueError(f"{self.name} has {sizes} queries, candidates and concepts")

    def __len__(self) -> int:
        return len(self.concepts)

    def take(self, rows: Rows) -> Pairs:
        """Keep some rows, without their rivals."""
        concepts = [self.concepts[row] for row in rows]
        query, candidate = self.query.take(rows), self.candidate.take(rows)
        return Pairs(self.name, query, candidate, concepts, self.code)

    def sample(self, count: int, seed: int = 0) -> Pairs:
        """Keep so many rows at most, drawn evenly."""
        if len(self) <= count:
            return self
        drawn = np.random.default_rng(seed).choice(len(self), size=count, replace=False)
        return self.take(np.sort(drawn))

    def wanted(self) -> Rows:
        """Rows whose queries are asked in a test: one of each concept where texts are asked."""
        if self.query.channel is not None:
            return np.arange(len(self))
        firsts = {concept: row for row, concept in reversed(list(enumerate(self.concepts)))}
        return np.array(sorted(firsts.values()), dtype=np.int64)


def same(a: Sequence[str], b: Sequence[str]) -> NDArray[np.bool_]:
    """Tell which concepts are equal, (len(a), len(b))."""
    numbers: Mapping[str, int] = {name: i for i, name in enumerate(dict.fromkeys([*a, *b]))}
    left, right = (np.array([numbers[name] for name in side], dtype=np.int64) for side in (a, b))
    return np.asarray(left[:, None] == right[None, :])
