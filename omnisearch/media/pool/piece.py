"""What a decoder gives, one piece after another: a few fields, and arrays beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

DTYPES: tuple[str, ...] = ("uint8", "float32")  # all that pictures and sounds need
Array = npt.NDArray[np.uint8] | npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """Fields of JSON (numbers are finite), and named arrays of a type among `DTYPES`."""

    fields: Mapping[str, Any]
    arrays: Mapping[str, Array] = field(default_factory=dict)
