"""The space of an encoder: vectors of two spaces are never compared."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Space:
    """Which vectors may be compared: those with the same fingerprint.

    It stands for weights, preprocessing, pooling, dimension and normalisation.
    """

    name: str
    fingerprint: str
    dim: int

    def __str__(self) -> str:
        return f"{self.name} {self.fingerprint}"
