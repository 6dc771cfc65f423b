"""What the towers make of one picture, film, sound or page, before the backbone reads it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from omnisearch.encoder.protocol import Vector, Vectors


@dataclass(frozen=True, slots=True)
class Seen:
    """Soft tokens (t, width), which the backbone reads, and vectors (width,) beside."""

    soft: Vectors
    beside: Mapping[str, Vector] = field(default_factory=dict)


def film(frames: Sequence[Seen], tokens: int | None = None) -> Seen:
    """Lay frames, in order, behind each other; of each the first `tokens` soft tokens."""
    soft = np.concatenate([frame.soft[:tokens] for frame in frames])
    names = frames[0].beside
    means = {name: np.mean([frame.beside[name] for frame in frames], axis=0) for name in names}
    return Seen(soft, means)
