"""Vectors in `.npy`, `.fvecs` and `.fbin`: one mapped array, its header held against the file."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tokenize import TokenError
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from omnisearch.errors import InputError

Array = npt.NDArray[Any]

_FBIN = struct.Struct("<II")  # vectors, dimension
_FVECS = struct.Struct("<i")  # dimension, before each vector
_MOST_DIMENSIONS = 65_536  # far above any encoder; a wild header is refused before any arithmetic
_NPY_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}
# numpy reads the header as a Python literal, which has many ways to be none.
_HEADER_FAULTS = (
    ValueError,
    KeyError,
    TypeError,
    SyntaxError,
    TokenError,
    OverflowError,
    RecursionError,
    MemoryError,
)


@dataclass(frozen=True, slots=True)
class ArrayChunk:
    """Consecutive rows of a mapped array."""

    path: Path
    first: int
    part: Array

    def vectors(self, column: str) -> npt.NDArray[np.float32]:
        """Copy the rows; what float32 cannot hold becomes infinite, and is refused later."""
        part = self.part
        if self.path.suffix.lower() == ".fvecs":
            wrong = np.flatnonzero(part[:, 0] != part.shape[1] - 1)
            if wrong.size:
                raise InputError(
                    f"{self.path}: vector {self.first + int(wrong[0]):,} has "
                    f"{part[wrong[0], 0]} dimensions, the first has {part.shape[1] - 1}"
                )
            part = part[:, 1:].view("<f4")
        with np.errstate(over="ignore"):
            return np.ascontiguousarray(part, dtype=np.float32)

    def texts(self, column: str) -> list[str]:
        """Refuse: an array holds no ids."""
        raise InputError(f"{self.path} holds vectors only: give the ids as Parquet or JSON Lines")

    def metadata(self, without: tuple[str, ...]) -> None:
        """Say that there is none."""


class ArrayRows:
    """A file of vectors that is read once, in chunks of one size."""

    names: tuple[str, ...] = ()

    def __init__(self, path: Path) -> None:
        self.path = path
        openers = {".npy": _open_npy, ".fvecs": _open_fvecs, ".fbin": _open_fbin}
        with path.open("rb") as file:
            self._array = openers[path.suffix.lower()](path, file, path.stat().st_size)
        self.rows = len(self._array)

    def chunks(self, size: int) -> Iterator[ArrayChunk]:
        """Read chunks of exactly that many rows, but for the last one."""
        for first in range(0, self.rows, size):
            yield ArrayChunk(self.path, first, self._array[first : first + size])


def _open_npy(path: Path, file: BinaryIO, size: int) -> Array:
    try:
        shape, by_column, kind = _NPY_HEADERS[np.lib.format.read_magic(file)](file)
    except _HEADER_FAULTS as error:
        raise InputError(f"{path} is not a .npy file that can be read ({error})") from error
    if kind.kind not in "fiu" or kind.itemsize > 8:
        raise InputError(f"{path} holds {kind}, not numbers: save it as float32")
    if len(shape) not in (1, 2) or any(length < 0 for length in shape):
        raise InputError(f"{path} has shape {shape}: save one vector per row, as (n, d)")
    start = file.tell()
    _check_size(path, size, start + math.prod(shape) * kind.itemsize)
    if not math.prod(shape):
        return np.empty((0, 0), np.float32)
    order: Any = "F" if by_column else "C"
    return np.atleast_2d(np.memmap(path, kind, "r", start, shape, order))


def _open_fvecs(path: Path, file: BinaryIO, size: int) -> Array:
    if not size:
        return np.empty((0, 0), np.float32)
    raw = file.read(_FVECS.size)
    width = _FVECS.unpack(raw)[0] if len(raw) == _FVECS.size else 0
    if not 0 < width <= _MOST_DIMENSIONS:
        raise InputError(f"{path} begins with dimension {width}: it is not an .fvecs file")
    stride = _FVECS.size + 4 * width
    if size % stride:
        raise InputError(
            f"{path} has {size:,} bytes, not a multiple of {stride:,} for vectors of {width} "
            "dimensions: it is cut off or of another format"
        )
    return np.memmap(path, "<i4", "r", 0, (size // stride, width + 1))


def _open_fbin(path: Path, file: BinaryIO, size: int) -> Array:
    raw = file.read(_FBIN.size)
    rows, width = _FBIN.unpack(raw) if len(raw) == _FBIN.size else (0, 0)
    if not 0 < width <= _MOST_DIMENSIONS:
        raise InputError(f"{path} states dimension {width}: it is not an .fbin file")
    _check_size(path, size, _FBIN.size + 4 * rows * width)
    if not rows:
        return np.empty((0, 0), np.float32)
    return np.memmap(path, "<f4", "r", _FBIN.size, (rows, width))


def _check_size(path: Path, size: int, wanted: int) -> None:
    if size != wanted:
        raise InputError(
            f"{path} has {size:,} bytes, its header says {wanted:,}: "
            "it is cut off or was written wrongly"
        )
