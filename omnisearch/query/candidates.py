"""What may be an answer: the best rows of each kind and those that say the question's words.

Cosines of different kinds do not compare, so each kind is searched for its own best rows. Within
one, odds rise with the cosine, so the best of all kinds hold the best of the whole.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from omnisearch.query.narrowing import Allowed
from omnisearch.query.nearest import Question, nearest
from omnisearch.storage import sides
from omnisearch.storage.generation import Generation
from omnisearch_indexes import Plan

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
    found = []
    for kind, count in allowed.counts.items():
        question = Question(min(depth, count), recall)
        (near,) = nearest(allowed.now, vector[None], question, allowed.of_kind(kind))
        whole = len(near.positions) >= count
        found.append(Found(kind, near.positions, near.scores, near.plan, whole))
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
