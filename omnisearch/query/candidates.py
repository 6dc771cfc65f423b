"""What may be an answer: the best rows of each kind and those that say the question's words.

Cosines of different kinds do not compare, so each kind is searched for its own best rows. Within
one, odds rise with the cosine, so the best of all kinds hold the best of the whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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


def by_vector(found: Sequence[Found], vectors: int) -> list[Sequence[Found]]:
    """Give what was found for each of so many vectors, in turn; where nothing was, nothing."""
    count = len(found) // max(1, vectors)
    return [found[at * count :][:count] for at in range(vectors)]


def best_of_vectors(
    allowed: Allowed, vectors: Iterable[Floats], depth: int, recall: float | None
) -> tuple[list[Found], list[Found]]:
    """Find the rows of each kind that are nearest to each vector; apart, means of passages."""
    every = [one for vector in vectors for one in best_of_kinds(allowed, vector, depth, recall)]
    means = [one for one in every if one.kind in allowed.means]
    return [one for one in every if one.kind not in allowed.means], means


def best_of_kinds(
    allowed: Allowed, vector: Floats, depth: int, recall: float | None
) -> list[Found]:
    """Find the rows of each kind that are nearest to a vector (d,), and means of passages."""
    counts = {**allowed.counts, **allowed.means}
    near = _by_label(allowed, vector, depth, recall or DEFAULT_RECALL)
    if near is None:
        near = [
            nearest(
                allowed.now,
                vector[None],
                Question(min(depth, count), recall),
                allowed.of_kind(kind),
            )[0]
            for kind, count in counts.items()
        ]
    return [
        Found(kind, one.positions, one.scores, one.plan, len(one.positions) >= count)
        for (kind, count), one in zip(counts.items(), near, strict=True)
    ]


def _by_label(
    allowed: Allowed, vector: Floats, depth: int, recall: float
) -> list[Neighbours] | None:
    """Search all kinds in one pass over their codes; None where there are none to read."""
    now, counts = allowed.now, {**allowed.counts, **allowed.means}
    labelled = now.sealed.labelled
    if labelled is None or recall == 1.0 or depth > _DEEP or len(counts) < _SEVERAL:
        return None
    among = now.present if allowed.rows is None else allowed.rows
    asked = Asked(vector, depth, list(counts), among, recall)
    found = labelled.search(now.searcher, now.sides.kinds, asked)
    for one, count in zip(found, counts.values(), strict=True):
        if len(one.positions) < min(depth, count):
            return None
        if count and (one.scores[0] > 1 or one.scores[-1] < -1):  # rounded by half precision
            np.clip(one.scores, -1.0, 1.0, out=one.scores)
    return found


@dataclass(frozen=True)
class Segments:
    """Candidates (n,): the rows that show each segment, -1 where it has no such view.

    `keys` are one row of each, by which it is known, ascending.
    """

    now: Generation
    keys: Positions
    content: Positions
    words: Positions

    @classmethod
    def of(cls, now: Generation, positions: Positions) -> Segments:
        """Give the segments that some rows show, each once, in the order of their rows."""
        kinds, others = now.sides.kinds, now.sides.others
        keys = np.sort(_keys(now, positions))
        keys = keys[np.diff(keys, prepend=-1) > 0]  # `np.unique` hashes first, which takes longer
        own_words = kinds[keys] >= sides.WORDS
        behind = -1 if others is None else others[keys].astype(np.int64)
        return cls(now, keys, np.where(own_words, -1, keys), np.where(own_words, keys, behind))

    def places(self, positions: Positions) -> Positions:
        """Tell which segments some rows of theirs show."""
        return np.searchsorted(self.keys, _keys(self.now, positions))

    def __len__(self) -> int:
        return len(self.keys)


def _keys(now: Generation, positions: Positions) -> Positions:
    """Give the row by which the segment of each row is known: that of its content, if any."""
    kinds, others = now.sides.kinds, now.sides.others
    if others is None:
        return positions
    other = others[positions]
    return np.where((kinds[positions] >= sides.WORDS) & (other >= 0), other, positions)
