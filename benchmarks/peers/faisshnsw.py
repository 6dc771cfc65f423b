"""FAISS HNSW32 (efConstruction 200) over float32, the graph that the targets are set against."""

from importlib.metadata import version
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from benchmarks.datasets import Dataset
from benchmarks.filters import Filter
from benchmarks.peers import Floats, Rows


class FaissHnsw:
    def __init__(self, folder: Path, settings: dict[str, float]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.file = folder / "graph.faiss"
        self.settings = {"ef": 56, **settings}
        self.graph: Any = None

    def create(self, data: Dataset) -> None:
        raise NotImplementedError("it writes no row durably")

    def build(self, data: Dataset) -> None:
        self.graph = faiss.IndexHNSWFlat(data.base.shape[1], 32, faiss.METRIC_INNER_PRODUCT)
        self.graph.hnsw.efConstruction = 200
        self.graph.add(np.asarray(data.base))
        faiss.write_index(self.graph, str(self.file))

    def open(self) -> None:
        self.graph = faiss.read_index(str(self.file))
        self.graph.hnsw.efSearch = int(self.settings["ef"])

    def search(self, query: Floats, k: int, wanted: Filter | None) -> list[int]:
        if wanted is not None:
            raise NotImplementedError("it has no columns to filter by")
        return [int(row) for row in self.graph.search(query[None], k)[1][0]]

    def batch(self, queries: Floats, k: int) -> list[list[int]]:
        found: list[list[int]] = self.graph.search(queries, k)[1].tolist()
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
        return f"faiss-cpu {version('faiss-cpu')}, HNSW32, efConstruction 200, {self.settings}"


def make(name: str, folder: Path, settings: dict[str, float]) -> FaissHnsw:
    del name
    return FaissHnsw(folder, settings)
