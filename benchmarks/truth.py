"""Exact neighbours by float32 products in blocks, and how much of them an answer found."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.filters import Filter

BLOCK = 50_000
TIE = 1e-6  # float32 rounding of a dot product: an equal score counts as found

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


def judge(
    base: Floats,
    query: Floats,
    rows: Sequence[int],
    floor: float,
    want: int,
    kept: NDArray[np.bool_],
) -> tuple[float, bool, int]:
    """Return an answer's recall, whether it is short, and how many rows the filter forbids.

    `kept` says of each of the rows whether the filter lets it through.
    """
    good = np.unique(np.asarray(rows, dtype=np.int64)[kept])  # a row twice counts once
    wrong = len(rows) - int(kept.sum())
    scores = np.asarray(base[good], dtype=np.float32) @ query
    hits = int((scores >= floor - TIE).sum())
    return (min(hits, want) / want if want else 1.0), len(set(rows)) < want, wrong
