"""usearch: a graph over bf16, its best type here, in memory; no columns, no filters."""

from importlib.metadata import version
from pathlib import Path

import numpy as np
import usearch.index

from benchmarks.datasets import Dataset
from benchmarks.peers import Floats
from benchmarks.peers.bare import Bare


class Usearch(Bare):
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

    def batch(self, queries: Floats, k: int) -> list[list[int]]:
        keys = self.graph.search(queries, k, threads=1).keys  # of one query alone: one row
        found: list[list[int]] = np.atleast_2d(keys).tolist()
        return found

    def version(self) -> str:
        build = "bf16, connectivity 32, expansion_add 200"
        return f"usearch {version('usearch')}, {build}, {self.settings}"


def make(name: str, folder: Path, settings: dict[str, float]) -> Usearch:
    del name
    return Usearch(folder, settings)
