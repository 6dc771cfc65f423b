"""Exact closeness of stored rows to a query, without converting float16 in Python.

Closeness is the inner product, or minus the squared distance; FAISS computes it row by row with the
same kernel whatever the block, so one row always gets the same score.
"""

from __future__ import annotations

import weakref

import faiss
import numpy as np
from numpy.typing import NDArray

from omnisearch_indexes.pieces import Rows, Stored
from omnisearch_indexes.protocol import Metric, Positions, Scores, Vectors

_LOOSE = 8192  # found rows that are kept unsorted beyond twice k
_BLOCK_BYTES = 1 << 20  # gathered at a time: half of a second-level cache

Found = tuple[Positions, Scores]


class Scorer:
    """Scores blocks of rows against one query at a time; not to be shared between threads."""

    def __init__(self, dim: int, dtype: np.dtype[np.generic], metric: Metric) -> None:
        measure = faiss.METRIC_L2 if metric == "l2" else faiss.METRIC_INNER_PRODUCT
        self._negated = metric == "l2"
        self._quantizer = faiss.IndexFlat(dim, measure)
        if dtype == np.float16:
            kind = faiss.ScalarQuantizer.QT_fp16
            self._index = faiss.IndexIVFScalarQuantizer(self._quantizer, dim, 1, kind, measure)
            self._index.by_residual = False
        else:
            self._index = faiss.IndexIVFFlat(self._quantizer, dim, 1, measure)
        self._scanner = self._index.get_InvertedListScanner(True, None, None)
        # Not `thisown = True`: that miscounts references in FAISS 1.15 and breaks the interpreter.
        weakref.finalize(self, faiss.InvertedListScanner.__swig_destroy__, self._scanner)
        self._scanner.set_list(0, 0.0)
        self._query: Vectors = np.empty(dim, np.float32)
        self._room: Stored = np.empty((0, dim), dtype)
        self._make_heap(64)

    def ask(self, query: Vectors) -> None:
        """Set the query that the following rows are compared with."""
        self._query = np.ascontiguousarray(query, np.float32)
        self._scanner.set_query(faiss.swig_ptr(self._query))

    def top(self, rows: Stored, k: int) -> Found:
        """Return the k closest rows, best first; of equally close ones the first."""
        wanted = min(k, len(rows))
        limit = min(wanted + 1, len(rows))
        while True:
            numbers, closeness = self._scan(rows, limit)
            order = np.lexsort((numbers, -closeness))
            numbers, closeness = numbers[order], closeness[order]
            if limit == len(rows) or closeness[wanted - 1] > closeness[-1]:
                return numbers[:wanted], closeness[:wanted]
            limit = min(limit * 4, len(rows))  # ties reach over the edge: see more of them

    def each(self, rows: Stored) -> Scores:
        """Return how close every row is, in their order."""
        numbers, closeness = self._scan(rows, len(rows))
        found = np.empty(len(rows), np.float32)
        found[numbers] = closeness
        return found

    def room(self, count: int) -> Stored:
        """Lend memory for so many rows, the same each time: fresh pages cost more than the copy."""
        if count > len(self._room):
            self._room = np.empty((count, self._room.shape[1]), self._room.dtype)
        return self._room[:count]

    def _scan(self, rows: Stored, limit: int) -> Found:
        """FAISS keeps the best of a block in a heap that we hand over."""
        if limit > len(self._numbers):
            self._make_heap(limit)
        measured, numbers = self._measured[:limit], self._numbers[:limit]
        measured.fill(np.inf if self._negated else -np.inf)
        numbers.fill(-1)
        codes = faiss.swig_ptr(rows.view(np.uint8))
        self._scanner.scan_codes(len(rows), codes, None, *self._heap, limit)
        if limit == len(rows) and numbers.min() < 0:  # an overflow to infinity never enters a heap
            numbers[numbers < 0] = np.setdiff1d(np.arange(limit), numbers)
        return numbers, -measured if self._negated else measured

    def _make_heap(self, limit: int) -> None:
        self._measured = np.empty(limit, np.float32)
        self._numbers = np.empty(limit, np.int64)
        self._heap = faiss.swig_ptr(self._measured), faiss.swig_ptr(self._numbers)


class Nearest:
    """The k closest of what was found block by block, put in order only now and then."""

    def __init__(self, k: int) -> None:
        self._k = k
        self._parts: list[Found] = []
        self._size = 0

    def add(self, found: Found) -> None:
        """Take note of the closest of one more block."""
        self._parts.append(found)
        self._size += len(found[0])
        if self._size > 2 * self._k + _LOOSE:
            self._parts = [self.found()]
            self._size = len(self._parts[0][0])

    def found(self) -> Found:
        """Return the k closest so far, best first; ties go to the lower position."""
        if len(self._parts) == 1:
            return self._parts[0]
        positions = np.concatenate([np.empty(0, np.int64), *(part[0] for part in self._parts)])
        closeness = np.concatenate([np.empty(0, np.float32), *(part[1] for part in self._parts)])
        order = np.lexsort((positions, -closeness))[: self._k]
        return positions[order], closeness[order]


def nearest_of(scorer: Scorer, rows: Rows, positions: Positions, k: int) -> Found:
    """Return the k closest among the rows at ascending positions."""
    step = max(_BLOCK_BYTES // (rows.dim * rows.dtype.itemsize), 1)
    best = Nearest(k)
    for begin in range(0, len(positions), step):
        block = positions[begin : begin + step]
        numbers, closeness = scorer.top(rows.gather(block), k)
        best.add((block[numbers], closeness))
    return best.found()


def merge(first: Found, second: Found, k: int) -> Found:
    """Return the k best of two lists; ties go to the lower position."""
    if not len(first[0]):
        return second[0][:k], second[1][:k]
    positions = np.concatenate([first[0], second[0]])
    closeness = np.concatenate([first[1], second[1]])
    order = np.lexsort((positions, -closeness))[:k]
    return positions[order], closeness[order]


def scores(closeness: NDArray[np.float32], metric: Metric) -> Scores:
    """Return what users see: cosine, inner product, or minus the distance."""
    if metric == "l2":
        return -np.sqrt(np.maximum(-closeness, 0))
    return closeness
