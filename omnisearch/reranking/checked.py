"""What a reranker gave, believed only as one finite number for each hit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from omnisearch.errors import RerankerError
from omnisearch.records import Hit
from omnisearch.values import short

Floats = npt.NDArray[np.float64]
_NUMBERS = "biuf"  # kinds of arrays


def checked(given: object, hits: Sequence[Hit], name: str, *, lacking: bool = False) -> Floats:
    """Refuse what are no scores; NaN is one only where hits may be `lacking` one."""
    wanted = f"give a list of {len(hits):,} numbers, one for each hit in its order"
    try:
        found = np.asarray(given)
    except (RuntimeError, TypeError, ValueError) as error:  # ragged lists, tensors of a GPU
        raise RerankerError(
            f"reranker {name} gave no list of numbers ({error}): {wanted}"
        ) from error
    if found.dtype.kind not in _NUMBERS or found.ndim != 1:
        told = f"an array of shape {found.shape}" if found.ndim > 1 else short(given)
        raise RerankerError(f"reranker {name} gave {told}: {wanted}")
    if len(found) != len(hits):
        raise RerankerError(
            f"reranker {name} gave {len(found):,} scores for {len(hits):,} hits: {wanted}"
        )
    scores = found.astype(np.float64)
    wrong = np.isinf(scores) if lacking else ~np.isfinite(scores)
    if wrong.any():
        at = int(np.argmax(wrong))
        raise RerankerError(
            f"reranker {name} gave {scores[at]:g} for hit {hits[at].id}: a score is a finite number"
        )
    return scores
