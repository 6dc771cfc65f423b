"""Codes of consecutive pieces as one FAISS FastScan index, immutable once built.

List `l` of piece `p` is inverted list `l * pieces + p`: pieces keep their blocks as they are,
nothing is padded or packed anew, and building is a memcpy. Codes hold no residuals, so lists need
no centroids here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import faiss
import numpy as np
from numpy.typing import NDArray

from omnisearch_indexes.allowed import Allowed
from omnisearch_indexes.codes import BLOCK_ROWS, Codes
from omnisearch_indexes.protocol import Positions, Vectors
from omnisearch_indexes.threads import one_thread

if TYPE_CHECKING:
    from omnisearch_indexes.codebook import Codebook

Candidates = tuple[NDArray[np.float32], Positions]  # closeness by the codes (q, c), best first


class Lists:
    """All rows of some pieces, grouped by list."""

    def __init__(self, codebook: Codebook, parts: Sequence[tuple[int, Codes]]) -> None:
        self.lists = len(parts[0][1].counts)
        self.rows = sum(int(codes.counts.sum()) for _, codes in parts)
        self.sizes: NDArray[np.int64] = np.sum(
            [codes.counts for _, codes in parts], axis=0, dtype=np.int64
        )
        self._parts = len(parts)
        self._negated = codebook.metric == "l2"
        self._index, self._quantizer = _empty_index(codebook, self.lists * len(parts))
        for number, (start, codes) in enumerate(parts):
            self._fill(number, start, codes)
        self._index.ntotal = self.rows

    @property
    def bytes(self) -> int:
        """The memory that codes and positions take."""
        return self.rows * (int(self._index.code_size) + np.dtype(np.int64).itemsize)

    def search(
        self, rotated: Vectors, count: int, probes: Positions | None, allowed: Allowed | None
    ) -> Candidates:
        """Return the rows with the closest codes in the probed lists, -1 where they run out."""
        if probes is None:
            every = np.arange(self.lists * self._parts)
            asked = np.broadcast_to(every, (len(rotated), len(every)))
        elif self._parts == 1:
            asked = probes
        else:
            asked = (probes[:, :, None] * self._parts + np.arange(self._parts)).reshape(
                len(rotated), -1
            )
        return self._scan(rotated, count, asked, allowed)

    def _scan(
        self, rotated: Vectors, count: int, asked: Positions, allowed: Allowed | None
    ) -> Candidates:
        """Call FAISS with pointers, because its Python function takes no selector."""
        asked = np.ascontiguousarray(asked, np.int64)
        rotated = np.ascontiguousarray(rotated, np.float32)
        unused = np.zeros(asked.shape, np.float32)
        measured = np.empty((len(rotated), count), np.float32)
        positions = np.empty((len(rotated), count), np.int64)
        settings = None  # the index's own: making any costs as much as scoring a few rows
        if allowed is not None or asked.shape[1] != self._index.nprobe:
            settings = faiss.SearchParametersIVF(nprobe=asked.shape[1])
            if allowed is not None:
                settings.sel = allowed.selector
        given = (rotated, asked, unused, measured, positions)
        pointers = [faiss.swig_ptr(array) for array in given]
        with one_thread():
            self._index.search_preassigned_c(
                len(rotated), pointers[0], count, *pointers[1:], False, settings
            )
        return -measured if self._negated else measured, positions

    def _fill(self, number: int, start: int, codes: Codes) -> None:
        lists = faiss.downcast_InvertedLists(self._index.invlists)
        ends = np.cumsum(codes.counts, dtype=np.int64)
        block_starts = codes.block_starts()
        for listed in np.flatnonzero(codes.counts):
            size, block = int(codes.counts[listed]), int(block_starts[listed])
            begin = int(ends[listed]) - size
            target = int(listed) * self._parts + number
            lists.resize(target, size)
            blocks = codes.blocks[block : block - (-size // BLOCK_ROWS)]
            if codes.order is None:
                keys = np.arange(start + begin, start + begin + size)
            else:  # list by list, so that no array of all positions stays in the heap
                keys = codes.order[begin : begin + size].astype(np.int64) + start
            faiss.memcpy(lists.get_codes(target), faiss.swig_ptr(blocks), blocks.nbytes)
            faiss.memcpy(lists.get_ids(target), faiss.swig_ptr(keys), keys.nbytes)


def _empty_index(
    codebook: Codebook, lists: int
) -> tuple[faiss.IndexIVFPQFastScan, faiss.IndexFlat]:
    width, groups = codebook.rotation.width, len(codebook.groups)
    measure = faiss.METRIC_L2 if codebook.metric == "l2" else faiss.METRIC_INNER_PRODUCT
    quantizer = faiss.IndexFlat(width, measure)
    index = faiss.IndexIVFPQFastScan(quantizer, width, lists, groups, 4, measure, BLOCK_ROWS)
    index.by_residual = False
    index.implem = 11  # list by list into a reservoir: a quarter faster than the default here
    faiss.copy_array_to_vector(codebook.groups.reshape(-1), index.pq.centroids)
    index.is_trained = True
    return index, quantizer
