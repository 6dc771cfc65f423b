"""usearch: a graph over bf16, its best type here, in memory; no columns, no filters."""

from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import usearch.index

from benchmarks.datasets import Dataset
from benchmarks.filters import Filter
from benchmarks.peers import Floats, Rows


class Usearch:
    def __init__(self, folder: Path, settings: dict[str, float]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.file = folder / "graph.bin"
        self.settings = {"ef": 56, **settings}
        self.graph: Any = None

    def create(self, data: Dataset) -> None:
        raise NotImplementedError("it writes no row durably")

    def build(self, data: Dataset) -> None:
        self.graph = usearch.index.Index(
            ndim=data.base.shape[1],
            metric="cos",
            dtype="bf16",
            connectivity=32,
            expansion_add=200,
        )
        keys = np.arange(len(data.base), dtype=np.uint64)
        self.graph.add(keys, np.asarray(data.base), threads=2)
        self.graph.save(str(self.file))

    def open(self) -> None:
        self.graph = usearch.index.Index.restore(str(self.file))
        self.graph.expansion_search = int(self.settings["ef"])

    def search(self, query: Floats, k: int, wanted: Filter | None) -> list[int]:
        if wanted is not None:
            raise NotImplementedError("it has no columns to filter by")
        return [int(row) for row in self.graph.search(query, k, threads=1).keys]

    def batch(self, queries: Floats, k: int) -> list[list[int]]:
        found: list[list[int]] = self.graph.search(queries, k, threads=1).keys.tolist()
        return found

    def payload(self, data: Dataset, start: int, stop: int, form: str) -> Rows:
        raise NotImplementedError("it writes no row durably")

    def append(self, rows: Rows) -> None:
        raise NotImplementedError("it writes no row durably")

    def upsert(self, rows: Rows) -> None:
        raise NotImplementedError("it writes no row durably")

    def tidy(self) -> None:
        """Nothing to do."""

    def version(self) -> str:
        build = "bf16, connectivity 32, expansion_add 200"
        return f"usearch {version('usearch')}, {build}, {self.settings}"


def make(name: str, folder: Path, settings: dict[str, float]) -> Usearch:
    del name
    return Usearch(folder, settings)
