"""hnswlib: a graph over float32 in memory; no columns, no filters, nothing durable."""

from importlib.metadata import version
from pathlib import Path
from typing import Any

import hnswlib

from benchmarks.datasets import Dataset
from benchmarks.filters import Filter
from benchmarks.peers import Floats, Rows


class Hnswlib:
    def __init__(self, folder: Path, settings: dict[str, float]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.file = folder / "graph.bin"
        self.settings = {"ef": 56, **settings}
        self.graph: Any = None

    def create(self, data: Dataset) -> None:
        raise NotImplementedError("it writes no row durably")

    def build(self, data: Dataset) -> None:
        self.graph = hnswlib.Index(space="ip", dim=data.base.shape[1])  # unit vectors: cosine
        self.graph.init_index(len(data.base), M=32, ef_construction=200, random_seed=1)
        self.graph.add_items(data.base, num_threads=2)
        self.graph.save_index(str(self.file))
        (self.file.parent / "dim").write_text(str(data.base.shape[1]))

    def open(self) -> None:
        self.graph = hnswlib.Index(space="ip", dim=int((self.file.parent / "dim").read_text()))
        self.graph.load_index(str(self.file))
        self.graph.set_num_threads(1)
        self.graph.set_ef(int(self.settings["ef"]))

    def search(self, query: Floats, k: int, wanted: Filter | None) -> list[int]:
        if wanted is not None:
            raise NotImplementedError("it has no columns to filter by")
        return [int(row) for row in self.graph.knn_query(query, k)[0][0]]

    def batch(self, queries: Floats, k: int) -> list[list[int]]:
        found: list[list[int]] = self.graph.knn_query(queries, k)[0].tolist()
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
        return f"hnswlib {version('hnswlib')}, M 32, efConstruction 200, {self.settings}"


def make(name: str, folder: Path, settings: dict[str, float]) -> Hnswlib:
    del name
    return Hnswlib(folder, settings)
