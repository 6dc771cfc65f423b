"""A graph over 8-bit rows of one sealed piece, stored as arrays of ours.

FAISS follows links unchecked, so a hostile graph must not reach it: every link is checked first.
"""

from __future__ import annotations

from dataclasses import dataclass

import faiss
import numpy as np
from numpy.typing import NDArray

from omnisearch_indexes import arrays
from omnisearch_indexes.allowed import Allowed
from omnisearch_indexes.exact import Scorer
from omnisearch_indexes.flat import Flat, Question
from omnisearch_indexes.pieces import Piece, Rows, Stored
from omnisearch_indexes.protocol import Bytes, Metric, Vectors
from omnisearch_indexes.threads import one_thread

LINKS = 16
RECALLS = (0.9, 0.95, 0.98, 0.99, 0.995)
_EFFORTS = (16, 32, 64, 128, 256, 512)
_CONSTRUCTION = 100
_HELD_OUT = 128
_NEAR = 10
_SPARED = 0.4
_BLOCK = 8192
_WHAT = "graph"
_NAMES = {"levels": "<u1", "neighbours": "<i4", "trained": "<f4", "efforts": "<i8"}


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """The graph of one piece; `efforts` says how far to search for each of RECALLS, 0 for never."""

    rows: int
    metric: Metric
    index: faiss.IndexHNSWSQ
    efforts: NDArray[np.int64]

    @staticmethod
    def build(vectors: Stored, metric: Metric) -> Graph:
        """Link rows as stored; some 50 times the work of coding them."""
        index = _empty(vectors.shape[1], metric)
        index.hnsw.efConstruction = _CONSTRUCTION
        with one_thread():
            index.train(vectors[:: max(1, len(vectors) // _BLOCK)].astype(np.float32))
            for begin in range(0, len(vectors), _BLOCK):
                index.add(vectors[begin : begin + _BLOCK].astype(np.float32))
        made = Graph(len(vectors), metric, index, np.zeros(len(RECALLS), np.int64))
        return Graph(len(vectors), metric, index, _efforts(made, vectors))

    def effort(self, recall: float, k: int) -> int:
        """How many rows to keep in sight, or 0 where the graph cannot promise so much."""
        enough = [e for r, e in zip(RECALLS, self.efforts, strict=True) if r >= recall and e]
        return int(max(2 * k, min(enough) * max(1, k // _NEAR))) if enough else 0

    def candidates(
        self, queries: Vectors, count: int, effort: int, allowed: Allowed | None
    ) -> NDArray[np.int64]:
        """Rows near each query, -1 where the walk met no more."""
        settings = faiss.SearchParametersHNSW(efSearch=max(effort, count))
        if allowed is not None:
            settings.sel = allowed.selector
        with one_thread():
            found: NDArray[np.int64] = self.index.search(queries, count, params=settings)[1]
        return found

    def to_arrays(self) -> dict[str, arrays.Array]:
        """Return the graph as named arrays; offsets follow from levels."""
        storage = faiss.downcast_index(self.index.storage)
        return {
            "levels": faiss.vector_to_array(self.index.hnsw.levels).astype(np.uint8),
            "neighbours": faiss.vector_to_array(self.index.hnsw.neighbors),
            "trained": faiss.vector_to_array(storage.sq.trained),
            "efforts": self.efforts,
            "bytes": faiss.vector_to_array(storage.codes).reshape(self.rows, -1),
        }

    @staticmethod
    def from_arrays(found: dict[str, arrays.Array], rows: int, dim: int, metric: Metric) -> Graph:
        """Return the inverse of `to_arrays`; raises unless every link stays inside the graph."""
        read = {name: arrays.take(_WHAT, found, name, kind, 1) for name, kind in _NAMES.items()}
        codes = arrays.take(_WHAT, found, "bytes", "<u1", 2)
        arrays.require(_WHAT, codes.shape == (rows, dim), "the rows have another shape")
        trained = len(read["trained"]) == 2 * dim and bool(np.isfinite(read["trained"]).all())
        arrays.require(_WHAT, trained, "the ranges of the 8-bit rows are damaged")
        efforts = read["efforts"]
        sane = len(efforts) == len(RECALLS) and bool(((efforts >= 0) & (efforts <= 4096)).all())
        arrays.require(_WHAT, sane, "the efforts are damaged")
        index = _empty(dim, metric)
        entry = _check_links(index, read["levels"], read["neighbours"], rows)
        _restore(index, read, codes, entry)
        return Graph(rows, metric, index, efforts.copy())


def _empty(dim: int, metric: Metric) -> faiss.IndexHNSWSQ:
    measure = faiss.METRIC_L2 if metric == "l2" else faiss.METRIC_INNER_PRODUCT
    return faiss.IndexHNSWSQ(dim, faiss.ScalarQuantizer.QT_8bit, LINKS, measure)


def _efforts(graph: Graph, vectors: Stored) -> NDArray[np.int64]:
    """Return the least effort for each of RECALLS, from rows that look for their neighbours."""
    rows = Rows([Piece(vectors)])
    scorer = Scorer(rows.dim, rows.dtype, graph.metric)
    places = np.linspace(0, len(rows) - 1, min(_HELD_OUT, len(rows))).astype(np.int64)
    queries = vectors[places].astype(np.float32)
    question = Question(queries, min(_NEAR + 1, len(rows)), None, 1.0, len(rows))
    truth = [found for found, _ in Flat(rows, [0]).search(scorer, question)]
    efforts = np.zeros(len(RECALLS), np.int64)
    for effort in reversed(_EFFORTS):
        walked = graph.candidates(queries, 2 * _NEAR, effort, None)
        pairs = zip(truth, walked, places, strict=True)
        parts = [np.isin(true[true != own], near).mean() for true, near, own in pairs]
        spared = (np.mean(parts) - _SPARED) / (1 - _SPARED)  # rows find themselves more easily
        efforts[np.array(RECALLS) <= spared] = effort
    return efforts


def _check_links(
    index: faiss.IndexHNSWSQ, levels: Bytes, neighbours: NDArray[np.int32], rows: int
) -> int:
    """Raise unless each link leads to a row of its level; the row to enter by."""
    per_level = faiss.vector_to_array(index.hnsw.cum_nneighbor_per_level)
    tall = len(levels) == rows and rows > 0
    arrays.require(_WHAT, tall and bool((levels >= 1).all()), "levels are missing")
    arrays.require(_WHAT, int(levels.max()) < len(per_level), "there are too many levels")
    starts = _offsets(index, levels)
    arrays.require(_WHAT, len(neighbours) == starts[-1], "links are missing")
    inside = bool((neighbours >= -1).all() and (neighbours < rows).all())
    arrays.require(_WHAT, inside, "a link leads nowhere")
    for level in range(1, int(levels.max())):
        linked = np.flatnonzero(levels > level)
        slots = np.arange(per_level[level], per_level[level + 1])
        links = neighbours[starts[linked][:, None] + slots]
        arrays.require(
            _WHAT, bool((levels[links[links >= 0]] > level).all()), "a link leads to a lower level"
        )
    return int(levels.argmax())


def _offsets(index: faiss.IndexHNSWSQ, levels: Bytes) -> NDArray[np.int64]:
    per_level = faiss.vector_to_array(index.hnsw.cum_nneighbor_per_level)
    return np.concatenate([[0], np.cumsum(per_level[levels], dtype=np.int64)])


def _restore(
    index: faiss.IndexHNSWSQ, read: dict[str, arrays.Array], codes: Bytes, entry: int
) -> None:
    storage, graph = faiss.downcast_index(index.storage), index.hnsw
    faiss.copy_array_to_vector(read["trained"], storage.sq.trained)
    storage.is_trained = index.is_trained = True
    storage.add_sa_codes(np.ascontiguousarray(codes))
    offsets = _offsets(index, read["levels"]).astype(np.uint64)
    faiss.copy_array_to_vector(read["levels"].astype(np.int32), graph.levels)
    faiss.copy_array_to_vector(offsets, graph.offsets)
    faiss.copy_array_to_vector(read["neighbours"], graph.neighbors)
    graph.entry_point, graph.max_level = entry, int(read["levels"].max()) - 1
    index.ntotal = len(codes)
