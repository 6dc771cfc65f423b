"""What a codebook learns from a sample: code groups behind a rotation, and lists of rows."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import faiss
import numpy as np
from numpy.typing import NDArray

from omnisearch_indexes.pieces import Piece, Rows
from omnisearch_indexes.protocol import Kind, Positions, Vectors
from omnisearch_indexes.rotation import Rotation, blocks_for
from omnisearch_indexes.threads import one_thread

SAMPLE_ROWS = 10_000  # 60k rows train no better code groups
TRIAL_ROWS = 8_000  # at least, in which the held-out rows look for neighbours
TRIAL_SHARE = 10  # and one row of so many, for the nearest to be a tenth neighbour
MOST_TRIAL_ROWS = 100_000
HELD_OUT = 1024
LIST_SAMPLE = 32  # rows for each list centroid
LISTS_FROM = 200_000  # fewer rows are read whole about as fast, filtered faster, and built cheaper
_NARROWEST = 16  # fewer dimensions than this are spread over 16: more bits, the same products
_MOST_GROUPS = 256
_FETCHED = 8000  # rows at a time: more than a second-level cache holds
_GIANT = 16.0  # times the median length
_LIST_ITERATIONS = 6
_GROUP_ITERATIONS = 12


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows to learn from, and others to try it with: heavy tails look tame on rows once learnt."""

    rows: Vectors
    unseen: Vectors
    held_out: Vectors
    total: int
    fetch_us: float  # for a row from anywhere among all


def count(source: Sequence[Piece] | Vectors) -> int:
    """How many rows there are to learn from."""
    given = [source] if isinstance(source, np.ndarray) else [piece.vectors for piece in source]
    return sum(len(vectors) for vectors in given)


def draw(source: Sequence[Piece] | Vectors, lists: int, seed: int) -> Sample:
    """Return a seeded sample of rows without repetition, enough for so many lists."""
    given = [Piece(source)] if isinstance(source, np.ndarray) else source
    rows = Rows(given)
    random = np.random.default_rng(seed)
    learnt = max(SAMPLE_ROWS, lists * LIST_SAMPLE)
    tried = min(TRIAL_ROWS + len(rows) // TRIAL_SHARE, MOST_TRIAL_ROWS) + HELD_OUT
    wanted = min(learnt + tried, len(rows))
    chosen = np.sort(random.choice(len(rows), wanted, replace=False))
    vectors = _without_giants(rows.gather(chosen).astype(np.float32)[random.permutation(wanted)])
    apart, tried = min(HELD_OUT, len(vectors) // 16), min(tried, len(vectors) // 2)
    parts = vectors[tried:], vectors[apart:tried], vectors[:apart]
    return Sample(*parts, len(rows), _time_fetch(rows, chosen))


def _time_fetch(rows: Rows, chosen: Positions) -> float:
    """Return the time for a row that is far from the last one and was last read some rows ago.

    The first reading maps the pages of a file, which searches need not do again.
    """
    parts, taken = np.array_split(chosen[: 3 * _FETCHED], 3), []
    for part in (*parts, *parts):
        begin = time.perf_counter()
        rows.gather(part)
        taken.append((time.perf_counter() - begin) * 1e6 / max(1, len(part)))
    return min(taken[3:])


def _without_giants(vectors: Vectors) -> Vectors:
    """Leave out rows far longer than most: one in the codebook would blur the codes of all."""
    lengths = np.sqrt(np.einsum("nd,nd->n", vectors, vectors, dtype=np.float64))
    usual: Vectors = vectors[lengths <= _GIANT * np.median(lengths)]
    return usual


def group_width(dim: int) -> int:
    """Dimensions for each 4-bit code: 2 to 128-d, then about d / 96, and 4 from 384-d on."""
    if dim <= 2 * _NARROWEST:
        return 1
    if dim <= 128:
        return 2
    if dim <= 384:
        return -(-dim // 96)
    return max(4, -(-dim // _MOST_GROUPS))


def rotation_for(dim: int, seed: int) -> Rotation:
    """Return a rotation to a width that an even number of equal groups fills."""
    blocks = blocks_for(dim)
    unit = blocks * group_width(dim) * 2
    width = -(-max(dim, _NARROWEST) // unit) * unit
    return Rotation.seeded(width, blocks, seed)


def lists_for(rows: int, kind: Kind) -> int:
    """How many lists so many rows deserve; 1 means none."""
    if kind not in ("auto", "ivfpq") or (kind == "auto" and rows < LISTS_FROM):
        return 1
    return int(min(4096, max(16, 2 ** round(np.log2(1.3 * np.sqrt(max(rows, 1)))))))


def learn_groups(rotated: Vectors, width: int, seed: int) -> NDArray[np.float32]:
    """16 centroids for each group of `width` dimensions."""
    groups = rotated.shape[1] // width
    quantizer = faiss.ProductQuantizer(rotated.shape[1], groups, 4)
    quantizer.cp.niter, quantizer.cp.seed = _GROUP_ITERATIONS, seed % (1 << 31)
    quantizer.cp.min_points_per_centroid = 1
    enough = np.resize(rotated, (max(len(rotated), 16), rotated.shape[1]))
    with one_thread():
        quantizer.train(np.ascontiguousarray(enough))
    centroids: NDArray[np.float32] = faiss.vector_to_array(quantizer.centroids)
    return centroids.reshape(groups, 16, width).copy()


def learn_lists(rotated: Vectors, count: int, seed: int) -> NDArray[np.float32]:
    """Centroids of the lists."""
    if count <= 1 or len(rotated) < count:
        return np.empty((0, rotated.shape[1]), np.float32)
    means = faiss.Clustering(rotated.shape[1], count)
    means.niter, means.seed = _LIST_ITERATIONS, seed % (1 << 31)
    means.min_points_per_centroid = 1
    index = faiss.IndexFlatL2(rotated.shape[1])
    with one_thread():
        means.train(np.ascontiguousarray(rotated), index)
    centroids: NDArray[np.float32] = faiss.vector_to_array(means.centroids)
    return centroids.reshape(count, -1).copy()
