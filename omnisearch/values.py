"""Values of one metadata key as one typed Arrow array; `arrays` does the same for whole arrays.

A column has one of seven kinds. Integers widen to float; what else does not fit raises.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from math import isnan
from types import NoneType
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from omnisearch import moments

Kind = Literal["int", "float", "bool", "string", "timestamp", "strings", "json"]
KINDS: tuple[Kind, ...] = get_args(Kind)
ARROW: Mapping[Kind, pa.DataType] = {
    "int": pa.int64(),
    "float": pa.float64(),
    "bool": pa.bool_(),
    "string": pa.string(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "strings": pa.list_(pa.string()),
    "json": pa.string(),
}
_PLAIN: Mapping[type, Kind] = {
    int: "int",
    float: "float",
    bool: "bool",
    str: "string",
    datetime: "timestamp",
    dict: "json",
}
TOO_MUCH = "more than 2 GiB of text in one call: write fewer rows at a time"


class Wanted(NamedTuple):
    """What a column is so far: its kind, if it has one, and whether that was declared."""

    kind: Kind | None
    fixed: bool


class MisfitError(Exception):
    """A value that the column cannot hold, and its row; None where all of them are meant."""

    def __init__(self, fault: str, row: int | None = None) -> None:
        self.fault, self.row = fault, row
        super().__init__(fault)


class Typed(NamedTuple):
    """A kind, and an array of that kind."""

    kind: Kind
    array: pa.Array


def from_list(values: Sequence[object], wanted: Wanted) -> Typed | None:
    """Type Python values; None where all are null and the column has no kind yet."""
    types = set(map(type, values))
    types.discard(NoneType)
    if types <= _PLAIN.keys():
        found = {_PLAIN[one] for one in types}
    else:
        values = [_plain(value, row) for row, value in enumerate(values)]
        found = {_kind_of(value) for value in values if value is not None}
    kind = wanted.kind if found == {wanted.kind} else _settle(values, found, wanted)
    if kind is None:
        return None
    try:
        array = _BUILD[kind](values)
    except (ValueError, TypeError, OverflowError, RecursionError, pa.ArrowException) as error:
        raise _misfit(kind, values, error) from error
    if isinstance(array, pa.ChunkedArray):
        raise MisfitError(TOO_MUCH)
    return bounded(Typed(kind, array))


def _plain(value: object, row: int) -> object:
    """Strip NumPy scalars and subclasses down to the type they stand for."""
    if isinstance(value, np.generic):
        value = value.item()
    elif isinstance(value, np.ndarray):
        value = value.tolist()
    if value is None or type(value) in _PLAIN:
        return value
    if isinstance(value, tuple | list):
        return list(value)
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int | float | datetime):
        return value
    if isinstance(value, Mapping):
        return dict(value)
    raise MisfitError(f"{type(value).__name__} ({short(value)}) is no kind of metadata", row)


def _kind_of(value: object) -> Kind:
    if isinstance(value, list):
        return "strings" if all(isinstance(part, str) for part in value) else "json"
    found = _PLAIN.get(type(value))
    if found is not None:
        return found
    return next(kind for base, kind in _PLAIN.items() if isinstance(value, base))


def _settle(values: Sequence[object], found: set[Kind], wanted: Wanted) -> Kind | None:
    """Find the one kind for what is stored and what arrives."""
    kind = wanted.kind
    for one in sorted(found, key=KINDS.index):
        kind = join(kind, one, wanted)
        if kind is None:
            raise _conflict(values, wanted)
    return kind


def join(kind: Kind | None, found: Kind, wanted: Wanted) -> Kind | None:
    """Give the kind that holds both, or None."""
    match kind, found:
        case None, _:
            return found
        case _ if kind == found:
            return found
        case ("int", "float") if not wanted.fixed:
            return "float"
        case ("float", "int"):
            return "float"
        case ("strings", "json") if wanted.kind is None:
            return "json"
        case ("json", _) if wanted.fixed or found == "strings":
            return "json"
        case ("timestamp", "string") if wanted.fixed:
            return "timestamp"
    return None


def _conflict(values: Sequence[object], wanted: Wanted) -> MisfitError:
    kind = wanted.kind
    for row, value in enumerate(values):
        if value is None:
            continue
        found = _kind_of(value)
        joined = join(kind, found, wanted)
        if joined is None:
            return MisfitError(f"{found} ({short(value)}) does not go into a column of {kind}", row)
        kind = joined
    raise AssertionError("a conflict has a row")


def _misfit(kind: Kind, values: Sequence[object], error: Exception) -> MisfitError:
    """Find the row that does not convert."""
    for row, value in enumerate(values):
        try:
            _BUILD[kind]([value])
        except (ValueError, TypeError, OverflowError, RecursionError, pa.ArrowException) as found:
            return MisfitError(f"{short(value)} does not fit into {kind} ({found})", row)
    return MisfitError(f"the values do not fit into {kind} ({error})")


def short(value: object) -> str:
    """Show a value in an error, escaped and not at any length."""
    if isinstance(value, str | bytes) and len(value) > 60:
        return f"{value[:57]!r}..."
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # an integer of thousands of digits, a deep list
        return f"a large {type(value).__name__}"
    return text if len(text) <= 60 else f"{text[:57]}..."


def _build_plain(kind: Kind) -> Callable[[Sequence[Any]], pa.Array]:
    stored = ARROW[kind]
    return lambda values: pa.array(values, stored, from_pandas=False, size=len(values))


def _build_times(values: Sequence[Any]) -> pa.Array:
    counts = [
        None if one is None else moments.parse(one) if isinstance(one, str) else moments.micros(one)
        for one in values
    ]
    return pa.array(counts, pa.int64()).cast(ARROW["timestamp"])


def _build_json(values: Iterable[Any]) -> pa.Array:
    return pa.array([None if one is None else to_json(one) for one in values], ARROW["json"])


_BUILD: Mapping[Kind, Callable[[Sequence[Any]], pa.Array]] = {
    **{kind: _build_plain(kind) for kind in KINDS},
    "timestamp": _build_times,
    "json": _build_json,
}


def to_json(value: object) -> str:
    """Write a nested value on one line; what JSON cannot hold raises."""
    _check_keys(value)
    return json.dumps(value, ensure_ascii=False, allow_nan=False, default=_from_numpy)


def _check_keys(value: object) -> None:
    """Refuse keys that json would turn into text without a word."""
    if isinstance(value, dict):
        wrong = next((key for key in value if not isinstance(key, str)), None)
        if wrong is not None:
            raise TypeError(f"key {wrong!r} of a nested value is not a string")
        value = list(value.values())
    if isinstance(value, list | tuple):
        for one in value:
            _check_keys(one)


def _from_numpy(value: object) -> object:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} is not JSON")


def bounded(typed: Typed) -> Typed:
    """Refuse NaN, and times that Python could not give back."""
    kind, array = typed
    if kind == "float":
        if len(array) and not array.null_count and not isnan(array.to_numpy().min()):
            return typed
        wrong = pc.is_nan(array)
    elif kind == "timestamp":
        counts = array.cast(pa.int64())
        wrong = pc.or_(pc.less(counts, moments.FIRST), pc.greater(counts, moments.LAST))
    else:
        return typed
    if pc.any(wrong).as_py():
        row = pc.index(wrong, True).as_py()
        fault = "NaN: store None" if kind == "float" else "a time outside the years 1 to 9999"
        raise MisfitError(f"{fault} instead" if kind == "float" else fault, row)
    return typed
