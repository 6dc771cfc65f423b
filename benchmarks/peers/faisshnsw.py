"""FAISS HNSW32 (efConstruction 200) over float32, the graph that the targets are set against."""

from importlib.metadata import version
from pathlib import Path

import faiss
import numpy as np

from benchmarks.datasets import Dataset
from benchmarks.peers import Floats
from benchmarks.peers.bare import Bare


class FaissHnsw(Bare):
    def build(self, data: Dataset) -> None:
        self.graph = faiss.IndexHNSWFlat(data.base.shape[1], 32, faiss.METRIC_INNER_PRODUCT)
        self.graph.hnsw.efConstruction = 200
        self.graph.add(np.asarray(data.base))
        faiss.write_index(self.graph, str(self.file))

    def open(self) -> None:
        self.graph = faiss.read_index(str(self.file))
        self.graph.hnsw.efSearch = int(self.settings["ef"])

    def batch(self, queries: Floats, k: int) -> list[list[int]]:
        found: list[list[int]] = self.graph.search(queries, k)[1].tolist()
        return found

    def version(self) -> str:
        return f"faiss-cpu {version('faiss-cpu')}, HNSW32, efConstruction 200, {self.settings}"


def make(name: str, folder: Path, settings: dict[str, float]) -> FaissHnsw:
    del name
    return FaissHnsw(folder, settings)
