"""The 4-bit codes of one piece, laid out as FAISS FastScan reads them.

A block holds 64 rows of one list. For each pair of groups it has 64 bytes, 32 for each half of the
rows: 16 for the even group, 16 for the odd one; byte j has row ORDER[j] of the half in its low
nibble and row ORDER[j] + 16 in its high one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from omnisearch_indexes import arrays
from omnisearch_indexes.graph import Graph
from omnisearch_indexes.protocol import Bytes, Mask

if TYPE_CHECKING:
    from omnisearch_indexes.codebook import Codebook

KIND = b"code"
BLOCK_ROWS = 64  # read a tenth faster than 32, under a filter a fifth
ORDER = np.array([0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15])
_WHAT = "codes"
_STEP = 2048  # blocks packed at a time, to keep temporaries small

Lists = NDArray[np.uint16]  # the list of each row
Order = NDArray[np.uint32]


class ByRow(NamedTuple):
    """Codes in the order of rows."""

    nibbles: Bytes  # (n, groups / 2), two groups a byte
    lists: Lists | None = np.empty(0, np.uint16)
    strays: Mask = np.empty(0, np.bool_)

    def kept(self, keep: Mask) -> ByRow:
        """Return the rows of a mask."""
        lists = None if self.lists is None else self.lists[keep]
        return ByRow(self.nibbles[keep], lists, self.strays[keep])


@dataclass(frozen=True, slots=True, eq=False)
class Codes:
    """Codes of consecutive rows, grouped by list; `order` names the row in each place."""

    rows: int
    counts: NDArray[np.uint32]  # (lists,) rows in each list
    order: Order | None  # (coded rows,); None where there is one list of all rows
    blocks: Bytes  # (blocks, groups / 2 * 64)
    strays: Order  # ascending: rows too far off for a code, in no list and always scored
    graph: Graph | None = None  # of large sealed pieces where the codebook asks for graphs

    @staticmethod
    def arrange(coded: ByRow, count: int) -> Codes:
        """Group rows by list."""
        nibbles, lists, strays = coded.nibbles, coded.lists, coded.strays
        rows, none = len(nibbles), np.empty(0, np.uint32)
        if lists is None and not strays.any():
            return Codes(rows, np.array([rows], np.uint32), None, pack_blocks(nibbles), none)
        kept = np.flatnonzero(~strays).astype(np.uint32)
        own = np.zeros(len(kept), np.uint16) if lists is None else lists[kept]
        order = kept[np.argsort(own, kind="stable")]
        counts = np.bincount(own, minlength=1 if lists is None else count).astype(np.uint32)
        padded = np.zeros((_blocks(counts).sum() * BLOCK_ROWS, nibbles.shape[1]), np.uint8)
        padded[_places(counts)] = nibbles[order]
        apart = np.flatnonzero(strays).astype(np.uint32)
        return Codes(rows, counts, order, pack_blocks(padded), apart)

    def by_row(self) -> ByRow:
        """Nibbles, lists and strays in the order of rows: the inverse of `arrange`."""
        nibbles, strays = unpack_blocks(self.blocks), np.zeros(self.rows, np.bool_)
        if self.order is None:
            return ByRow(nibbles[: self.rows], None, strays)
        strays[self.strays] = True
        lists = np.zeros(self.rows, np.uint16)
        lists[self.order] = np.repeat(np.arange(len(self.counts), dtype=np.uint16), self.counts)
        sorted_back = np.zeros((self.rows, nibbles.shape[1]), np.uint8)
        sorted_back[self.order] = nibbles[_places(self.counts)]
        return ByRow(sorted_back, lists if len(self.counts) > 1 else None, strays)

    def block_starts(self) -> NDArray[np.int64]:
        """Where each list begins in `blocks`."""
        return _starts(_blocks(self.counts))

    def to_bytes(self) -> bytearray:
        """Return the codes as one file."""
        named: dict[str, arrays.Array] = {"counts": self.counts, "blocks": self.blocks}
        if self.order is not None:
            named |= {"order": self.order, "strays": self.strays}
        if self.graph is not None:
            named |= self.graph.to_arrays()
        return arrays.pack(KIND, named)

    @staticmethod
    def from_bytes(buffer: arrays.Buffer, codebook: Codebook) -> Codes:
        """Codes over a buffer, not copied; raises where they are not of this codebook."""
        found = arrays.unpack(KIND, buffer)
        counts = arrays.take(_WHAT, found, "counts", "<u4", 1)
        blocks = arrays.take(_WHAT, found, "blocks", "<u1", 2)
        fits = len(counts) in (1, codebook.lists) and blocks.shape[1] == codebook.block_bytes
        arrays.require(_WHAT, fits, "these belong to another codebook")
        whole = _blocks(counts).sum() == len(blocks)
        arrays.require(_WHAT, bool(whole), "the lists do not add up to the blocks")
        rows = int(counts.sum(dtype=np.int64))
        order, strays = None, np.empty(0, np.uint32)
        if len(counts) > 1 or "order" in found:
            order = arrays.take(_WHAT, found, "order", "<u4", 1)
            strays = arrays.take(_WHAT, found, "strays", "<u4", 1)
            listed, rows = len(order) == rows, rows + len(strays)
            every = np.concatenate([order, strays])
            named = listed and _is_permutation(every, rows) and bool((np.diff(strays) > 0).all())
            arrays.require(_WHAT, named, "rows are missing or named twice")
        graph = None
        if "levels" in found:
            graph = Graph.from_arrays(found, rows, codebook.dim, codebook.metric)
        return Codes(rows, counts, order, blocks, strays, graph)


def merge_codes(parts: Sequence[tuple[Codes, Mask | None]], codebook: Codebook) -> Codes:
    """Return the codes of all kept rows, copied; rows without a list get one from their codes."""
    kept = [ByRow(np.empty((0, codebook.block_bytes // BLOCK_ROWS), np.uint8))]
    for codes, keep in parts:
        coded = codes.by_row()
        if coded.lists is None and codebook.lists > 1:
            coded = coded._replace(lists=codebook.assign_codes(coded.nibbles))
        kept.append(coded if keep is None else coded.kept(keep))
    nibbles = np.concatenate([part.nibbles for part in kept])
    lists = np.concatenate([part.lists for part in kept if part.lists is not None])
    strays = np.concatenate([part.strays for part in kept])
    return Codes.arrange(
        ByRow(nibbles, lists if codebook.lists > 1 else None, strays), codebook.lists
    )


def pack_blocks(nibbles: Bytes) -> Bytes:
    """Rows (n, groups / 2) to blocks; the last block is filled with zeros."""
    count, pairs = -(-len(nibbles) // BLOCK_ROWS), nibbles.shape[1]
    blocks = np.empty((count, pairs * BLOCK_ROWS), np.uint8)
    for begin in range(0, count, _STEP):
        rows = nibbles[begin * BLOCK_ROWS : (begin + _STEP) * BLOCK_ROWS]
        missing = -len(rows) % BLOCK_ROWS
        rows = np.pad(rows, ((0, missing), (0, 0))) if missing else rows
        by_pair = rows.reshape(-1, 2, 32, pairs).transpose(0, 3, 1, 2)
        first, second = by_pair[..., ORDER], by_pair[..., ORDER + 16]
        laid = blocks[begin : begin + _STEP].reshape(-1, pairs, 2, 2, 16)
        laid[:, :, :, 0] = (first & 15) | (second << 4)
        laid[:, :, :, 1] = (first >> 4) | (second & 0xF0)
    return blocks


def unpack_blocks(blocks: Bytes) -> Bytes:
    """Blocks to rows, the filling included."""
    pairs = blocks.shape[1] // BLOCK_ROWS
    rows = np.empty((len(blocks) * BLOCK_ROWS, pairs), np.uint8)
    for begin in range(0, len(blocks), _STEP):
        laid = blocks[begin : begin + _STEP].reshape(-1, pairs, 2, 2, 16)
        even, odd = laid[:, :, :, 0], laid[:, :, :, 1]  # (blocks, pairs, halves, 16)
        back = rows[begin * BLOCK_ROWS :][: len(laid) * BLOCK_ROWS].reshape(-1, 2, 32, pairs)
        back[:, :, ORDER] = ((even & 15) | (odd << 4)).transpose(0, 2, 3, 1)
        back[:, :, ORDER + 16] = ((even >> 4) | (odd & 0xF0)).transpose(0, 2, 3, 1)
    return rows


def _blocks(counts: NDArray[np.uint32]) -> NDArray[np.int64]:
    return -(-counts.astype(np.int64) // BLOCK_ROWS)


def _starts(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.int64)


def _places(counts: NDArray[np.uint32]) -> NDArray[np.int64]:
    """Where each row lies when every list begins with a new block."""
    shift = _starts(_blocks(counts)) * BLOCK_ROWS - _starts(counts.astype(np.int64))
    return np.arange(counts.sum(dtype=np.int64)) + np.repeat(shift, counts)


def _is_permutation(order: Order, rows: int) -> bool:
    if len(order) != rows or (rows and int(order.max()) >= rows):
        return False
    seen = np.zeros(rows, np.bool_)
    seen[order] = True
    return bool(seen.all())
