"""What the benchmarks ask of a store: one module a store, loaded only in its own process."""

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from benchmarks.datasets import DATA, Dataset
from benchmarks.filters import Filter

MODULES = {
    "omnisearch": "ours",
    "omnisearch-fresh": "ours",  # the same rows, never compacted
    "omnisearch-ip": "ours",  # the same rows by inner product, and by distance
    "omnisearch-l2": "ours",
    "lancedb": "lance",
    "lancedb-fresh": "lance",  # no vector index: for writes only
    "chroma": "chroma",
    "milvus-lite": "milvus",
    "sqlite-vec": "sqlitevec",
    "hnswlib": "hnsw",
    "usearch": "graph",
    "faiss-hnsw32": "faisshnsw",
}
OURS = tuple(name for name, module in MODULES.items() if module == "ours")

Floats = NDArray[np.float32]
Rows = Any  # rows to write, in the form that a store takes


class Peer(Protocol):
    """A store that holds one data set in one folder."""

    def create(self, data: Dataset) -> None:
        """Begin an empty store for rows like those of `data`."""

    def build(self, data: Dataset) -> None:
        """Store every row with its columns and build the index."""

    def open(self) -> None:
        """Open what `build` left behind, ready for a search."""

    def search(self, query: Floats, k: int, wanted: Filter | None) -> list[int]:
        """Return row numbers, nearest first, once ids and columns have been read."""

    def batch(self, queries: Floats, k: int) -> list[list[int]]:
        """Return row numbers for many queries in one call, where the store has such a call."""

    def payload(self, data: Dataset, start: int, stop: int, form: str) -> Rows:
        """Return rows as a caller would hold them, untimed; `form` is columns or dicts."""

    def append(self, rows: Rows) -> None:
        """Store such rows as one call."""

    def upsert(self, rows: Rows) -> None:
        """Store or replace such rows as one call."""

    def tidy(self) -> None:
        """Run once whatever maintenance the store has, as another thread would."""

    def version(self) -> str:
        """Return the version and the settings that matter."""


def place(name: str, dataset: str) -> Path:
    """Return where a store keeps a data set."""
    return DATA / "stores" / name / dataset


def make(name: str, folder: Path, settings: dict[str, float] | None) -> Peer:
    """Return the peer of that name over a folder."""
    peer: Peer = import_module(f"benchmarks.peers.{MODULES[name]}").make(
        name, folder, settings or {}
    )
    return peer


def rows_of(ids: Sequence[str]) -> list[int]:
    """Return the row numbers behind ids like g17."""
    return [int(key[1:]) for key in ids]
