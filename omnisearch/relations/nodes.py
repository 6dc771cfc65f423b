"""The segments of one generation as the nodes of a graph.

A node is known by a hash of its id and of its vectors: it stays the same node when a compaction
moves its rows, and becomes another when it is stored anew with other contents.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import cached_property
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from omnisearch.storage import batch, ids, sides
from omnisearch.storage.generation import Generation, Part

Positions = npt.NDArray[np.int64]
Places = npt.NDArray[np.int32]
Hashes = npt.NDArray[np.uint64]
Kinds = npt.NDArray[np.uint8]

_SEED = 0x6F6D6E69
_READ = 8192  # rows whose vectors are hashed at a time
_BY_WORDS = np.uint64(0x9E3779B97F4A7C15)  # sets a vector of words apart from one of content
_lock = threading.Lock()
_known: WeakKeyDictionary[Part, Hashes] = WeakKeyDictionary()


@dataclass(frozen=True)
class Nodes:
    """The segments that are not deleted, in the order of their rows."""

    now: Generation
    rows: Positions  # (n,) the row by which a segment is known: of its content, if it has one
    beside: Positions  # (n,) the row of its words beside that, -1 where there is none

    @classmethod
    def of(cls, now: Generation) -> Nodes:
        """List them."""
        kinds, others = now.sides.kinds, now.sides.others
        first = np.ones(now.rows, bool)
        if others is not None:
            first = (kinds < sides.WORDS) | (others < 0)
        if now.alive is not None:
            first &= now.alive
        if now.wholes is not None:
            first &= kinds < sides.WHOLES
        rows = np.flatnonzero(first)
        beside = np.full(len(rows), -1, np.int64)
        if others is not None:
            beside[:] = np.where(kinds[rows] < sides.WORDS, others[rows], -1)
        return cls(now, rows, beside)

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def of_row(self) -> Places:
        """Give the node that each row shows, -1 for deleted ones."""
        found = np.full(self.now.rows, -1, np.int32)
        numbers = np.arange(len(self.rows), dtype=np.int32)
        found[self.rows] = numbers
        there = self.beside >= 0
        found[self.beside[there]] = numbers[there]
        return found

    @cached_property
    def modalities(self) -> Kinds:
        """Give the modality of each, as a number."""
        return np.asarray(self.now.sides.kinds[self.rows] % sides.WORDS, np.uint8)

    @cached_property
    def items(self) -> Positions:
        """Give numbers that nodes share that are of one item, unless it lies in two parts."""
        found = np.empty(self.now.rows, np.int64)
        for number, (part, start) in enumerate(
            zip(self.now.parts, self.now.starts.tolist(), strict=False)
        ):
            found[start : start + part.rows] = part.sides.items.astype(np.int64) + (number << 32)
        return found[self.rows]

    @cached_property
    def keys(self) -> Hashes:
        """Give what each is known by."""
        prints = [np.zeros(0, np.uint64), *(_prints(part) for part in self.now.parts)]
        every = np.concatenate(prints)
        with np.errstate(over="ignore"):
            said = np.where(self.beside >= 0, every[self.beside] * _BY_WORDS, np.uint64(0))
        return np.asarray(every[self.rows] ^ said, np.uint64)

    @cached_property
    def shown(self) -> npt.NDArray[np.bool_]:
        """Mark those that are found at all."""
        shown = self.now.shown
        return np.ones(len(self.rows), bool) if shown is None else shown[self.rows]


def _prints(part: Part) -> Hashes:
    """Hash ids and vectors of a part, once for each that stays."""
    with _lock:
        known = _known.get(part)
    if known is not None and len(known) == part.rows:
        return known
    names = [name for table in part.tables for name in table.column(batch.SEGMENT).to_pylist()]
    found = np.asarray(ids.hash_ids(names) ^ _digests(part), np.uint64)
    with _lock:
        _known[part] = found
    return found


def _digests(part: Part) -> Hashes:
    """Hash vectors: their bits times odd numbers drawn once, added up (multilinear hashing)."""
    part.touch(None)
    width = part.vectors.dtype.itemsize
    bits = np.dtype(f"<u{width}")
    random = np.random.default_rng(_SEED)
    odd = random.integers(0, 1 << 63, part.vectors.shape[1], np.uint64) << 1 | 1
    found = np.empty(part.rows, np.uint64)
    for begin in range(0, part.rows, _READ):
        block = np.ascontiguousarray(part.vectors[begin : begin + _READ]).view(bits)
        with np.errstate(over="ignore"):
            found[begin : begin + _READ] = block.astype(np.uint64) @ odd
    return found
