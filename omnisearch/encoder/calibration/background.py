"""What cosines wrong pairs have, measured on pairs made blindly: nearly all of them are wrong.

A hit is judged by how rarely a wrong row comes so near. That is read from two quantiles and one
shape of tail, not from the far tail itself, where the few right pairs are.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.float64]

# The share of wrong pairs that is nearer, and how far above the middle that is, in widths: the mean
# over the five modalities of omni-mini. Up to one in a thousand they differ by less than a tenth.
_SHARES = (0.5, 0.3, 0.2, 0.1, 0.05, 0.03, 0.02, 0.01, 5e-3, 2e-3, 1e-3, 5e-4, 2e-4, 1e-4, 5e-5)
_PLACES = (0, 0.2, 0.32, 0.5, 0.66, 0.77, 0.86, 1, 1.14, 1.32, 1.46, 1.58, 1.77, 1.89, 2.01)
_RARITY = tuple(-math.log(share) for share in _SHARES)
_STEEP_ABOVE = (_RARITY[-1] - _RARITY[-5]) / (_PLACES[-1] - _PLACES[-5])
_STEEP_BELOW = _RARITY[1] / _PLACES[1]

_WIDTH = 2.56  # deviations from the middle to the nearest of a hundred, as above
_LEAST_WIDTH = 1e-3  # of equal rows; cosines of float16 rows err by about this much
_ITSELF = 0.999  # a row paired with itself, or with its copy in float16
_HALF = 16.0  # rows that count as much as what ships: their mean errs by a quarter of a deviation


@dataclass(frozen=True, slots=True)
class Background:
    """The cosines of wrong pairs: the median, and how far above it the nearest of a hundred is."""

    middle: float
    width: float

    @classmethod
    def normal(cls, mean: float, deviation: float) -> Background:
        """Make it of the mean and the deviation."""
        return cls(mean, max(_WIDTH * deviation, _LEAST_WIDTH))

    def rarity(self, cosines: npt.NDArray[np.floating]) -> Numbers:
        """Give -log of the share of wrong pairs that are nearer than each cosine; it only rises."""
        return rarity((cosines.astype(np.float64) - self.middle) / self.width)

    def towards(self, seen: Background, rows: float) -> Background:
        """Move to what was seen in a collection, the further the more rows it has."""
        trust = rows / (rows + _HALF)
        return Background(
            self.middle + trust * (seen.middle - self.middle),
            self.width + trust * (seen.width - self.width),
        )


def rarity(places: Numbers) -> Numbers:
    """Give -log of the share of wrong pairs that are nearer, so many widths above the middle."""
    above, below = np.maximum(places - _PLACES[-1], 0), np.minimum(places - _PLACES[0], 0)
    inside = np.interp(places, _PLACES, _RARITY)
    return np.asarray(inside + _STEEP_ABOVE * above + _STEEP_BELOW * below)


def measure(cosines: npt.NDArray[np.floating]) -> Background | None:
    """Learn from blind pairs of which far less than one in a hundred is right.

    None where there is nothing to learn from: fewer than two pairs of different rows.
    """
    wrong = cosines[cosines < _ITSELF]
    if len(wrong) < 2:
        return None
    middle, high = np.quantile(wrong, [0.5, 0.99])
    return _background(middle, high - middle)


def measure_series(cosines: npt.NDArray[np.floating]) -> Background | None:
    """Learn from blind pairs of which several in a hundred are right: rows of one series, say.

    Those are all above the median, so the spread is taken from the tenths on both sides of it.
    """
    wrong = cosines[cosines < _ITSELF]
    if len(wrong) < 2:
        return None
    low, middle, high = np.quantile(wrong, [0.1, 0.5, 0.9])
    return _background(middle, (high - low) / 2 / _PLACES[_SHARES.index(0.1)])


def _background(middle: np.floating, width: np.floating) -> Background:
    return Background(float(middle), max(float(width), _LEAST_WIDTH))
