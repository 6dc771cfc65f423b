"""The order that scores make: each reranker's own hits, in the places that these had."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.int64]


def order(scores: Floats, groups: Iterable[Positions]) -> Positions:
    """Give which hit comes to each place; scores of two groups do not compare, NaN stays.

    Hits of equal scores keep their order.
    """
    found = np.arange(len(scores))
    for places in groups:
        known = np.sort(places[~np.isnan(scores[places])])
        found[known] = known[np.argsort(-scores[known], kind="stable")]
    return found
