"""What may be an answer: the best rows of each kind and those that say the question's words.

Cosines of different kinds do not compare, so each kind is searched for its own best rows. Within
one, odds rise with the cosine, so the best of all kinds hold the best of the whole.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from omnisearch.query.narrowing import Allowed
from omnisearch.query.nearest import DEFAULT_RECALL, Question, nearest
from omnisearch.storage import sides
from omnisearch.storage.generation import Generation
from omnisearch_indexes import Neighbours, Plan
from omnisearch_indexes.labelled import Asked

_DEEP = 256  # rows of each kind: beyond that most are scored anyway
_SEVERAL = 2  # kinds from which on one pass for all is quicker than one for each
Floats = npt.NDArray[np.float32]
Positions = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Found:
    """The best rows of one kind for one vector; `whole` where there are no others."""

    kind: int
    positions: Positions
    cosines: Floats
    plan: Plan
    whole: bool


def best_of_kinds(
    allowed: Allowed, vector: Floats, depth: int, recall: float | None
) -> list[Found]:
    """Find the rows of each kind that are nearest to a vector (d,)."""
    near = _by_label(allowed, vector, depth, recall or DEFAULT_RECALL)
    if near is None:
        near = [
            nearest(
                allowed.now,
                vector[None],
                Question(min(depth, count), recall),
                allowed.of_kind(kind),
            )[0]
            for kind, count in allowed.counts.items()
        ]
    return [
        Found(kind, one.positions, one.scores, one.plan, len(one.positions) >= count)
        for (kind, count), one in zip(allowed.counts.items(), near, strict=True)
    ]


def _by_label(
    allowed: Allowed, vector: Floats, depth: int, recall: float
) -> list[Neighbours] | None:
    """Search all kinds in one pass over their codes; None where there are none to read."""
    now, counts = allowed.now, allowed.counts
    labelled = now.sealed.labelled
    if labelled is None or recall == 1.0 or depth > _DEEP or len(counts) < _SEVERAL:
        return None
    among = now.shown if allowed.rows is None else allowed.rows
    asked = Asked(vector, depth, list(counts), among, recall)
    found = labelled.search(now.searcher, now.sides.kinds, asked)
    for one, count in zip(found, counts.values(), strict=True):
        np.clip(one.scores, -1.0, 1.0, out=one.scores)
        if len(one.positions) < min(depth, count):
            return None
    return found


@dataclass(frozen=True)
class Segments:
    """Candidates (n,): the rows that show each segment, -1 where it has no such view."""

    content: Positions
    words: Positions

    @classmethod
    def of(cls, now: Generation, positions: Positions) -> Segments:
        """Give the segments that some rows show, each once, in the order of their rows."""
        kinds, others = now.sides.kinds, now.sides.others
        is_words = kinds[positions] >= sides.WORDS
        if others is None:
            keys = np.unique(positions)
            own_words = kinds[keys] >= sides.WORDS
            return cls(np.where(own_words, -1, keys), np.where(own_words, keys, -1))
        other = others[positions]
        keys = np.unique(np.where(is_words & (other >= 0), other, positions))
        own_words = kinds[keys] >= sides.WORDS
        behind = others[keys].astype(np.int64)
        return cls(np.where(own_words, -1, keys), np.where(own_words, keys, behind))

    @property
    def keys(self) -> Positions:
        """Give one row of each segment, by which it is known."""
        return np.where(self.content >= 0, self.content, self.words)

    def __len__(self) -> int:
        return len(self.content)
