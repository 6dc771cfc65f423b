"""The nearest rows of each label at once: codes are read label by label, in one pass over them all.

Labels are small numbers, one for each row. A search for every label on its own would read all codes
under a bitmap each time; here each label has a list of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from omnisearch_indexes.allowed import Allowed
from omnisearch_indexes.calibration import Line
from omnisearch_indexes.codebook import Codebook
from omnisearch_indexes.codes import ByRow, Codes
from omnisearch_indexes.lists import Lists
from omnisearch_indexes.protocol import Mask, Neighbours, Plan, Positions, Scores, Vectors
from omnisearch_indexes.refine import LEAST
from omnisearch_indexes.shards import Shards

Labels = NDArray[np.uint8]
MOST_ROWS = 400_000  # of more, a second copy of the codes takes too much memory
_SCAN_CODES = 5.0  # as in the engine: shares of the misses that a recall allows
_REASON = "codes are read kind by kind in one pass"
# Candidates of each label for each wanted one: those scored before the bound is known, and those
# that codes give at first. Few of all labels are needed; another pass costs as much as the first
_FIRST, _GIVEN, _LEAST_GIVEN = 4, 16, 128
_DEEPER = 4  # times the candidates where they do not reach the bound


@dataclass(frozen=True, slots=True)
class Asked:
    """One query: the rows of which labels, how many of each, and among which rows."""

    query: Vectors  # (d,)
    k: int
    wanted: Sequence[int]
    allow: Mask | None
    recall: float


@dataclass(frozen=True, slots=True)
class _Scored:
    """Candidates of each label (l, c), -1 where there are none, with their true closeness."""

    positions: Positions
    true: Scores

    def kth(self, k: int) -> Scores:
        """Give how near the k-th of each label is; minus infinity where there are fewer."""
        if self.true.shape[1] < k:
            return np.full(len(self.true), -np.inf, np.float32)
        return np.partition(self.true, -k, axis=1)[:, -k]

    def beside(self, other: _Scored) -> _Scored:
        """Put other candidates of the same labels beside these."""
        return _Scored(
            np.concatenate([self.positions, other.positions], axis=1),
            np.concatenate([self.true, other.true], axis=1),
        )


@dataclass(frozen=True, slots=True)
class _Bound:
    """What the code of a row says at least whose closeness is that of a neighbour."""

    line: Line
    miss: float
    mean: float
    unit: float

    def least(self, kth: Scores) -> Scores:
        """Give the closeness by code below which none of the k nearest is expected."""
        true = (kth - self.mean) / self.unit
        foretold = self.line.level + self.line.slope * true
        return np.asarray(self.mean + self.unit * foretold - self.miss, np.float32)


class Labelled:
    """The first rows of a searcher, which all have codes, by label."""

    def __init__(self, codebook: Codebook, lists: Lists) -> None:
        self._codebook, self.lists, self.rows = codebook, lists, lists.rows
        self._miss = -1.0, 0.0  # of the recall that was asked for last

    @staticmethod
    def of(shards: Shards, labels: Labels, count: int) -> Labelled | None:
        """Arrange the codes of a searcher by label, below `count`; None where that is no gain."""
        parts = [piece.codes for piece in shards.pieces]
        found = [codes for codes in parts if codes is not None and not len(codes.strays)]
        rows = len(shards)
        if shards.codebook is None or shards.kind == "flat" or len(found) < len(parts):
            return None
        if not rows or rows > MOST_ROWS or shards.metric != "cosine":
            return None
        nibbles = np.concatenate([codes.by_row().nibbles for codes in found])
        strays = np.zeros(rows, np.bool_)
        arranged = Codes.arrange(ByRow(nibbles, labels.astype(np.uint16), strays), count)
        return Labelled(shards.codebook, Lists(shards.codebook, [(0, arranged)]))

    def search(self, shards: Shards, labels: Labels, asked: Asked) -> list[Neighbours]:
        """Find the rows of each wanted label, in that order; `shards` may have rows behind ours."""
        rotated = self._codebook.rotate(asked.query[None])
        bound = self._bound(rotated, asked.recall)
        behind = self._behind(shards, labels, asked)
        count, found = max(_LEAST_GIVEN, _GIVEN * asked.k), dict[int, Neighbours]()
        waiting = list(asked.wanted)
        allowed = None if asked.allow is None else Allowed(asked.allow[: self.rows])
        while waiting:
            probes = np.array(waiting, np.int64)[:, None]
            each = np.repeat(rotated, len(waiting), axis=0)
            coded, positions = self.lists.search(each, count, probes, allowed)
            first = min(max(_FIRST * asked.k, LEAST), count)
            scored = _true(shards, asked.query, positions[:, :first])
            if behind is not None:
                scored = scored.beside(_columns([behind[label] for label in waiting]))
            least = bound.least(scored.kth(asked.k))
            others = (coded[:, first:] >= least[:, None]) & (positions[:, first:] >= 0)
            wide = int(np.count_nonzero(others.any(axis=0)))  # the best codes come first
            if wide:
                rest = np.where(others[:, :wide], positions[:, first : first + wide], -1)
                scored = scored.beside(_true(shards, asked.query, rest))
            found |= dict(zip(waiting, _answers(scored, asked), strict=True))
            reached = (positions[:, -1] < 0) | (coded[:, -1] < least)
            pairs = zip(waiting, reached.tolist(), strict=True)
            waiting, count = [label for label, done in pairs if not done], count * _DEEPER
        return [found[label] for label in asked.wanted]

    def _bound(self, rotated: Vectors, recall: float) -> _Bound:
        """Take the bound of one query (1, width)."""
        ((mean, unit),) = self._codebook.units(rotated)
        line, (known, miss) = self._codebook.calibration.codes, self._miss
        if known != recall:
            miss = line.miss(max(0.0, 1 - (1 - recall) * _SCAN_CODES))
            self._miss = recall, miss
        return _Bound(line, miss, mean, unit)

    def _behind(
        self, shards: Shards, labels: Labels, asked: Asked
    ) -> dict[int, tuple[Positions, Scores]] | None:
        """Score the rows behind ours, all of them: they are few."""
        if len(shards) == self.rows:
            return None
        rows = np.arange(self.rows, len(shards), dtype=np.int64)
        if asked.allow is not None:
            rows = rows[asked.allow[self.rows :]]
        own = labels[rows]
        rows = rows[np.isin(own, np.array(asked.wanted, np.uint8))]
        near, own = shards.closeness(asked.query, rows), labels[rows]
        return {label: (rows[own == label], near[own == label]) for label in asked.wanted}


def _true(shards: Shards, query: Vectors, positions: Positions) -> _Scored:
    """Score candidates of each label (l, c)."""
    there = positions >= 0
    if there.all():
        return _Scored(positions, shards.closeness(query, positions.ravel()).reshape(there.shape))
    true = np.full(there.shape, -np.inf, np.float32)
    true[there] = shards.closeness(query, positions[there])
    return _Scored(positions, true)


def _columns(behind: Sequence[tuple[Positions, Scores]]) -> _Scored:
    """Lay the rows behind ours out as candidates of their labels."""
    wide = max(len(positions) for positions, _ in behind)
    more = np.full((len(behind), wide), -1, np.int64)
    true = np.full((len(behind), wide), -np.inf, np.float32)
    for at, (positions, near) in enumerate(behind):
        more[at, : len(positions)], true[at, : len(near)] = positions, near
    return _Scored(more, true)


def _answers(scored: _Scored, asked: Asked) -> list[Neighbours]:
    """Give the k nearest of each label, ties by position."""
    order = np.argsort(-scored.true, axis=1, kind="stable")[:, : asked.k + 1]
    labels = np.arange(len(order))[:, None]
    true = scored.true[labels, order]
    if (true[:, 1:] == true[:, :-1]).any():  # some as near as others, or fewer than k
        order = np.lexsort((scored.positions, -scored.true), axis=1)
    order = order[:, : asked.k]
    positions, near = scored.positions[labels, order], scored.true[labels, order]
    counts = (near > -np.inf).sum(axis=1).tolist()
    looked = (scored.true > -np.inf).sum(axis=1).tolist()
    found = []
    for at, (count, scored_exactly) in enumerate(zip(counts, looked, strict=True)):
        plan = Plan("scan", 0, 0, _REASON, scored_exactly, expected_recall=asked.recall)
        found.append(Neighbours(positions[at, :count], near[at, :count], plan))
    return found
