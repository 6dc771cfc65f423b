"""How the evidence of a segment's views and of the question's words becomes one odds.

What a segment lacks says nothing against it: media without words lose no place by having none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

_SAID = 3.0  # log odds that all of the question's words add
_STEEP = 6.0
_UNSAID = -3.0
_RANKS = 60  # of reciprocal rank fusion (Cormack et al. 2009): how little the first ranks differ


@dataclass(frozen=True)
class Evidence:
    """What speaks for each of n segments; NaN where a segment has no such view."""

    content: Floats  # (n,) log odds of how it looks or sounds
    words: Floats  # (n,) log odds of the vector of what it says
    bm25: Floats  # (n,) 0 where none of the question's words is said
    most: float  # what BM25 comes to where all of the question's words are said without end
    documents: int  # how many rows the words were looked for in


def fuse(found: Evidence) -> Floats:
    """Give the log odds (n,) that each segment is right."""
    share = found.bm25 / np.float32(found.most or 1.0)
    nearest = np.fmax(found.content, found.words)
    lone = _UNSAID + _STEEP * share
    return np.where(np.isnan(nearest), lone, nearest + _SAID * share).astype(np.float32)


def by_ranks(found: Evidence) -> Floats:
    """Give each segment the sum of its reciprocal ranks: an order, of which no odds are known."""
    said = np.where(found.bm25 > 0, found.bm25, np.nan)
    total = np.zeros(len(found.bm25), np.float32)
    for scores in (found.content, found.words, said):
        order = np.argsort(-scores, kind="stable")  # NaN last
        having = order[~np.isnan(scores[order])]
        total[having] += 1 / (_RANKS + 1 + np.arange(len(having), dtype=np.float32))
    return total
