"""Numbers to few bits and the scales that give them back."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Halves = npt.NDArray[np.float16]
BLOCK = 64  # inputs that share a scale; 128 loses 1.8 times as much, 32 takes a tenth longer
FINE, COARSE = 8, 4  # bits
_SHRUNK = np.linspace(0.7, 1.05, 8, dtype=np.float32)  # of a block's largest: a few are cut off
_LEAST = 1e-4  # of scales: float16 is exact to a thousandth above
_FAINT = 1e-12  # of a kernel that is nothing


def blocks(
    weight: Floats, block: int = BLOCK, bits: int = FINE
) -> tuple[npt.NDArray[np.uint8], Halves]:
    """Round (n, k) to numbers around 128, or 8, and their scales (n, k / block).

    Numbers of 8 bits are (n, k / block, block); of 4 bits two share a byte, the first the low half.
    """
    n, k = weight.shape
    parts, top = -(-k // block), 2 ** (bits - 1) - 1
    filled = np.zeros((n, parts * block), np.float32)
    filled[:, :k] = weight
    split = filled.reshape(n, parts, block)
    scales = _scales(np.abs(split).max(2)) if bits == FINE else _nearest(split, top)
    rounded = _rounded(split, scales, top) + np.float32(top + 1)
    numbers: npt.NDArray[np.uint8] = rounded.astype(np.uint8)
    if bits == FINE:
        return numbers, scales
    return numbers[..., ::2] + np.uint8(16) * numbers[..., 1::2], scales


def rows(weight: Floats) -> tuple[npt.NDArray[np.int8], Halves]:
    """Round each row of any shape to int8 with a scale."""
    scales = _scales(np.abs(weight.reshape(len(weight), -1)).max(1))
    shaped = scales.reshape(-1, *[1] * (weight.ndim - 1))
    rounded = np.rint(weight / shaped.astype(np.float32)).clip(-127, 127)
    return rounded.astype(np.int8), shaped


def _scales(largest: Floats, top: int = 127) -> Halves:
    return np.maximum(largest / top, _LEAST).astype(np.float16)


def _rounded(split: Floats, scales: Halves, top: int) -> Floats:
    return np.rint(split / scales[..., None].astype(np.float32)).clip(-top, top)


def _nearest(split: Floats, top: int) -> Halves:
    """Give the scale of each block (n, parts, block) that loses least."""
    largest = np.abs(split).max(2)
    best = _scales(largest, top)
    least = np.full(best.shape, np.inf, np.float32)
    for share in _SHRUNK:
        scales = _scales(largest * share, top)
        back = _rounded(split, scales, top) * scales[..., None].astype(np.float32)
        lost = np.square(back - split).sum(2)
        best, least = np.where(lost < least, scales, best), np.minimum(lost, least)
    return best


def kernels(weight: Floats, least: Floats) -> tuple[npt.NDArray[np.int8], Floats]:
    """Round kernels (outputs, inputs, h, w) to int8; the scale of each output is `least` or more.

    The sum of each kernel is kept to half a step: a plain surface sees nothing else.
    """
    scales = np.maximum(np.abs(weight).max((1, 2, 3)) / 127, np.maximum(least, _FAINT))
    parts = (weight / scales[:, None, None, None]).reshape(*weight.shape[:2], -1)
    whole = np.floor(parts)
    missing = np.rint((parts - whole).sum(2, keepdims=True))
    place = np.argsort(np.argsort(whole - parts, axis=2, kind="stable"), axis=2)
    rounded = (whole + (place < missing)).reshape(weight.shape)
    return rounded.astype(np.int8), scales.astype(np.float32)
