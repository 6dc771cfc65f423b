"""sqlite-vec: an exact scan inside SQLite; by apsw, as many a sqlite3 cannot load extensions."""

from importlib.metadata import version
from pathlib import Path

import apsw
import numpy as np
import sqlite_vec

from benchmarks.datasets import Dataset
from benchmarks.filters import Filter
from benchmarks.peers import Floats, Rows

STEP = 5_000
INSERT = "insert into rows(rowid, vector, rank, lex, word) values (?, ?, ?, ?, ?)"


class SqliteVec:
    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.store = apsw.Connection(str(folder / "rows.db"))
        self.store.enable_load_extension(True)
        self.store.load_extension(sqlite_vec.loadable_path())
        self.store.execute("pragma journal_mode=wal")
        self.store.execute("pragma synchronous=full")

    def build(self, data: Dataset) -> None:
        self.create(data)
        for start in range(0, len(data.base), STEP):
            stop = min(start + STEP, len(data.base))
            self.append(self.payload(data, start, stop, "dicts"))

    def create(self, data: Dataset) -> None:
        vector = f"vector float[{data.base.shape[1]}] distance_metric=cosine"
        self.store.execute(
            f"create virtual table rows using vec0({vector}, rank integer, lex text, +word text)"
        )

    def open(self) -> None:
        self.store.execute("select count(*) from rows_rowids where rowid = 0").fetchall()

    def search(self, query: Floats, k: int, wanted: Filter | None) -> list[int]:
        where = "" if wanted is None else f" and {wanted.text()}"
        found = self.store.execute(
            "select rowid, distance, rank, lex, word from rows"
            f" where vector match ? and k = ?{where} order by distance",
            (np.asarray(query, dtype=np.float32).tobytes(), k),
        ).fetchall()
        return [int(row[0]) for row in found]

    def batch(self, queries: Floats, k: int) -> list[list[int]]:
        return [self.search(query, k, None) for query in queries]

    def payload(self, data: Dataset, start: int, stop: int, form: str) -> Rows:
        del form  # it takes rows only
        fields = data.columns.slice(start, stop - start).to_pylist()
        return [
            (row, data.base[row].tobytes(), one["rank"], one["lex"], one["word"])
            for row, one in enumerate(fields, start)
        ]

    def append(self, rows: Rows) -> None:
        with self.store:
            self.store.executemany(INSERT, rows)

    def upsert(self, rows: Rows) -> None:
        with self.store:
            self.store.executemany("delete from rows where rowid = ?", [row[:1] for row in rows])
            self.store.executemany(INSERT, rows)

    def tidy(self) -> None:
        """Nothing to do."""

    def version(self) -> str:
        return f"sqlite-vec {version('sqlite-vec')}, exact"


def make(name: str, folder: Path, settings: dict[str, float]) -> SqliteVec:
    del name, settings
    return SqliteVec(folder)
