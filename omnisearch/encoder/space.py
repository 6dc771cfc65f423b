"""The space of an encoder: vectors of two spaces are never compared.

A fingerprint says which weights and which preprocessing. It cannot say what a processor or another
version of a library makes of them, so known inputs are encoded again and compared as well.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from omnisearch.encoder.protocol import Vector

LEAST_COSINE = 0.999  # between a known input's vector here and where the encoder was made


@dataclass(frozen=True, slots=True)
class Space:
    """Which vectors may be compared: those whose space reads the same.

    The fingerprint stands for weights, preprocessing, pooling and normalisation.
    """

    name: str
    fingerprint: str
    dim: int

    def __str__(self) -> str:
        return f"{self.name} {self.fingerprint} {self.dim}"


def strayed(known: Mapping[str, Vector], here: Mapping[str, Vector]) -> dict[str, float]:
    """Give the cosines of vectors that are no longer what they were; known ones may be longer."""
    cosines = {name: _cosine(one, here[name]) for name, one in known.items() if name in here}
    return {name: cosine for name, cosine in cosines.items() if not cosine >= LEAST_COSINE}


def _cosine(known: Vector, here: Vector) -> float:
    """Compare as much of a known vector as there is here, where vectors may have been cut."""
    cut = known[: len(here)]
    if cut.shape != here.shape:
        return 0.0
    lengths = math.sqrt(max(float(cut @ cut) * float(here @ here), 1e-12))
    return float(cut @ here) / lengths
