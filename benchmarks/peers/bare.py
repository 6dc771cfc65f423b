"""What graph libraries share: vectors only, no columns, nothing written durably row by row."""

from pathlib import Path
from typing import Any

from benchmarks.datasets import Dataset
from benchmarks.filters import Filter
from benchmarks.peers import Floats, Rows

_DURABLE = "it writes no row durably"


class Bare:
    """A graph in memory, loaded from one file."""

    def __init__(self, folder: Path, settings: dict[str, float]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.file = folder / "graph.bin"
        self.settings = {"ef": 56, **settings}
        self.graph: Any = None

    def batch(self, queries: Floats, k: int) -> list[list[int]]:
        raise NotImplementedError

    def search(self, query: Floats, k: int, wanted: Filter | None) -> list[int]:
        if wanted is not None:
            raise NotImplementedError("it has no columns to filter by")
        return self.batch(query[None], k)[0]

    def create(self, data: Dataset) -> None:
        raise NotImplementedError(_DURABLE)

    def payload(self, data: Dataset, start: int, stop: int, form: str) -> Rows:
        raise NotImplementedError(_DURABLE)

    def append(self, rows: Rows) -> None:
        raise NotImplementedError(_DURABLE)

    def upsert(self, rows: Rows) -> None:
        raise NotImplementedError(_DURABLE)

    def tidy(self) -> None:
        """Nothing to do."""
