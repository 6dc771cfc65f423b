"""hnswlib: a graph over float32 in memory; no columns, no filters, nothing durable."""

from importlib.metadata import version
from pathlib import Path

import hnswlib

from benchmarks.datasets import Dataset
from benchmarks.peers import Floats
from benchmarks.peers.bare import Bare


class Hnswlib(Bare):
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

    def batch(self, queries: Floats, k: int) -> list[list[int]]:
        found: list[list[int]] = self.graph.knn_query(queries, k)[0].tolist()
        return found

    def version(self) -> str:
        return f"hnswlib {version('hnswlib')}, M 32, efConstruction 200, {self.settings}"


def make(name: str, folder: Path, settings: dict[str, float]) -> Hnswlib:
    del name
    return Hnswlib(folder, settings)
