"""Is a confidence what it says? Of the hits given 0.7, seven in ten should be right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Flags = NDArray[np.bool_]

BINS = 15


@dataclass(frozen=True, slots=True)
class Bin:
    """Hits of like confidence: what was said of them on average, and how many were right."""

    hits: int
    said: float
    right: float


def reliability(confidence: Floats, right: Flags, bins: int = BINS) -> list[Bin]:
    """Cut the hits, from doubtful to sure, into bins of equal size.

    Hits of equal confidence share their mean rightness, so their order decides nothing.
    """
    if confidence.shape != right.shape or confidence.ndim != 1 or not len(confidence):
        raise ValueError(
            f"confidence has the shape {confidence.shape}, right {right.shape}: (hits,) is wanted"
        )
    order = np.argsort(confidence, kind="stable")
    said = confidence[order].astype(np.float64)
    _, group = np.unique(said, return_inverse=True)
    means = np.bincount(group, right[order]) / np.bincount(group)
    parts = np.array_split(np.arange(len(said)), min(bins, len(said)))
    return [
        Bin(len(part), float(said[part].mean()), float(means[group[part]].mean())) for part in parts
    ]


def calibration_error(confidence: Floats, right: Flags, bins: int = BINS) -> float:
    """Give the expected calibration error over bins of equal size."""
    found = reliability(confidence, right, bins)
    return sum(one.hits * abs(one.said - one.right) for one in found) / len(confidence)


def brier(confidence: Floats, right: Flags) -> float:
    """Give the mean square of what it is wrong by; saying the common rate r gives r (1 - r)."""
    return float(np.mean((confidence.astype(np.float64) - right) ** 2))
