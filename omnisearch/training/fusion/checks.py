"""What must hold of checkpoints before they are fused, and of what comes out."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from omnisearch.training.checkpoints import is_finite
from omnisearch.training.lab import LabError

Tensors = Mapping[str, Tensor]
# Anything else is kept where all are equal: whole numbers count, and narrower floats have scales.
FUSED = (torch.float64, torch.float32, torch.float16, torch.bfloat16)


class FusionError(LabError):
    """Checkpoints that cannot be fused, and why."""


def same_architecture(base: Tensors, specialists: Mapping[str, Tensors]) -> None:
    """Raise unless every specialist has what the base has, in finite numbers."""
    if not len(base):
        raise FusionError("the base holds no tensors: name what the specialists began with")
    missing = {name: [key for key in base if key not in one] for name, one in specialists.items()}
    for name, keys in missing.items():
        if keys:
            fault = f"{name} lacks {keys[0]} ({len(keys)} keys of the base are missing)"
            raise FusionError(f"{fault}: it is no specialist of this base")
    for key, origin in base.items():
        _same_kind(key, origin, {name: one[key] for name, one in specialists.items()})


def _same_kind(key: str, origin: Tensor, several: Tensors) -> None:
    if not is_finite(origin):
        raise FusionError(f"{key} of the base is not finite: restore it")
    for name, found in several.items():
        if found.shape != origin.shape:
            shapes = f"{tuple(found.shape)}, the base {tuple(origin.shape)}"
            raise FusionError(f"{key} of {name} has the shape {shapes}: they must be equal")
        if not is_finite(found):
            raise FusionError(f"{key} of {name} is not finite: train it again")
        if not {origin.dtype, found.dtype} <= {*FUSED} and not _equal(origin, found):
            kinds = f"{type_of(found)}, in the base {type_of(origin)}"
            fault = f"{key} of {name} is {kinds}, and differs"
            raise FusionError(f"{fault}: only floats of 16 bits or more are fused, convert both")


def finite_coefficients(given: Mapping[str, float]) -> None:
    """Raise unless every coefficient is a finite number."""
    for name, value in given.items():
        if not math.isfinite(value):
            raise FusionError(f"the coefficient of {name} is {value}: give a finite number")


def usable_grams(
    base: Tensors, specialists: Mapping[str, Tensors], grams: Mapping[str, Tensors]
) -> None:
    """Raise unless the inputs of every specialist are known for one matrix of the base at least."""
    unknown = [name for name in grams if name not in specialists]
    if unknown:
        raise FusionError(f"a gram for {unknown[0]}, which is no specialist: leave it out")
    missing = [name for name in specialists if name not in grams]
    if missing:
        fault = f"regmean wants the inputs of every specialist, those of {missing[0]} are missing"
        raise FusionError(f"{fault}: name a gram of each, or choose the method task")
    shapes = {key: tensor.shape for key, tensor in base.items()}
    for name, one in grams.items():
        for key in one:
            if len(shapes.get(key, ())) == 2:
                _usable(f"the gram {key} of {name}", one[key], shapes[key][1])
    shared = [key for key in shapes if all(key in one for one in grams.values())]
    if not any(len(shapes[key]) == 2 for key in shared):
        fault = "the grams share no key with a matrix of the base"
        raise FusionError(f"{fault}: name each after the weight whose inputs it is of")


def _usable(told: str, gram: Tensor, width: int) -> None:
    if gram.shape != (width, width):
        shapes = f"{tuple(gram.shape)}, its weight takes {width} inputs"
        raise FusionError(f"{told} has the shape {shapes}: ({width}, {width}) is wanted")
    if not is_finite(gram):
        raise FusionError(f"{told} is not finite: collect it again")


def finite_result(key: str, tensor: Tensor) -> Tensor:
    """Give a fused tensor back, or raise where it is beyond what its type holds."""
    if not is_finite(tensor):
        fault = f"{key} is not finite in {type_of(tensor)} after fusing"
        raise FusionError(f"{fault}: lower the coefficients, or convert the base to float32")
    return tensor


def type_of(tensor: Tensor) -> str:
    """Name the type of a tensor's numbers."""
    return str(tensor.dtype).removeprefix("torch.")


def _equal(one: Tensor, other: Tensor) -> bool:
    raw = [tensor.contiguous().reshape(-1).view(torch.uint8) for tensor in (one, other)]
    return one.dtype == other.dtype and torch.equal(*raw)
