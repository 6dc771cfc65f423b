"""Which rows of a shard are deleted: a bitmap in a file of its own, a new one per manifest."""

from __future__ import annotations

import struct

import numpy as np

from omnisearch.errors import CorruptCollectionError
from omnisearch.storage import files, layout
from omnisearch.storage.files import Written
from omnisearch.storage.manifest import ShardEntry
from omnisearch.storage.mapping import map_file
from omnisearch.storage.shard import Place

_HEADER = struct.Struct("<8sQ")  # magic, rows
_MAGIC = b"OMNITOM1"
Mask = np.ndarray[tuple[int], np.dtype[np.bool_]]


def write_tombs(place: Place, name: str, number: int, dead: Mask) -> tuple[str, Written]:
    """Write the deleted rows of one shard as of one manifest; the caller syncs the folder."""
    file = f"{name}.{number:012d}.bits"
    header = _HEADER.pack(_MAGIC, len(dead))
    bits = np.packbits(dead, bitorder="little").tobytes()
    path = place.root / layout.TOMBS / file
    if path.exists():  # left by an attempt that never published this manifest
        files.remove(path)
    return file, files.write_file(path, [header, bits])


def read_tombs(place: Place, entry: ShardEntry) -> Mask:
    """Read which rows of a shard are deleted."""
    if entry.tombs is None:
        return np.zeros(entry.rows, bool)
    path = place.root / layout.TOMBS / entry.tombs
    data = map_file(path, entry.tombs_file)
    if len(data) != _HEADER.size + -(-entry.rows // 8) or _HEADER.unpack_from(data) != (
        _MAGIC,
        entry.rows,
    ):
        raise CorruptCollectionError(f"{path} does not fit a shard of {entry.rows} rows")
    bits = np.frombuffer(data, np.uint8, offset=_HEADER.size)
    dead = np.unpackbits(bits, count=entry.rows, bitorder="little").astype(bool)
    if int(np.count_nonzero(dead)) != entry.deleted:
        raise CorruptCollectionError(f"{path} does not mark the {entry.deleted} rows it should")
    return dead
