"""Whole columns from NumPy or Arrow as one typed Arrow array, without Python objects where we can.

Arrow data may come from a file, so it is validated before anything reads it.
"""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa

from omnisearch.values import (
    ARROW,
    TOO_MUCH,
    Kind,
    MisfitError,
    Typed,
    Wanted,
    bounded,
    from_list,
    join,
    short,
    to_json,
)

_NUMPY_CODES = "?bhilqBHILQefd"  # the types of which Arrow takes the bytes as they are
_INVALID = (pa.ArrowException, UnicodeDecodeError)


def from_array(array: object, wanted: Wanted) -> Typed | None:
    """Type a column that came as a list, a NumPy or an Arrow array; None: null, and no kind yet."""
    if isinstance(array, pa.Array | pa.ChunkedArray):
        return _from_arrow(_whole(array), wanted)
    if isinstance(array, list | tuple):
        return from_list(array, wanted)
    if not hasattr(array, "__array__"):
        raise MisfitError(f"{type(array).__name__} is neither a list nor an array")
    found = np.asanyarray(array)
    if found.dtype.kind == "M" and found.ndim == 1:
        return _from_times(found, wanted)
    if type(found) is np.ndarray and found.ndim == 1 and found.dtype.char in _NUMPY_CODES:
        return _from_arrow(pa.array(found), wanted)
    if found.ndim == 0:
        raise MisfitError("an array without dimensions is not a column")
    return from_list(found.tolist(), wanted)


def _whole(array: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Join chunks, decode dictionaries and check every byte."""
    try:
        array.validate(full=True)
        if isinstance(array, pa.ChunkedArray):
            array = array.combine_chunks()
        if pa.types.is_dictionary(array.type):
            array = array.cast(array.type.value_type)
    except _INVALID as error:
        raise MisfitError(f"the array is not valid ({error})") from error
    if isinstance(array, pa.ChunkedArray):
        raise MisfitError(TOO_MUCH)
    return array


def _from_times(array: np.ndarray, wanted: Wanted) -> Typed | None:
    """Type times of NumPy, which never have a zone."""
    wrong = np.isnat(array)
    if wrong.any():
        raise MisfitError("NaT: store None instead", int(wrong.argmax()))
    if np.datetime_data(array.dtype)[0] not in ("ns", "us", "ms", "s"):
        array = array.astype("M8[s]")
    return _from_arrow(pa.array(array), wanted)


def _from_arrow(array: pa.Array, wanted: Wanted) -> Typed | None:
    """Cast an Arrow array to the type that we store."""
    if array.null_count == len(array):
        return from_list([None] * len(array), wanted)
    found = _kind(array, wanted)
    if found is None:
        return from_list(array.to_pylist(), wanted)
    kind = join(wanted.kind, found, wanted)
    if kind is None:
        raise MisfitError(f"{found} ({array.type}) does not go into a column of {wanted.kind}")
    if kind != found and {kind, found} != {"int", "float"}:
        return from_list(array.to_pylist(), wanted)
    rounding = pa.types.is_timestamp(array.type) and array.type.unit == "ns"
    try:
        return bounded(Typed(kind, array.cast(ARROW[kind], safe=not rounding)))
    except pa.ArrowException as error:
        raise MisfitError(f"the array does not fit into {kind} ({error})") from error


def _kind(array: pa.Array, wanted: Wanted) -> Kind | None:
    """Tell the kind that an Arrow array is as it stands, if it is one."""
    types, stored = pa.types, array.type
    if types.is_boolean(stored):
        return "bool"
    if types.is_integer(stored):
        return "int"
    if types.is_floating(stored):
        return "float"
    if _is_text(stored):
        return "string"
    if (types.is_list(stored) or types.is_large_list(stored)) and _is_text(stored.value_type):
        return None if array.flatten().null_count else "strings"
    if types.is_timestamp(stored):
        if stored.tz is None and wanted != Wanted("timestamp", True):
            raise MisfitError("times have no time zone: declare the column as timestamp for UTC")
        return "timestamp"
    return None


def _is_text(stored: pa.DataType) -> bool:
    types = pa.types
    return bool(
        types.is_string(stored) or types.is_large_string(stored) or types.is_string_view(stored)
    )


def from_json(array: pa.Array | pa.ChunkedArray, wanted: Wanted) -> Typed:
    """Type a column of JSON text, as an export of ours has it."""
    if wanted.kind not in (None, "json"):
        raise MisfitError(f"json does not go into a column of {wanted.kind}")
    values = _whole(array).to_pylist()
    for row, text in enumerate(values):
        try:
            values[row] = None if text is None else to_json(json.loads(text))
        except (ValueError, TypeError, RecursionError) as error:
            raise MisfitError(f"{short(text)} is not JSON ({error})", row) from error
    return Typed("json", pa.array(values, ARROW["json"]))
