"""vectors.bin: the truth, raw rows behind a small header, mapped and checked block by block.

A block of 64 KiB is hashed when a row in it is first read, so a cold open costs nothing.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import xxhash

from omnisearch.errors import CorruptCollectionError
from omnisearch.storage import files, layout
from omnisearch.storage.files import Written
from omnisearch.storage.mapping import map_file

_SHIFT = 16
BLOCK = 1 << _SHIFT
_DIGEST = 16
_HEADER = struct.Struct("<8s16sIIQ24x")  # magic, collection, dim, item bytes, rows
_MAGIC = b"OMNIVEC1"
HEADER_BYTES = _HEADER.size
Rows = np.ndarray[tuple[int], np.dtype[np.int64]]


class VectorFiles(NamedTuple):
    """What was written: the vectors and their block sums."""

    vectors: Written
    sums: Written


def write(
    folder: Path, collection: bytes, shape: tuple[int, int], dtype: str, parts: Iterable[np.ndarray]
) -> VectorFiles:
    """Write rows that arrive in parts, and the sum of every block."""
    rows, dim = shape
    sums = _BlockSums()
    header = _HEADER.pack(_MAGIC, collection, dim, np.dtype(dtype).itemsize, rows)

    def stream() -> Iterator[memoryview]:
        yield sums.through(memoryview(header))
        for part in parts:
            flat = np.ascontiguousarray(part, dtype).reshape(-1).view(np.uint8)
            for start in range(0, len(flat), 16 * BLOCK):
                yield sums.through(flat[start : start + 16 * BLOCK].data)

    vectors = files.write_file(folder / layout.VECTORS, stream())
    if vectors.size != HEADER_BYTES + rows * dim * np.dtype(dtype).itemsize:
        raise ValueError(f"{vectors.size} bytes do not hold {rows} rows of {dim}")
    return VectorFiles(vectors, files.write_file(folder / layout.VECTOR_SUMS, [sums.finish()]))


def block_sums(data: memoryview) -> bytes:
    """Hash every block of a whole file."""
    sums = _BlockSums()
    sums.through(data)
    return sums.finish()


class _BlockSums:
    """Hashes of consecutive blocks of a stream."""

    def __init__(self) -> None:
        self._digests: list[bytes] = []
        self._state, self._filled = xxhash.xxh3_128(), 0

    def through(self, data: memoryview) -> memoryview:
        rest = data
        while len(rest):
            piece = rest[: BLOCK - self._filled]
            self._state.update(piece)
            self._filled += len(piece)
            rest = rest[len(piece) :]
            if self._filled == BLOCK:
                self._close_block()
        return data

    def _close_block(self) -> None:
        self._digests.append(self._state.digest())
        self._state, self._filled = xxhash.xxh3_128(), 0

    def finish(self) -> bytes:
        if self._filled:
            self._close_block()
        return b"".join(self._digests)


class StoredVectors:
    """The mapped rows of one shard; call `touch` before reading any."""

    def __init__(
        self, folder: Path, entry: dict[str, Written], shape: tuple[int, int], dtype: str
    ) -> None:
        self.path = folder / layout.VECTORS
        self._data = map_file(self.path, entry.get(layout.VECTORS), whole=False)
        self._sums = map_file(folder / layout.VECTOR_SUMS, entry.get(layout.VECTOR_SUMS))
        blocks = -(-len(self._data) // BLOCK)
        rows, dim = shape
        self._stride = dim * np.dtype(dtype).itemsize
        if len(self._sums) != blocks * _DIGEST or len(self._data) != (
            HEADER_BYTES + rows * self._stride
        ):
            raise CorruptCollectionError(f"{self.path} has another size than its rows need")
        self._seen = np.zeros(blocks, bool)
        self._all_seen = False
        self.array = np.frombuffer(self._data, dtype, rows * dim, HEADER_BYTES).reshape(shape)

    def touch(self, rows: Rows | None) -> None:
        """Check the blocks that hold these rows, once; damage raises."""
        if self._all_seen:
            return
        if rows is None:
            self._check(np.flatnonzero(~self._seen))
            return
        start = HEADER_BYTES + rows * self._stride
        first, last = start >> _SHIFT, (start + self._stride - 1) >> _SHIFT
        if self._stride > BLOCK // 2:  # a row may span more than two blocks only then
            pairs = zip(first, last, strict=True)
            wanted = np.concatenate([np.arange(a, b + 1) for a, b in pairs])
        else:
            wanted = np.concatenate([first, last])
        unseen = wanted[~self._seen[wanted]]
        if len(unseen):
            self._check(np.unique(unseen))

    def trust(self) -> None:
        """Take all blocks for checked: by whoever read the same file before."""
        self._all_seen = True

    def _check(self, blocks: np.ndarray) -> None:
        for block in blocks.tolist():
            found = xxhash.xxh3_128_digest(self._data[block * BLOCK : (block + 1) * BLOCK])
            if found != self._sums[block * _DIGEST : (block + 1) * _DIGEST]:
                raise CorruptCollectionError(
                    f"{self.path} is damaged at byte {block * BLOCK}: "
                    "restore it from a snapshot, or delete what `omnisearch doctor` names"
                )
            self._seen[block] = True
        self._all_seen = bool(self._seen.all())

    def unsound_blocks(self) -> list[int]:
        """List the blocks that fail, without using what was seen before."""
        step = range(0, len(self._data), BLOCK)
        sums = self._sums
        return [
            at // BLOCK
            for at in step
            if xxhash.xxh3_128_digest(self._data[at : at + BLOCK])
            != sums[at // BLOCK * _DIGEST : (at // BLOCK + 1) * _DIGEST]
        ]

    def unsound_rows(self) -> np.ndarray:
        """Mark the rows that lie, in part or whole, in blocks that fail."""
        bad = np.zeros(-(-len(self._data) // BLOCK), bool)
        bad[self.unsound_blocks()] = True
        failed = np.concatenate([[0], np.cumsum(bad)])
        start = HEADER_BYTES + np.arange(len(self.array)) * self._stride
        first, last = start // BLOCK, (start + self._stride - 1) // BLOCK
        unsound: np.ndarray = failed[last + 1] > failed[first]
        return unsound
