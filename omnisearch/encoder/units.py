"""Vectors of length 1: of what a model gave, and of several together by their weights."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from omnisearch.errors import EncodingError, OmnisearchError, PartError

if TYPE_CHECKING:
    import numpy.typing as npt

    from omnisearch.encoder.protocol import Model, Vector

_NOTHING = 1e-12  # the square of a length that is only rounding


def weighted_sum(
    given: Sequence[tuple[Vector | OmnisearchError, float]], dim: int
) -> Vector | OmnisearchError:
    """Add unit vectors by their weights; an error among them is the error of all."""
    units = [(unit, weight) for unit, weight in given if not isinstance(unit, OmnisearchError)]
    if len(units) < len(given):
        return next(unit for unit, _ in given if isinstance(unit, OmnisearchError))
    if len(units) == 1:
        ((unit, weight),) = units
        return unit if weight > 0 else -unit
    total, largest = np.zeros(dim, np.float64), max(abs(weight) for _, weight in units)
    for unit, weight in units:
        total += weight / largest * unit.astype(np.float64)
    length = math.sqrt(total @ total)
    if length * length < _NOTHING:
        return PartError("the parts take each other away: change a weight")
    return np.asarray(total / length, np.float32)


def unit_of(vector: Vector | OmnisearchError, model: Model, dim: int) -> Vector | OmnisearchError:
    """Cut and scale to length 1; what has no direction is an error."""
    if isinstance(vector, OmnisearchError):
        return vector
    if (given := _numbers(vector)) is None:
        fault = f"{type(vector).__name__}, no numbers"
    elif given.shape != (model.dim,):
        fault = f"a vector of shape {given.shape}, not ({model.dim},)"
    else:
        exact = given[:dim].astype(np.float64)
        length = math.sqrt(exact @ exact)
        if 0 < length < math.inf:
            return np.asarray(exact / length, np.float32)
        fault = "numbers that are not finite" if length else "only zeros"
    return EncodingError(f"{model.name} gave {fault}: leave this part out, and report it")


def _numbers(vector: object) -> npt.NDArray[Any] | None:
    """Take what a model gave as real numbers; models of users may give lists."""
    try:
        given = np.asarray(vector)
    except ValueError:  # lists in it are of several lengths
        return None
    return given if given.dtype.kind in "fiu" else None
