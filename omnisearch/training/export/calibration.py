"""From a cosine to the probability that a hit is right: a map that only rises, in NumPy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
_GROUPS = 200  # of equal size, before neighbours that fall are pooled
_KNOTS = 24


@dataclass(frozen=True)
class Map:
    """Knots of a piecewise linear map; beyond its ends it is level."""

    cosines: tuple[float, ...]
    probabilities: tuple[float, ...]

    def __call__(self, cosines: npt.ArrayLike) -> Numbers:
        """Give the probability at each cosine."""
        return np.asarray(
            np.interp(np.asarray(cosines, np.float64), self.cosines, self.probabilities)
        )

    def record(self) -> dict[str, list[float]]:
        """Give the knots for a JSON file."""
        return {"cosine": list(self.cosines), "probability": list(self.probabilities)}


def rising(values: Numbers, weights: Numbers) -> Numbers:
    """Give the nearest values that never fall (isotonic regression; neighbours are pooled)."""
    pools: list[list[float]] = []  # mean, weight, how many
    for value, weight in zip(values, weights, strict=True):
        pools.append([float(value), float(weight), 1])
        while len(pools) > 1 and pools[-2][0] >= pools[-1][0]:
            mean, mass, count = pools.pop()
            before = pools[-1]
            total = before[1] + mass
            pools[-1] = [(before[0] * before[1] + mean * mass) / total, total, before[2] + count]
    return np.concatenate([np.full(int(count), mean) for mean, _, count in pools])


def fit(cosines: Numbers, right: Flags) -> Map:
    """Fit the map to hits; each pool counts one more hit of the common rate, so none is certain."""
    order = np.argsort(cosines, kind="stable")
    groups = np.array_split(order, min(_GROUPS, len(order)))
    middle = np.array([cosines[some].mean() for some in groups])
    share = np.array([right[some].mean() for some in groups])
    size = np.array([len(some) for some in groups], np.float64)
    values = rising(share, size)
    _, pool = np.unique(values, return_inverse=True)
    mass = np.bincount(pool, size)
    hits = np.bincount(pool, size * share)
    smooth = (hits + right.mean()) / (mass + 1)
    centre = np.bincount(pool, size * middle) / mass
    keep = np.unique(np.linspace(0, len(centre) - 1, min(_KNOTS, len(centre))).round().astype(int))
    probability = np.maximum.accumulate(smooth[keep])
    return Map(_rounded(centre[keep]), _rounded(probability))


def brier(found: Map, cosines: Numbers, right: Flags) -> float:
    """Give the mean square of what the map is wrong by."""
    return float(np.mean((found(cosines) - right) ** 2))


def calibration_error(found: Map, cosines: Numbers, right: Flags, bins: int = 10) -> float:
    """Give how far probability and share of right hits are apart, over bins of equal size."""
    given = found(cosines)
    order = np.array_split(np.argsort(given, kind="stable"), min(bins, len(given)))
    gaps = [abs(given[some].mean() - right[some].mean()) * len(some) for some in order]
    return float(sum(gaps) / len(given))


def _rounded(values: Numbers) -> tuple[float, ...]:
    return tuple(round(float(value), 5) for value in values)
