"""What a text says as a whole makes its passages surer, by what the others of them are worth.

A question may ask for several passages at once, of which each is a little near. The mean of all is
stored, so how near the others are on average follows from two cosines.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from omnisearch.query.lines import LINES

if TYPE_CHECKING:
    from omnisearch.encoder.calibration.calibrator import Scale
    from omnisearch.query.candidates import Found, Segments
    from omnisearch.query.narrowing import Allowed

Floats = npt.NDArray[np.float32]
Positions = npt.NDArray[np.int64]

# Fitted on texts of `benchmarks/long_texts.py` of other seeds, 3 to 64 passages each, beside single
# passages, and on texts of one subject; bounded, for passages of one subject are all a little near
_FREE = 0.5  # widths of wrong pairs that others are nearer by chance
_INDEPENDENT = 5  # others that count as independent of each other, at most
_MOST = 1.5  # log odds
_LOOKED_AT = 256  # passages of a text: of more, the mean leads to none
_NAN = np.float32(np.nan)


def behind(allowed: Allowed, found: Sequence[Found], recall: float | None) -> Positions:
    """Give the passages of those texts whose means are among what was found; all if need be."""
    now = allowed.now
    if now.wholes is None or not found:
        return np.zeros(0, np.int64)
    means = np.concatenate([one.positions for one in found])
    if recall == 1.0:
        rows = now.wholes.passages(now.wholes.rows, None)
    else:
        rows = now.wholes.passages(means, _LOOKED_AT)
    every = allowed.every()
    return rows if every is None else rows[every[rows]]


def surer(segments: Segments, vector: Floats, near: Floats, scale: Scale) -> tuple[Floats, Floats]:
    """Give log odds that passages gain, and the cosine of their text as a whole, NaN if none.

    `near` are the cosines of what segments say.
    """
    now, count = segments.now, len(segments)
    gains, cosines = np.zeros(count, np.float32), np.full(count, _NAN)
    if now.wholes is None:
        return gains, cosines
    numbers = np.where(segments.words >= 0, now.wholes.owners[segments.words], -1)
    there = np.flatnonzero((numbers >= 0) & (near == near))
    if not len(there):
        return gains, cosines
    met, places = np.unique(numbers[there], return_inverse=True)
    cosines[there] = now.searcher.scores(vector, now.wholes.rows[met])[places]
    others = now.wholes.counts[met][places] - 1
    total = (others + 1) * cosines[there] * now.wholes.lengths[met][places]
    rest = (total - near[there]) / np.maximum(others, 1)
    lines = LINES[now.sides.kinds[segments.words[there]]]
    widths = (rest - scale.middles[lines]) / scale.widths[lines]
    worth = widths * np.sqrt(np.minimum(others, _INDEPENDENT)) - _FREE
    gains[there] = np.where(others > 0, np.clip(worth, 0, _MOST), 0)
    return gains, cosines
