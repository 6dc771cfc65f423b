"""Seeded clusters of low intrinsic dimension, and every kind of index over them in pieces."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from omnisearch_indexes import Codebook, Codes, Kind, Metric, Neighbours, Piece, Shards

METRICS: tuple[Metric, ...] = ("cosine", "ip", "l2")
KINDS: tuple[Kind, ...] = ("flat", "scan", "ivfpq", "hnsw", "auto")
CUTS = (0, 20_500, 21_300, 22_000)  # the first piece is large enough for a graph, the last is bare
DIM = 24


@dataclass(frozen=True)
class Dataset:
    vectors: NDArray[np.float32]
    queries: NDArray[np.float32]
    clusters: NDArray[np.int64]


Build = Callable[[Kind, Metric], Shards]
Recall = Callable[[list[Neighbours], list[Neighbours]], float]


@cache
def clustered(rows: int, dim: int, seed: int = 0) -> Dataset:
    """Clusters of 6 dimensions each with a little noise; queries are drawn alike."""
    random = np.random.default_rng(seed)
    centres = random.normal(size=(40, dim))
    axes = random.normal(size=(40, 6, dim)) / np.sqrt(dim)
    chosen = random.integers(40, size=rows + 40)
    inside = random.normal(size=(rows + 40, 1, 6)) @ axes[chosen]
    noise = random.normal(size=(rows + 40, dim)) / np.sqrt(dim)
    vectors = (centres[chosen] / np.sqrt(dim) + inside[:, 0] + 0.2 * noise).astype(np.float32)
    return Dataset(vectors[:rows], vectors[rows:], chosen[:rows])


def stored(vectors: NDArray[np.float32], metric: Metric) -> NDArray[Any]:
    """Vectors as a collection keeps them."""
    if metric != "cosine":
        return vectors
    return asked(vectors, metric).astype(np.float16)


def asked(queries: NDArray[np.float32], metric: Metric) -> NDArray[np.float32]:
    """Queries as a collection asks them."""
    if metric != "cosine":
        return queries
    unit: NDArray[np.float32] = queries / np.linalg.norm(queries, axis=1, keepdims=True)
    return unit


@cache
def shards(kind: Kind, metric: Metric) -> Shards:
    """The clustered rows in two coded pieces and a bare one, all codes read back from bytes."""
    rows = stored(clustered(CUTS[-1], DIM).vectors, metric)
    parts = [rows[begin:end] for begin, end in pairwise(CUTS)]
    if kind == "flat":
        return Shards([Piece(part) for part in parts], metric, None, "flat")
    book = Codebook.train([Piece(rows)], metric, kind=kind)
    codes = [Codes.from_bytes(book.encode(part).to_bytes(), book) for part in parts[:2]]
    pieces = [Piece(part, code) for part, code in zip(parts[:2], codes, strict=True)]
    return Shards([*pieces, Piece(parts[2])], metric, book, kind)


def overlap(found: list[Neighbours], truth: list[Neighbours]) -> float:
    """The share of true neighbours found; an equally near row counts as found."""
    hits = [
        np.mean(one.scores >= true.scores[-1] - 1e-6) if len(true.scores) else 1.0
        for one, true in zip(found, truth, strict=True)
    ]
    return float(np.mean(hits))


@pytest.fixture(scope="session")
def data() -> Dataset:
    return clustered(CUTS[-1], DIM)


@pytest.fixture(scope="session")
def clusters(data: Dataset) -> NDArray[np.int64]:
    return data.clusters


@pytest.fixture(scope="session")
def build() -> Build:
    return shards


@pytest.fixture(scope="session")
def recall() -> Recall:
    return overlap


@pytest.fixture(scope="session", params=METRICS)
def metric(request: pytest.FixtureRequest) -> Metric:
    found: Metric = request.param
    return found


@pytest.fixture(scope="session", params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    found: Kind = request.param
    return found


@pytest.fixture
def queries(data: Dataset, metric: Metric) -> NDArray[np.float32]:
    return asked(data.queries, metric)
