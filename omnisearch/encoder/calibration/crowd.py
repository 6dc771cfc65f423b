"""Rows that are near to every question (hubs), and by how much they are nearer than others.

As in cross-domain similarity local scaling (Conneau et al. 2018): the mean cosine of a row with its
nearest questions is taken from its cosines, here a part of it, less the mean over the modality.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from omnisearch.encoder.parts import Modality
from omnisearch.records import View

Vectors = npt.NDArray[np.float32]
Target = tuple[Modality, View]

NEAREST = 10  # questions of each row
PART = 0.25  # of the excess; the best of 0, 0.25, 0.5, 0.75 and 1 for pictures on validation


@dataclass(frozen=True)
class Crowd:
    """Questions (b, d) to the precision of float16, and how near they usually are to rows."""

    questions: Vectors
    usual: Mapping[Target, float]
    # Nearness that was computed, by whatever holds the rows, for as long as that lives
    known: WeakKeyDictionary[Any, npt.NDArray[np.float16]] = field(
        default_factory=WeakKeyDictionary, repr=False, compare=False
    )

    def excess(self, target: Target, rows: Vectors) -> npt.NDArray[np.float32]:
        """Give what is taken from the cosines of rows (n, d)."""
        if target not in self.usual:
            return np.zeros(len(rows), np.float32)
        return beyond(_nearness(self.questions, rows), np.array(self.usual[target]))

    def nearness(self, rows: Vectors) -> npt.NDArray[np.float16]:
        """Give how near rows (n, d) are to the questions, as it may be kept."""
        return _nearness(self.questions, rows).astype(np.float16)


def beyond(
    nearness: npt.NDArray[np.floating], usual: npt.NDArray[np.float64]
) -> npt.NDArray[np.float32]:
    """Give what is taken from the cosines of rows (n,), each with what is usual for its kind."""
    return np.asarray(PART * (nearness - usual), np.float32)


def learn(questions: Vectors, rows: Mapping[Target, Vectors]) -> Crowd:
    """Learn from a sample of rows of each kind."""
    kept = questions.astype(np.float16).astype(np.float32)  # as they are saved
    usual = {target: float(_nearness(kept, some).mean()) for target, some in rows.items()}
    return Crowd(kept, usual)


def _nearness(questions: Vectors, rows: Vectors) -> npt.NDArray[np.float64]:
    """Give the mean cosine of each row with its nearest questions."""
    cosines = rows @ questions.T
    count = min(NEAREST, cosines.shape[1])
    nearest = np.partition(cosines, -count, axis=1)[:, -count:]
    return np.asarray(nearest.mean(axis=1, dtype=np.float64))
