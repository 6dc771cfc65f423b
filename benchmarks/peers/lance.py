"""LanceDB: IVF_HNSW_SQ with refine, its best kind at recall 0.99; its threads as it likes them."""

from importlib.metadata import version
from pathlib import Path
from typing import Any

import lancedb
import numpy as np
import pyarrow as pa

from benchmarks.datasets import Dataset
from benchmarks.filters import Filter
from benchmarks.peers import Floats, Rows, rows_of

STEP = 10_000


class Lance:
    def __init__(self, folder: Path, indexed: bool, settings: dict[str, float]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.store = lancedb.connect(folder)
        self.indexed = indexed
        self.settings = {"ef": 100, "refine": 2, "nprobes": 20, **settings}
        self.table: Any = None

    def create(self, data: Dataset) -> None:
        self.table = self.store.create_table("rows", schema=_table(data, 0, 1).schema)

    def build(self, data: Dataset) -> None:
        self.create(data)
        for start in range(0, len(data.base), STEP):
            stop = min(start + STEP, len(data.base))
            self.append(self.payload(data, start, stop, "columns"))
        if self.indexed:
            self.table.create_index(
                metric="cosine", index_type="IVF_HNSW_SQ", vector_column_name="vector"
            )
            self.table.create_scalar_index("rank")  # BTREE and BITMAP: filters at their best
            self.table.create_scalar_index("lex", index_type="BITMAP")
            self.table.optimize()

    def open(self) -> None:
        self.table = self.store.open_table("rows")

    def search(self, query: Floats, k: int, wanted: Filter | None) -> list[int]:
        ask = self.table.search(query, vector_column_name="vector").distance_type("cosine")
        if self.indexed:
            ask = ask.ef(int(self.settings["ef"])).nprobes(int(self.settings["nprobes"]))
            ask = ask.refine_factor(int(self.settings["refine"]))
        if wanted is not None:
            ask = ask.where(wanted.text(), prefilter=True)
        found = ask.select(["id", "rank", "lex", "word", "_distance"]).limit(k).to_list()
        return rows_of([row["id"] for row in found])

    def batch(self, queries: Floats, k: int) -> list[list[int]]:
        return [self.search(query, k, None) for query in queries]

    def payload(self, data: Dataset, start: int, stop: int, form: str) -> Rows:
        rows = _table(data, start, stop)
        return rows.to_pylist() if form == "dicts" else rows

    def append(self, rows: Rows) -> None:
        self.table.add(rows)

    def upsert(self, rows: Rows) -> None:
        change = self.table.merge_insert("id").when_matched_update_all()
        change.when_not_matched_insert_all().execute(rows)

    def tidy(self) -> None:
        self.table.optimize()

    def version(self) -> str:
        kind = f"IVF_HNSW_SQ {self.settings}, BTREE on rank, BITMAP on lex"
        return f"lancedb {version('lancedb')}, {kind if self.indexed else 'no index'}"


def make(name: str, folder: Path, settings: dict[str, float]) -> Lance:
    return Lance(folder, name == "lancedb", settings)


def _table(data: Dataset, start: int, stop: int) -> pa.Table:
    flat = pa.array(np.ascontiguousarray(data.base[start:stop]).reshape(-1))
    vector = pa.FixedSizeListArray.from_arrays(flat, data.base.shape[1])
    columns = data.columns.slice(start, stop - start)
    named = {name: columns[name].combine_chunks() for name in columns.column_names}
    return pa.table({"id": data.ids(start, stop), "vector": vector, **named})
