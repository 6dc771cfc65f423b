"""Named arrays in one buffer: how codebooks, codes and graphs lie on disk, read without a copy.

Header `<8s4sHHI`: magic, kind, version, number of arrays, zero. Then one entry for each array,
`<16scB6xQ4Q`: name, dtype, dimensions, zeros, offset, shape. Arrays start at multiples of 64 bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omnisearch_indexes.errors import CorruptIndexError

MAGIC = b"OMNIARR\n"
VERSION = 1
_HEADER = struct.Struct("<8s4sHHI")
_ENTRY = struct.Struct("<16scB6xQ4Q")
_ALIGNMENT = 64
_MOST_ARRAYS = 64
_DTYPES: dict[bytes, np.dtype[Any]] = {
    b"B": np.dtype("<u1"),
    b"I": np.dtype("<u4"),
    b"i": np.dtype("<i4"),
    b"q": np.dtype("<i8"),
    b"f": np.dtype("<f4"),
    b"d": np.dtype("<f8"),
}
_CODES = {dtype: code for code, dtype in _DTYPES.items()}

Array = NDArray[Any]
Buffer = bytes | bytearray | memoryview | NDArray[np.uint8]


def pack(kind: bytes, arrays: Mapping[str, Array]) -> bytearray:
    """Lay the arrays behind a header that names them."""
    entries, end = [], _aligned(_HEADER.size + _ENTRY.size * len(arrays))
    for name, array in arrays.items():
        shape = array.shape + (1,) * (4 - array.ndim)
        entries.append((name.encode(), _CODES[array.dtype], array.ndim, end, *shape))
        end = _aligned(end + array.nbytes)
    packed = bytearray(end)
    _HEADER.pack_into(packed, 0, MAGIC, kind, VERSION, len(entries), 0)
    for number, (entry, array) in enumerate(zip(entries, arrays.values(), strict=True)):
        _ENTRY.pack_into(packed, _HEADER.size + number * _ENTRY.size, *entry)
        flat = np.frombuffer(packed, np.uint8, array.nbytes, entry[3])
        flat[:] = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
    return packed


def unpack(kind: bytes, buffer: Buffer) -> dict[str, Array]:
    """Read-only views of the arrays in a buffer; every length is checked before it is used."""
    what = kind.decode("ascii").strip()
    whole = np.frombuffer(buffer, np.uint8)
    plain = whole.data
    if len(whole) < _HEADER.size:
        raise CorruptIndexError(what, f"{len(whole)} bytes are too few")
    magic, found, version, count, _ = _HEADER.unpack_from(plain)
    if magic != MAGIC or found != kind:
        raise CorruptIndexError(what, "these bytes are something else")
    if version != VERSION:
        raise CorruptIndexError(what, f"version {version}, this release reads {VERSION}")
    if count > _MOST_ARRAYS or len(whole) < _HEADER.size + count * _ENTRY.size:
        raise CorruptIndexError(what, f"{count} arrays do not fit in {len(whole)} bytes")
    places = (_HEADER.size + number * _ENTRY.size for number in range(count))
    entries = (_ENTRY.unpack_from(plain, place) for place in places)
    named = dict(_view(what, whole, entry) for entry in entries)
    ends = [array.ctypes.data + array.nbytes - whole.ctypes.data for array in named.values()]
    require(what, len(whole) == _aligned(max(ends, default=0)), "bytes are missing or left over")
    return named


def require(what: str, claim: bool, fault: str) -> None:
    """Raise unless the claim about foreign bytes holds."""
    if not claim:
        raise CorruptIndexError(what, fault)


def take(what: str, arrays: Mapping[str, Array], name: str, dtype: str, dims: int) -> Array:
    """One array by name, with the type and dimensions it must have."""
    array = arrays.get(name)
    if array is None or array.dtype != np.dtype(dtype) or array.ndim != dims:
        raise CorruptIndexError(what, f"array {name} is missing or of another type")
    return array


def _view(what: str, whole: NDArray[np.uint8], entry: tuple[object, ...]) -> tuple[str, Array]:
    name, code, dims, offset, *shape = entry
    assert isinstance(name, bytes) and isinstance(code, bytes)
    assert isinstance(dims, int) and isinstance(offset, int)
    sizes = [size for size in shape if isinstance(size, int)]
    dtype = _DTYPES.get(code)
    if dtype is None or dims > len(sizes) or any(size != 1 for size in sizes[dims:]):
        raise CorruptIndexError(what, "an array has no known type or shape")
    length = dtype.itemsize
    for size in sizes:  # Python integers: a product that cannot overflow
        length *= size
    if offset % _ALIGNMENT or offset > len(whole) or length > len(whole) - offset:
        raise CorruptIndexError(what, "an array reaches past the end")
    array = whole[offset : offset + length].view(dtype).reshape(sizes[:dims])
    array.flags.writeable = False
    return name.rstrip(b"\0").decode("ascii", "replace"), array


def _aligned(offset: int) -> int:
    return -(-offset // _ALIGNMENT) * _ALIGNMENT
