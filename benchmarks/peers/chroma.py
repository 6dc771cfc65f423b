"""Chroma: a persistent client, HNSW built while rows arrive."""

from importlib.metadata import version
from pathlib import Path
from typing import Any

import chromadb
import numpy as np
from chromadb.config import Settings

from benchmarks.datasets import Dataset
from benchmarks.filters import Filter
from benchmarks.peers import Floats, Rows, rows_of

STEP = 5_000
SIGNS = {"=": "$eq", ">=": "$gte", "<": "$lt"}


class Chroma:
    def __init__(self, folder: Path) -> None:
        quiet = Settings(anonymized_telemetry=False)
        self.client = chromadb.PersistentClient(path=str(folder), settings=quiet)
        self.rows: Any = None

    def create(self, data: Dataset) -> None:
        del data
        self.rows = self.client.create_collection(
            "rows", embedding_function=None, configuration={"hnsw": {"space": "cosine"}}
        )

    def build(self, data: Dataset) -> None:
        self.create(data)
        for start in range(0, len(data.base), STEP):
            stop = min(start + STEP, len(data.base))
            self.append(self.payload(data, start, stop, "dicts"))

    def open(self) -> None:
        self.rows = self.client.get_collection("rows", embedding_function=None)

    def search(self, query: Floats, k: int, wanted: Filter | None) -> list[int]:
        found = self.rows.query(
            query_embeddings=query[None],
            n_results=k,
            where=None if wanted is None else _where(wanted),
            include=["metadatas", "distances"],
        )
        return rows_of(found["ids"][0])

    def batch(self, queries: Floats, k: int) -> list[list[int]]:
        found = self.rows.query(
            query_embeddings=queries, n_results=k, include=["metadatas", "distances"]
        )
        return [rows_of(ids) for ids in found["ids"]]

    def payload(self, data: Dataset, start: int, stop: int, form: str) -> Rows:
        del form  # it takes dicts only
        return {
            "ids": data.ids(start, stop),
            "embeddings": np.array(data.base[start:stop]),
            "metadatas": data.columns.slice(start, stop - start).to_pylist(),
        }

    def append(self, rows: Rows) -> None:
        self.rows.add(**rows)

    def upsert(self, rows: Rows) -> None:
        self.rows.upsert(**rows)

    def tidy(self) -> None:
        """Nothing to do."""

    def version(self) -> str:
        return f"chromadb {version('chromadb')}, defaults"


def make(name: str, folder: Path, settings: dict[str, float]) -> Chroma:
    del name, settings
    return Chroma(folder)


def _where(wanted: Filter) -> dict[str, Any]:
    parts: list[dict[str, Any]] = [
        {column: {SIGNS[sign]: value}} for column, sign, value in wanted.terms
    ]
    return {"$and": parts} if len(parts) > 1 else parts[0]
