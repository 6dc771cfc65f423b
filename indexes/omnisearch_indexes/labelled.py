"""The nearest rows of each label at once: codes are read label by label, in one pass over them all.

Labels are small numbers, one for each row. A search for every label on its own would read all codes
under a bitmap each time; here each label has a list of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from omnisearch_indexes import exact
from omnisearch_indexes.allowed import Allowed
from omnisearch_indexes.codebook import Codebook
from omnisearch_indexes.codes import ByRow, Codes
from omnisearch_indexes.lists import Lists
from omnisearch_indexes.protocol import Mask, Neighbours, Plan, Positions, Scores, Vectors
from omnisearch_indexes.refine import FIRST, LEAST
from omnisearch_indexes.scan import first_count
from omnisearch_indexes.shards import Shards

Labels = NDArray[np.uint8]
MOST_ROWS = 400_000  # of more, a second copy of the codes takes too much memory
_SCAN_CODES = 5.0  # as in the engine: shares of the misses that a recall allows
_REASON = "codes are read kind by kind in one pass"
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
    """Candidates of each label (l, c): positions, -1 where there are none, and both closenesses."""

    positions: Positions
    coded: Scores
    true: Scores


class Labelled:
    """The first rows of a searcher, which all have codes, by label."""

    def __init__(
        self, codebook: Codebook, parts: Sequence[Codes], labels: Labels, count: int
    ) -> None:
        self._codebook, self.rows = codebook, len(labels)
        nibbles = np.concatenate([codes.by_row().nibbles for codes in parts])
        strays = np.zeros(len(labels), np.bool_)
        arranged = Codes.arrange(ByRow(nibbles, labels.astype(np.uint16), strays), count)
        self._lists = Lists(codebook, [(0, arranged)])

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
        return Labelled(shards.codebook, found, labels, count)

    def search(self, shards: Shards, labels: Labels, asked: Asked) -> list[Neighbours]:
        """Find the rows of each wanted label, in that order; `shards` may have rows behind ours."""
        rotated = self._codebook.rotate(asked.query[None])
        ((mean, unit),) = self._codebook.units(rotated)
        line = self._codebook.calibration.codes
        miss = line.miss(max(0.0, 1 - (1 - asked.recall) * _SCAN_CODES))
        behind = self._behind(shards, labels, asked)
        count, found = first_count(asked.k), dict[int, Neighbours]()
        waiting = list(asked.wanted)
        allowed = None if asked.allow is None else Allowed(asked.allow[: self.rows])
        while waiting:
            probes = np.array(waiting, np.int64)[:, None]
            each = np.repeat(rotated, len(waiting), axis=0)
            coded, positions = self._lists.search(each, count, probes, allowed)
            near = [behind[label] for label in waiting]
            scored = _joined(_first(shards, asked, coded, positions), near)
            least = mean + unit * (line.level + line.slope * (_kth(scored, asked.k) - mean) / unit)
            scored = _rest(shards, asked, scored, least - miss)
            reached = (positions[:, -1] < 0) | (coded[:, -1] < least - miss)
            found |= dict(zip(waiting, _answers(scored, asked), strict=True))
            deeper = [
                label for label, done in zip(waiting, reached.tolist(), strict=True) if not done
            ]
            waiting, count = deeper, count * _DEEPER
        return [found[label] for label in asked.wanted]

    def _behind(
        self, shards: Shards, labels: Labels, asked: Asked
    ) -> dict[int, tuple[Positions, Scores]]:
        """Score the rows behind ours, all of them: they are few."""
        nothing = np.zeros(0, np.int64), np.zeros(0, np.float32)
        found = dict.fromkeys([*asked.wanted], nothing)
        if len(shards) == self.rows:
            return found
        rows = np.arange(self.rows, len(shards), dtype=np.int64)
        if asked.allow is not None:
            rows = rows[asked.allow[self.rows :]]
        own = labels[rows]
        rows = rows[np.isin(own, np.array(asked.wanted, np.uint8))]
        near, own = shards.closeness(asked.query, rows), labels[rows]
        for label in asked.wanted:
            here = own == label
            found[label] = rows[here], near[here]
        return found


def _first(shards: Shards, asked: Asked, coded: Scores, positions: Positions) -> _Scored:
    """Score the best codes of each label."""
    first = min(max(FIRST * asked.k, LEAST), positions.shape[1])
    true = np.full(positions.shape, -np.inf, np.float32)
    chosen = np.zeros(positions.shape, np.bool_)
    chosen[:, :first] = positions[:, :first] >= 0
    true[chosen] = shards.closeness(asked.query, positions[chosen])
    return _Scored(positions, coded, true)


def _rest(shards: Shards, asked: Asked, scored: _Scored, least: Scores) -> _Scored:
    """Score the others whose codes are not below what a neighbour has at least."""
    others = (scored.coded >= least[:, None]) & (scored.positions >= 0) & np.isinf(scored.true)
    if others.any():
        scored.true[others] = shards.closeness(asked.query, scored.positions[others])
    return scored


def _joined(scored: _Scored, behind: Sequence[tuple[Positions, Scores]]) -> _Scored:
    """Put the rows behind ours beside the candidates of their labels."""
    wide = max(len(positions) for positions, _ in behind)
    if not wide:
        return scored
    more = np.full((len(behind), wide), -1, np.int64)
    true = np.full((len(behind), wide), -np.inf, np.float32)
    for at, (positions, near) in enumerate(behind):
        more[at, : len(positions)], true[at, : len(near)] = positions, near
    return _Scored(
        np.concatenate([scored.positions, more], axis=1),
        np.concatenate([scored.coded, np.full_like(true, -np.inf)], axis=1),
        np.concatenate([scored.true, true], axis=1),
    )


def _kth(scored: _Scored, k: int) -> Scores:
    """Give how near the k-th of each label is so far; minus infinity where there are fewer."""
    if scored.true.shape[1] < k:
        return np.full(len(scored.true), -np.inf, np.float32)
    return np.partition(scored.true, -k, axis=1)[:, -k]


def _answers(scored: _Scored, asked: Asked) -> list[Neighbours]:
    """Give the k nearest of each label, ties by position."""
    order = np.lexsort((scored.positions, -scored.true), axis=1)[:, : asked.k]
    positions = np.take_along_axis(scored.positions, order, axis=1)
    closeness = np.take_along_axis(scored.true, order, axis=1)
    known = np.isfinite(scored.true)
    counts, kept = known.sum(axis=1).tolist(), np.isfinite(closeness).sum(axis=1).tolist()
    found = []
    for at, (looked, count) in enumerate(zip(counts, kept, strict=True)):
        plan = Plan("scan", 0, 0, _REASON, looked, expected_recall=asked.recall)
        near = exact.scores(closeness[at, :count], "cosine")
        found.append(Neighbours(positions[at, :count], near, plan))
    return found
