"""The words of this package: positions in, neighbours out, larger scores are nearer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Metric = Literal["cosine", "ip", "l2"]
Kind = Literal["auto", "flat", "scan", "ivfpq", "hnsw"]
Method = Literal["empty", "flat", "exact", "scan", "ivfpq", "hnsw"]

Vectors = NDArray[np.float32]
Positions = NDArray[np.int64]
Scores = NDArray[np.float32]
Mask = NDArray[np.bool_]
Bytes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Plan:
    """What was done for one query, and why."""

    method: Method
    rows: int
    allowed: int
    reason: str
    candidates: int = 0
    rounds: int = 1
    probed: float = 1.0
    expected_recall: float = 1.0

    def __str__(self) -> str:
        """One line for `explain`."""
        looked = f"{self.method} over {self.allowed} of {self.rows} rows"
        cost = f"{self.candidates} scored exactly in {self.rounds} round(s)"
        return (
            f"{looked}, {self.probed:.0%} of the codes read, {cost}, "
            f"expected recall {self.expected_recall:.3f}: {self.reason}"
        )


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The nearest positions of one query, sorted by (-score, position)."""

    positions: Positions
    scores: Scores
    plan: Plan


class Index(Protocol):
    """Vectors under integer keys, nearest first."""

    dim: int

    def add(self, keys: Positions, vectors: Vectors) -> None:
        """Store vectors under keys that are not stored yet."""
        ...

    def search(self, queries: Vectors, k: int, allow: Mask | None = None) -> list[Neighbours]:
        """Return the k nearest keys of each query among the allowed ones."""
        ...

    def save(self) -> bytes:
        """Return the whole index as bytes; `load` of the class reads them."""
        ...

    @property
    def bytes(self) -> int:
        """What the index holds in memory."""
        ...
