"""ids.bin: sorted XXH3-64 of every segment id beside its row; a candidate is compared in full."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence

import numpy as np
import xxhash

_HEADER = struct.Struct("<8sQ")  # magic, rows
_MAGIC = b"OMNIIDS1"
Hashes = np.ndarray[tuple[int], np.dtype[np.uint64]]


def hash_ids(ids: Sequence[str]) -> Hashes:
    """Hash ids as they are stored."""
    digest = xxhash.xxh3_64_intdigest
    return np.fromiter((digest(name.encode()) for name in ids), np.uint64, len(ids))


def build(ids: Sequence[str]) -> list[bytes]:
    """Write ids.bin for rows in this order."""
    hashes = hash_ids(ids)
    order = np.argsort(hashes, kind="stable").astype("<u4")
    header = _HEADER.pack(_MAGIC, len(hashes))
    return [header, hashes[order].astype("<u8").tobytes(), order.tobytes()]


class IdTable:
    """Ids of one shard to rows, over mapped bytes."""

    def __init__(self, data: memoryview | bytes, rows: int, id_at: Callable[[int], str]) -> None:
        if len(data) != _HEADER.size + 12 * rows or _HEADER.unpack_from(data) != (_MAGIC, rows):
            raise ValueError(f"an id table of {len(data)} bytes does not hold {rows} rows")
        self._hashes = np.frombuffer(data, "<u8", rows, _HEADER.size)
        self._rows = np.frombuffer(data, "<u4", rows, _HEADER.size + 8 * rows)
        if rows and int(self._rows.max()) >= rows:
            raise ValueError("an id table names a row that is not there")
        self._id_at = id_at

    def find(self, ids: Sequence[str], hashes: Hashes) -> list[tuple[int, int]]:
        """List (place in `ids`, row) for each row that has one of the ids, deleted rows too."""
        if not len(self._hashes):
            return []
        left = np.searchsorted(self._hashes, hashes)
        inside = np.minimum(left, len(self._hashes) - 1)
        likely = np.flatnonzero(self._hashes[inside] == hashes)
        found = []
        for place in likely.tolist():
            at = int(left[place])
            while at < len(self._hashes) and self._hashes[at] == hashes[place]:
                row = int(self._rows[at])
                if self._id_at(row) == ids[place]:
                    found.append((place, row))
                at += 1
        return found
