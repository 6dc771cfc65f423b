"""Storing a whole data set: seconds, CPU seconds, bytes. A peer's store is built once and kept."""

import json
import shutil
from typing import Any

from benchmarks import peers
from benchmarks.cases import Case
from benchmarks.turns import Remote

Row = dict[str, Any]


def ensure(name: str, dataset: str, *, again: bool = False) -> Row:
    """Return what building a store took, and build it where that has not been done."""
    folder = peers.place(name, dataset)
    record = folder.with_name(f"{dataset}.json")
    if record.exists() and not again:
        row: Row = json.loads(record.read_text())
        return row
    shutil.rmtree(folder, ignore_errors=True)
    record.unlink(missing_ok=True)
    with Remote(name, dataset) as worker:
        row = {"peer": name, "version": worker.version, **worker.ask("build")}
    record.write_text(json.dumps(row))
    return row


def run(case: Case) -> list[Row]:
    rows = [ensure(name, case.dataset, again=name in peers.OURS) for name in case.peers]
    for row in rows:
        row["disk_bytes_per_row"] = round(row["disk_bytes"] / row["rows"])
        row["rows_per_s"] = round(row["rows"] / row["build_s"])
    return rows
