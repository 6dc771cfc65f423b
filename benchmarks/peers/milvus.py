"""Milvus Lite: one file, HNSW (M 16, efConstruction 200)."""

from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from pymilvus import DataType, MilvusClient

from benchmarks.datasets import Dataset
from benchmarks.filters import Filter
from benchmarks.peers import Floats, Rows

STEP = 5_000
SIGNS = {"=": "==", ">=": ">=", "<": "<"}
OUTPUT = ["rank", "lex", "word"]


class Milvus:
    def __init__(self, folder: Path, settings: dict[str, float]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.client: Any = MilvusClient(str(folder / "rows.db"))
        self.settings = {"ef": 64, **settings}

    def build(self, data: Dataset) -> None:
        self.create(data)
        for start in range(0, len(data.base), STEP):
            stop = min(start + STEP, len(data.base))
            self.append(self.payload(data, start, stop, "dicts"))
        self.client.flush("rows")
        index = self.client.prepare_index_params()
        build = {"M": 16, "efConstruction": 200}
        index.add_index("vector", index_type="HNSW", metric_type="COSINE", params=build)
        self.client.create_index("rows", index)
        self.client.load_collection("rows")

    def create(self, data: Dataset) -> None:
        schema = self.client.create_schema(auto_id=False)
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=data.base.shape[1])
        schema.add_field("rank", DataType.INT64)
        schema.add_field("lex", DataType.VARCHAR, max_length=64)
        schema.add_field("word", DataType.VARCHAR, max_length=512)
        self.client.create_collection("rows", schema=schema)

    def open(self) -> None:
        self.client.load_collection("rows")

    def search(self, query: Floats, k: int, wanted: Filter | None) -> list[int]:
        return self._search(query[None], k, wanted)[0]

    def batch(self, queries: Floats, k: int) -> list[list[int]]:
        return self._search(queries, k, None)

    def _search(self, queries: Floats, k: int, wanted: Filter | None) -> list[list[int]]:
        found = self.client.search(
            "rows",
            data=list(queries),
            limit=k,
            filter="" if wanted is None else _where(wanted),
            output_fields=OUTPUT,
            search_params={"metric_type": "COSINE", "params": {"ef": int(self.settings["ef"])}},
        )
        return [[int(hit["id"]) for hit in hits] for hits in found]

    def payload(self, data: Dataset, start: int, stop: int, form: str) -> Rows:
        del form  # it takes dicts only
        rows = data.columns.slice(start, stop - start).to_pylist()
        for row, fields in enumerate(rows, start):
            fields.update(id=row, vector=np.array(data.base[row]))
        return rows

    def append(self, rows: Rows) -> None:
        self.client.insert("rows", rows)

    def upsert(self, rows: Rows) -> None:
        self.client.upsert("rows", rows)

    def tidy(self) -> None:
        """Nothing to do."""

    def version(self) -> str:
        lite = version("milvus-lite")
        return f"milvus-lite {lite}, pymilvus {version('pymilvus')}, HNSW {self.settings}"


def make(name: str, folder: Path, settings: dict[str, float]) -> Milvus:
    del name
    return Milvus(folder, settings)


def _where(wanted: Filter) -> str:
    parts = [f"{column} {SIGNS[sign]} {value!r}" for column, sign, value in wanted.terms]
    return " and ".join(parts)
