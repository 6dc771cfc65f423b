"""Seeded clusters: long-tailed sizes, each cluster on its own low-dimensional subspace.

Clusters flatter any list-based index a little: they show how figures grow, not how good they are.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

ANCHORS = 16  # coarse zones, for a category that goes with the vectors


@dataclass(frozen=True)
class Clusters:
    """The recipe of one data set."""

    rows: int
    queries: int
    dim: int
    clusters: int = 4_000
    local_dim: int = 24
    seed: int = 42


def make(recipe: Clusters, out: Floats) -> tuple[Floats, list[str]]:
    """Fill `out` (rows, dim), return the queries and each row's zone; both are drawn alike."""
    rng = np.random.default_rng(recipe.seed)
    weights = rng.lognormal(0.0, 1.0, recipe.clusters)
    total = recipe.rows + recipe.queries
    member = rng.choice(recipe.clusters, total, p=weights / weights.sum())
    centres = _unit(rng.standard_normal((recipe.clusters, recipe.dim), dtype=np.float32))
    anchors = _unit(rng.standard_normal((ANCHORS, recipe.dim), dtype=np.float32))
    zones = np.argmax(centres @ anchors.T, axis=1)
    queries = np.empty((recipe.queries, recipe.dim), dtype=np.float32)
    order = np.argsort(member, kind="stable")
    edges = np.searchsorted(member[order], np.arange(recipe.clusters + 1))
    for cluster in range(recipe.clusters):
        rows = order[edges[cluster] : edges[cluster + 1]]
        points = _cluster(rng, centres[cluster], recipe.local_dim, len(rows))
        stored = rows < recipe.rows
        out[rows[stored]] = points[stored]
        queries[rows[~stored] - recipe.rows] = points[~stored]
    return queries, [f"zone.{zones[cluster]:02d}" for cluster in member[: recipe.rows]]


def shift(queries: Floats, seed: int = 3) -> Floats:
    """Move all queries by one random direction of length 1: they leave the cone of the data."""
    direction = _unit(np.random.default_rng(seed).standard_normal((1, queries.shape[1])))
    return _unit(queries + direction.astype(np.float32))


def _cluster(rng: np.random.Generator, centre: Floats, local_dim: int, count: int) -> Floats:
    basis = rng.standard_normal((local_dim, len(centre)), dtype=np.float32)
    basis *= np.float32(0.7 / np.sqrt(local_dim * len(centre)))
    local = rng.standard_normal((count, local_dim), dtype=np.float32) @ basis
    noise = rng.standard_normal((count, len(centre)), dtype=np.float32)
    return _unit(centre + local + noise * np.float32(0.1 / np.sqrt(len(centre))))


def _unit(vectors: NDArray[np.floating]) -> Floats:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / lengths, dtype=np.float32)
