"""What a reranker is asked: queries in words, and shelves of candidates of several kinds.

Candidates stand first in the order of a collection that holds them: by log odds, learnt from its
own rows as every collection learns them. Shelves also tell which wrong ones stand nearest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from omnisearch.encoder.calibration.calibrator import TARGETS, Calibrator, Target, questions
from omnisearch.encoder.calibration.prior import Prior, shipped
from omnisearch.encoder.calibration.sample import Sample
from omnisearch.encoder.parts import Modality
from omnisearch.training.export.exported import Exported
from omnisearch.training.lab import Lab
from omnisearch.training.lessons.pairs import Pairs, Rows, same
from omnisearch.training.reranking import readings
from omnisearch.training.reranking.readings import Readings

_BLOCK = 512  # queries compared at once
Flags = NDArray[np.bool_]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Queries:
    """Texts that ask, of several kinds one after the other."""

    names: tuple[str, ...]  # of the kinds of the shelf
    kinds: NDArray[np.int64]  # the number of each one's kind among them (n,)
    concepts: Sequence[str]
    own: Rows  # the place of each one's own candidate on the shelf
    read: Readings

    def __len__(self) -> int:
        return len(self.kinds)

    def take(self, rows: Rows) -> Queries:
        """Keep some queries, no wider than they need."""
        concepts = [self.concepts[row] for row in rows]
        own = self.own[rows]
        return Queries(self.names, self.kinds[rows], concepts, own, self.read.take(rows))


@dataclass(frozen=True)
class Tokens:
    """Tokens (q, n, s, width) of lists of candidates, and their origins; -1 is none."""

    tokens: Floats
    origins: NDArray[np.int64]


class Shelf:
    """Candidates of several kinds, one after the other."""

    def __init__(self, lab: Lab, graphs: Exported, split: str, pairs: Mapping[str, Pairs]) -> None:
        self.concepts = [name for one in pairs.values() for name in one.concepts]
        self.read = [readings.candidates(lab, graphs, split, one) for one in pairs.values()]
        sizes = [len(one) for one in self.read]
        self.starts = np.concatenate(([0], np.cumsum(sizes)))
        self.kinds = np.repeat(np.arange(len(pairs)), sizes)
        self.vectors = np.concatenate([one.vectors for one in self.read])
        names = cast("list[Modality]", [*pairs])
        calibrator, targets = self._learnt(graphs, names), [names[kind] for kind in self.kinds]
        self._crowding = calibrator.crowding("text", targets, "content", self.vectors)
        self._scale = calibrator.scale("text")
        self._which = np.array([TARGETS.index((name, "content")) for name in names])[self.kinds]

    def __len__(self) -> int:
        return len(self.kinds)

    def odds(self, vectors: Floats) -> Floats:
        """Give the log odds (q, n) of all candidates for queries (q, width)."""
        return self._scale.odds(self._which, vectors @ self.vectors.T - self._crowding)

    def odds_of(self, vectors: Floats, places: Rows) -> Floats:
        """Give the log odds of some candidates (q, n) of each query; of none -inf."""
        cosines = np.einsum("qd,qnd->qn", vectors, self.vectors[places])
        found = self._scale.odds(self._which[places], cosines - self._crowding[places])
        return np.where(places < 0, np.float32(-np.inf), found)

    def gather(self, places: Rows) -> Tokens:
        """Give the tokens of candidates (q, n), filled up to the most that one of them has."""
        kinds = np.where(places < 0, -1, self.kinds[places])
        parts = [
            (kinds == kind, self.read[kind].take(places[kinds == kind] - self.starts[kind]))
            for kind in np.unique(kinds[kinds >= 0])
        ]
        longest = max((part.tokens.shape[1] for _, part in parts), default=1)
        tokens = np.zeros((*places.shape, longest, self.vectors.shape[1]), np.float32)
        origins = np.full(tokens.shape[:3], -1, np.int64)
        for own, part in parts:
            width = part.tokens.shape[1]
            filled, said = tokens[own], origins[own]
            filled[:, :width], said[:, :width] = part.tokens, part.origins
            tokens[own], origins[own] = filled, said
        return Tokens(tokens, origins)

    def _learnt(self, graphs: Exported, names: Sequence[Modality]) -> Calibrator:
        """Learn what cosines are worth here, as a collection does."""
        samples: dict[Target, Sample] = {}
        for name, one in zip(names, self.read, strict=True):
            sample = Sample(one.vectors.shape[1])
            sample.add(one.vectors)
            samples[name, "content"] = sample
        asked = graphs.texts(questions())
        return Calibrator(_prior(graphs)).refine(samples, asked)


def _prior(graphs: Exported) -> Prior:
    """Give what was learnt with an export; a tiny one has too few questions to learn from."""
    record = graphs.model["calibration"]
    if any(name.startswith("text ") for name in record["pairs"]):
        return Prior.load(record)
    return shipped().foreign()


def asked(
    graphs: Exported, pairs: Mapping[str, Pairs], chosen: Mapping[str, Rows], wording: int | None
) -> Queries:
    """Encode the texts of some rows; a seed draws a wording, otherwise the first is taken."""
    drawn = None if wording is None else np.random.default_rng(wording)
    starts = np.cumsum([0, *(len(one) for one in pairs.values())])
    texts = [
        _worded(one.query.texts or [], row, drawn)
        for kind, one in pairs.items()
        for row in chosen[kind]
    ]
    return Queries(
        names=tuple(pairs),
        kinds=np.concatenate([np.full(len(chosen[k]), n) for n, k in enumerate(pairs)]),
        concepts=[one.concepts[row] for kind, one in pairs.items() for row in chosen[kind]],
        own=np.concatenate([chosen[k] + starts[n] for n, k in enumerate(pairs)]),
        read=readings.texts(graphs, texts, readings.WORDS),
    )


@dataclass(frozen=True)
class First:
    """The first candidates of each query (n, depth), nearest first; place -1 is none."""

    places: Rows
    odds: Floats  # -inf where there is none
    right: Flags


def nearest(queries: Queries, shelf: Shelf, depth: int, mixed: bool) -> First:
    """Give the surest candidates of each query, and which of them are right.

    Candidates of another kind that bear the query's concept are passed over: they are neither right
    nor wrong. Unless `mixed`, only the query's own kind is looked at.
    """
    depth = min(depth, len(shelf))
    found = First(
        np.empty((len(queries), depth), np.int64),
        np.empty((len(queries), depth), np.float32),
        np.empty((len(queries), depth), np.bool_),
    )
    for at in range(0, len(queries), _BLOCK):
        rows = slice(at, at + _BLOCK)
        own = queries.kinds[rows, None] == shelf.kinds[None]
        equal = same(queries.concepts[rows], shelf.concepts)
        odds = shelf.odds(queries.read.vectors[rows])
        odds[equal & ~own if mixed else ~own] = -np.inf
        best = np.argpartition(-odds, depth - 1, axis=1)[:, :depth]
        order = np.argsort(-np.take_along_axis(odds, best, 1), axis=1, kind="stable")
        best = np.take_along_axis(best, order, 1)
        found.odds[rows] = np.take_along_axis(odds, best, 1)
        found.places[rows] = np.where(np.isfinite(found.odds[rows]), best, -1)
        found.right[rows] = np.take_along_axis(equal & own, best, 1)
    return found


def _worded(wordings: Sequence[Sequence[str]], row: int, drawn: np.random.Generator | None) -> str:
    some = wordings[row]
    return some[0 if drawn is None else min(int(drawn.geometric(0.5)) - 1, len(some) - 1)]
