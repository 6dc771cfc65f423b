"""What a cosine between two stored rows is worth, whatever the two show.

A photograph is nearer to any photograph than to the sound of what it shows. So a link is judged by
how many wrong rows of its kind would be as near by chance, which is measured in the collection.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from omnisearch.encoder.calibration.background import Background, measure_series, rarity
from omnisearch.encoder.calibration.prior import Prior
from omnisearch.records import Modality
from omnisearch.storage import rows, sides
from omnisearch.storage.generation import Generation

Floats = npt.NDArray[np.float32]
Kinds = npt.NDArray[np.uint8]

_ASKING, _ANSWERING = 240, 1024  # rows of a kind that stand for all of them
_FEWEST = 50.0  # as for questions: a kind with few rows is seldom the one that has the answer
_UNKNOWN = Background(0.0, 0.25)  # where there are no two rows to measure


@dataclass(frozen=True)
class Scale:
    """Lines from cosines to log odds for each kind of row that asks (12) and that answers (12)."""

    middles: Floats
    widths: Floats
    heights: Floats
    slope: float

    @classmethod
    def measure(cls, now: Generation, prior: Prior | None) -> Scale:
        """Look at some rows of each kind; without a prior, one chance row as near is even odds."""
        shape = sides.KINDS, sides.KINDS
        middles, widths, heights = (np.zeros(shape, np.float32) for _ in range(3))
        drawn = {kind: _drawn(now, kind) for kind in now.sides.counts}
        slope = 1.0 if prior is None else prior.slope
        for asking, some in drawn.items():
            for answering, others in drawn.items():
                seen = measure_series(some[:: max(1, len(some) // _ASKING)] @ others.T) or _UNKNOWN
                at = asking, answering
                middles[at], widths[at] = seen.middle, seen.width
                count = max(_FEWEST, now.sides.counts[answering])
                heights[at] = _height(prior, asking, answering) - slope * math.log(count)
        return cls(middles, widths, heights, slope)

    def odds(self, asking: Kinds, answering: Kinds, cosines: npt.NDArray[np.floating]) -> Floats:
        """Give the log odds that two rows have to do with each other."""
        widths = self.widths[asking, answering]
        places = (cosines - self.middles[asking, answering]) / np.where(widths > 0, widths, 1)
        found = self.heights[asking, answering] + self.slope * rarity(places.astype(np.float64))
        return np.asarray(found, np.float32)


def _height(prior: Prior | None, asking: int, answering: int) -> float:
    if prior is None:
        return 0.0
    pair = _word(asking), _word(answering)
    return prior.heights.get(pair, prior.height)


def _word(kind: int) -> Modality:
    """Give the modality that rows of a kind count as: words are text, whoever says them."""
    modality, view = sides.target_of(kind)
    return "text" if view == "words" else modality


def _drawn(now: Generation, kind: int) -> Floats:
    mask = now.sides.mask(kind)
    positions = np.arange(now.rows) if mask is None else np.flatnonzero(mask)
    places = np.unique(np.linspace(0, len(positions) - 1, min(len(positions), _ANSWERING)))
    return unit(now, positions[places.astype(np.int64)])


def unit(now: Generation, positions: npt.NDArray[np.int64]) -> Floats:
    """Read rows as unit vectors: links go by the angle, whatever the metric."""
    found: Floats = rows.vectors(now, positions).astype(np.float32)
    if now.sealed.manifest.settings.metric != "cosine":
        found /= np.maximum(np.linalg.norm(found, axis=1, keepdims=True), np.float32(1e-12))
    return found
