"""What a worker says, believed as far as it can be: every kind, count, size and place has a bound.

A worker may have been taken over by the file that it decodes. What it says can be wrong then, but
never larger, deeper or of another kind than what is checked here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from omnisearch.media.pool.channel import GarbledError
from omnisearch.media.pool.piece import DTYPES

Kind = Literal["piece", "end", "refused", "fault"]
KINDS: tuple[Kind, ...] = ("piece", "end", "refused", "fault")
_ARRAYS = 8  # of a piece
_DIMENSIONS = 4  # frames, height, width, colour
_DEPTH = 8  # of fields inside fields
_VALUES = 100_000  # of all fields of a piece
_NAME = 256  # characters of a name of a field or array
_WORDS = 1_000  # characters of a message for people
_HALVES = re.compile("[\ud800-\udfff]")  # of characters, which no file can hold


@dataclass(frozen=True, slots=True)
class ArrayClaim:
    """Where an array is said to lie; `at` counts from the beginning of the shared memory."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Claim:
    """One message of a worker: a piece, the end, a refusal by a class of errors, or a fault."""

    kind: Kind
    fields: Mapping[str, Any]
    arrays: tuple[ArrayClaim, ...]
    words: str
    error: str


def read(message: object, number: int) -> Claim:
    """Read a message that belongs to the file of that number, or raise GarbledError."""
    said = _mapping(message)
    if said.get("of") != number or said.get("kind") not in KINDS:
        raise GarbledError("a message that belongs to nothing")
    fields = _mapping(said.get("fields", {}))
    _check(fields)
    arrays = said.get("arrays", [])
    if not isinstance(arrays, list) or len(arrays) > _ARRAYS:
        raise GarbledError("too many arrays")
    found = tuple(_array(one) for one in arrays)
    if len({one.name for one in found}) < len(found):
        raise GarbledError("two arrays of one name")
    return Claim(
        cast("Kind", said["kind"]),
        fields,
        found,
        _words(said.get("words", "")),
        _words(said.get("error", "")),
    )


def _array(value: object) -> ArrayClaim:
    said = _mapping(value)
    name, dtype, shape, at = (said.get(key) for key in ("name", "dtype", "shape", "at"))
    if not (isinstance(name, str) and 0 < len(name) <= _NAME and dtype in DTYPES):
        raise GarbledError("an array of no known kind")
    if not (isinstance(shape, list) and 0 < len(shape) <= _DIMENSIONS and _is_count(at)):
        raise GarbledError("an array of no shape or place")
    if not all(_is_count(side) and side for side in shape):
        raise GarbledError("an array of an impossible shape")
    _check(name)
    return ArrayClaim(name, str(dtype), tuple(shape), cast("int", at))


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value < 1 << 40


def _mapping(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise GarbledError("a message of no known form")
    return value


def _words(value: object) -> str:
    """Give what is meant for people, without what a terminal would obey."""
    if not isinstance(value, str):
        raise GarbledError("words that are none")
    return "".join(one if one.isprintable() else " " for one in value[:_WORDS])


def _check(value: object) -> None:
    """Refuse what is deep, plenty, or no text or number that can be written again."""
    left, count = [(value, 0)], 0
    while left:
        one, depth = left.pop()
        count += 1
        if depth > _DEPTH or count > _VALUES:
            raise GarbledError("too many fields")
        if isinstance(one, dict):
            left += [(part, depth + 1) for pair in one.items() for part in pair]
        elif isinstance(one, list):
            left += [(part, depth + 1) for part in one]
        elif not _is_plain(one):
            raise GarbledError("a field that is no text and no number")


def _is_plain(value: object) -> bool:
    if isinstance(value, str):
        return value.isascii() or not _HALVES.search(value)
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, int):
        return -(1 << 63) <= value < 1 << 63
    return value is None
