"""omnisearch through its public API, as a user calls it."""

from importlib.metadata import version
from pathlib import Path
from typing import Literal

import numpy as np

import omnisearch as om
from benchmarks.datasets import Dataset
from benchmarks.filters import Filter
from benchmarks.peers import Floats, Rows, rows_of

STEP = 1_000
Metric = Literal["cosine", "ip", "l2"]


class Ours:
    def __init__(self, folder: Path, compacted: bool, metric: Metric, recall: float | None) -> None:
        self.folder = folder
        self.compacted = compacted
        self.metric = metric
        self.recall = recall  # of batches alone; None is the default of the collection
        self.rows: om.Collection | None = None

    def create(self, data: Dataset) -> None:
        del data
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        self.rows = om.open(self.folder, metric=self.metric)

    def build(self, data: Dataset) -> None:
        self.create(data)
        for start in range(0, len(data.base), STEP):
            stop = min(start + STEP, len(data.base))
            self.append(self.payload(data, start, stop, "columns"))
        if self.compacted:
            self.collection.compact()
        self.collection.close()

    @property
    def collection(self) -> om.Collection:
        assert self.rows is not None, "open or create it first"
        return self.rows

    def open(self) -> None:
        self.rows = om.open(self.folder, create=False, mode="r")

    def search(self, query: Floats, k: int, wanted: Filter | None) -> list[int]:
        if wanted is None:
            hits = self.collection.search(query, k=k)
        else:
            text = wanted.text()  # literals in the text: the parser is part of the price
            hits = self.collection.search(query, k=k, where=text)
        return rows_of([hit.id for hit in hits if hit.metadata is not None])

    def batch(self, queries: Floats, k: int) -> list[list[int]]:
        found = self.collection.search_batch(queries, k=k, recall=self.recall)
        return [rows_of(hits.ids) for hits in found]

    def payload(self, data: Dataset, start: int, stop: int, form: str) -> Rows:
        columns = data.columns.slice(start, stop - start)
        metadata = columns if form == "columns" else columns.to_pylist()
        return data.ids(start, stop), np.array(data.base[start:stop]), metadata

    def append(self, rows: Rows) -> None:
        ids, vectors, metadata = rows
        self.collection.add_vectors(ids, vectors, metadata=metadata)

    def upsert(self, rows: Rows) -> None:
        ids, vectors, metadata = rows
        self.collection.upsert(ids, vectors, metadata=metadata)

    def tidy(self) -> None:
        self.collection.compact()

    def version(self) -> str:
        state = "compacted" if self.compacted else "never compacted"
        asked = f", recall {self.recall}" if self.recall else ""
        return f"omnisearch {version('omnisearch')}, {self.metric}, {state}{asked}"


def make(name: str, folder: Path, settings: dict[str, float]) -> Ours:
    metrics: dict[str, Metric] = {"omnisearch-ip": "ip", "omnisearch-l2": "l2"}
    metric = metrics.get(name, "cosine")
    return Ours(folder, name != "omnisearch-fresh", metric, settings.get("recall"))
