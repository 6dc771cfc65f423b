"""Exact neighbours by float32 products in blocks, and how much of them an answer found."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.filters import Filter

BLOCK = 50_000
TIE = 1e-6  # float32 rounding of a dot product: an equal score counts as found
NEAR = 1e-4  # what rows kept as float16 can tell apart, and no less

Floats = NDArray[np.float32]


def floors(
    base: Floats,
    queries: Floats,
    columns: dict[str, NDArray[Any]],
    wanted: Sequence[Filter | None],
    k: int,
) -> tuple[Floats, NDArray[np.int64]]:
    """Return for each query the score of its k-th allowed row, and how many rows it can get."""
    best = np.full((len(queries), k), -np.inf, dtype=np.float32)
    allowed = np.zeros(len(queries), dtype=np.int64)
    for start in range(0, len(base), BLOCK):
        scores = queries @ np.asarray(base[start : start + BLOCK], dtype=np.float32).T
        for place, test in enumerate(wanted):
            if test is not None:
                kept = test.passes(columns, slice(start, start + BLOCK))
                scores[place, ~kept] = -np.inf
                allowed[place] += int(kept.sum())
            else:
                allowed[place] += scores.shape[1]
        both = np.concatenate([best, scores], axis=1)
        best = np.partition(both, both.shape[1] - k, axis=1)[:, -k:]
    found = np.minimum(allowed, k)
    lowest = np.where(np.isneginf(best), np.inf, best).min(axis=1)
    return lowest.astype(np.float32), found


@dataclass(frozen=True)
class Verdict:
    """What one answer is worth."""

    recall: float
    near: float  # recall where a score within `NEAR` of the last true one counts as found
    short: bool
    forbidden: int


def judge(
    base: Floats,
    query: Floats,
    rows: Sequence[int],
    floor: float,
    want: int,
    kept: NDArray[np.bool_],
) -> Verdict:
    """Judge an answer; `kept` says of each of its rows whether the filter lets it through."""
    good = np.unique(np.asarray(rows, dtype=np.int64)[kept])  # a row twice counts once
    scores = np.asarray(base[good], dtype=np.float32) @ query
    found = [min(int((scores >= floor - gap).sum()), want) for gap in (TIE, NEAR)]
    recall, near = (hits / want if want else 1.0 for hits in found)
    return Verdict(recall, near, len(set(rows)) < want, len(rows) - int(kept.sum()))
