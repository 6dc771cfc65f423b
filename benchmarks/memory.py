"""Memory that no file stands behind: after open and 2,000 queries, less that after imports."""

from typing import Any

from benchmarks import builds, searches
from benchmarks.cases import EVERY, Case
from benchmarks.datasets import QUERIES
from benchmarks.turns import Remote

Row = dict[str, Any]


def run(case: Case) -> list[Row]:
    return [_row(name, case.dataset) for name in case.peers]


def _row(name: str, dataset: str) -> Row:
    rows = builds.ensure(name, dataset)["rows"]
    asked = QUERIES // EVERY.get(name, 1)
    with Remote(name, dataset) as worker:
        before = worker.ask("memory")["bytes"]
        worker.ask("open")
        for row in range(asked):
            worker.ask("search", row=row, k=searches.K, wanted=None)
        grown = worker.ask("memory")["bytes"] - before
        version = worker.version
    return {
        "peer": name,
        "version": version,
        "queries": asked,
        "anonymous_mb": round(grown / 1e6, 1),
        "anonymous_bytes_per_row": round(grown / rows, 1),
    }
