"""Vectors under integer keys in memory: the index of this package for use on its own."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from omnisearch_indexes import arrays
from omnisearch_indexes.codebook import Codebook
from omnisearch_indexes.codes import Codes
from omnisearch_indexes.errors import CorruptIndexError
from omnisearch_indexes.pieces import Piece, Stored
from omnisearch_indexes.protocol import Kind, Mask, Metric, Neighbours, Positions, Vectors
from omnisearch_indexes.shards import Shards

KIND = b"tabl"
CODED_FROM = 10_000  # fewer rows are searched exactly
_WHAT = "table"
_METRICS: tuple[Metric, ...] = ("cosine", "ip", "l2")
_KINDS: tuple[Kind, ...] = ("auto", "flat", "scan", "ivfpq", "hnsw")


class Table:
    """Implements `Index`; not to be changed while it is searched."""

    def __init__(self, dim: int, metric: Metric = "cosine", kind: Kind = "auto") -> None:
        if not 2 <= dim <= 4096:
            raise ValueError(f"dim must be 2 to 4096, not {dim}")
        self.dim, self.metric, self.kind = dim, metric, kind
        self.keys: Positions = np.empty(0, np.int64)
        self._vectors: Stored = np.empty((0, dim), np.float16 if metric == "cosine" else np.float32)
        self._shards: Shards | None = None

    def add(self, keys: Positions, vectors: Vectors) -> None:
        """Store vectors under keys that are not stored yet; `keys` stays sorted."""
        if vectors.shape != (len(keys), self.dim) or not np.isfinite(vectors).all():
            raise ValueError(f"vectors must be finite and ({len(keys)}, {self.dim})")
        together = np.concatenate([self.keys, np.asarray(keys, np.int64)])
        order = np.argsort(together, kind="stable")
        if (np.diff(together[order]) == 0).any():
            raise ValueError("a key is stored already or given twice")
        self.keys = together[order]
        self._vectors = np.concatenate([self._vectors, self._as_stored(vectors)])[order]
        self._shards = None

    def search(self, queries: Vectors, k: int, allow: Mask | None = None) -> list[Neighbours]:
        """Return the k nearest keys of each query; `allow` has a bool for each of `keys`."""
        if self.metric == "cosine":
            queries = _normalised(queries)
        found = self._searcher().search(queries, k, allow)
        return [dataclasses.replace(near, positions=self.keys[near.positions]) for near in found]

    def save(self) -> bytes:
        """Return the whole index as bytes."""
        searcher = self._searcher()
        numbers = [self.dim, _METRICS.index(self.metric), _KINDS.index(self.kind)]
        named: dict[str, arrays.Array] = {
            "numbers": np.array(numbers, np.int64),
            "keys": self.keys,
            "vectors": self._vectors.view(np.uint8),
        }
        codes = searcher.pieces[0].codes
        if searcher.codebook is not None and codes is not None:
            named["codebook"] = np.frombuffer(searcher.codebook.to_bytes(), np.uint8)
            named["codes"] = np.frombuffer(codes.to_bytes(), np.uint8)
        return bytes(arrays.pack(KIND, named))

    @staticmethod
    def load(data: arrays.Buffer) -> Table:
        """Return an index from its bytes; raise where they are damaged."""
        found = arrays.unpack(KIND, data)
        numbers = arrays.take(_WHAT, found, "numbers", "<i8", 1)
        arrays.require(_WHAT, len(numbers) == 3, "numbers are missing")
        dim, metric, kind = (int(number) for number in numbers)
        known = 2 <= dim <= 4096 and 0 <= metric < len(_METRICS) and 0 <= kind < len(_KINDS)
        arrays.require(_WHAT, known, "the settings are unknown")
        table = Table(dim, _METRICS[metric], _KINDS[kind])
        keys = arrays.take(_WHAT, found, "keys", "<i8", 1)
        stored = arrays.take(_WHAT, found, "vectors", "<u1", 2)
        width = dim * table._vectors.dtype.itemsize
        arrays.require(_WHAT, stored.shape == (len(keys), width), "vectors are missing")
        arrays.require(_WHAT, bool((np.diff(keys) > 0).all()), "the keys are not sorted")
        table.keys, table._vectors = keys.copy(), stored.copy().view(table._vectors.dtype)
        table._shards = table._restored(found)
        return table

    @property
    def bytes(self) -> int:
        """What the index holds in memory."""
        codes = self._searcher().pieces[0].codes
        coded = codes.blocks.nbytes + 8 * codes.rows if codes is not None else 0
        return self.keys.nbytes + self._vectors.nbytes + coded

    def _searcher(self) -> Shards:
        if self._shards is None:
            piece, book = Piece(self._vectors), None
            if self.kind != "flat" and len(self.keys) >= CODED_FROM:
                book = Codebook.train([piece], self.metric, kind=self.kind)
                piece = Piece(self._vectors, book.encode(self._vectors))
            self._shards = Shards([piece], self.metric, book, self.kind)
        return self._shards

    def _restored(self, found: dict[str, arrays.Array]) -> Shards | None:
        if "codebook" not in found:
            return None
        book = Codebook.from_bytes(arrays.take(_WHAT, found, "codebook", "<u1", 1))
        codes = Codes.from_bytes(arrays.take(_WHAT, found, "codes", "<u1", 1), book)
        if codes.rows != len(self.keys) or (book.dim, book.metric) != (self.dim, self.metric):
            raise CorruptIndexError(_WHAT, "the codes belong to other vectors")
        return Shards([Piece(self._vectors, codes)], self.metric, book, self.kind)

    def _as_stored(self, vectors: Vectors) -> Stored:
        if self.metric == "cosine":
            vectors = _normalised(vectors)
        stored: NDArray[np.float32] = vectors.astype(self._vectors.dtype)
        return stored


def _normalised(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors.astype(np.float64), axis=1, keepdims=True)
    if not (lengths > 0).all():
        raise ValueError("a vector of length 0 has no direction: use metric 'l2' or leave it out")
    unit: Vectors = (vectors / lengths).astype(np.float32)
    return unit
