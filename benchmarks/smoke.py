"""A small run of everything on data made on the spot: fails on wrong results, never on time."""

from dataclasses import replace
from typing import Any

from benchmarks import batches, datasets, filters, searches
from benchmarks.cases import FRESH, OURS, Case
from benchmarks.datasets import DATA
from benchmarks.turns import WARM, Remote, Seat, interleave

QUERIES = 100
FLOOR = 0.99
KINDS = ("none", *filters.SHARES, filters.CORRELATED, filters.CATEGORY)
CASE = Case("smoke", "smoke", "tiny", "Smoke", queries=QUERIES)


def run() -> list[str]:
    """Return what is wrong, one line each; print what was measured."""
    data = datasets.load("tiny")
    faults = []
    for name in (FRESH, OURS):
        folder = DATA / "scratch" / f"smoke-{name}"
        with Remote(name, "tiny", folder=str(folder), empty=True) as worker:
            worker.ask("build")
        with Remote(name, "tiny", folder=str(folder)) as worker:
            worker.ask("open")
            faults += [fault for kind in KINDS for fault in _searches(worker, kind, data)]
            faults += _batch(worker, data)
            worker.ask("erase")
    return faults + _writes(data)


def _searches(worker: Remote, kind: str, data: datasets.Dataset) -> list[str]:
    wanted = data.filters(kind, QUERIES + WARM)
    answers = interleave({"one": Seat(worker, wanted)}, QUERIES, searches.K)
    figures = searches.score(data, answers["one"], wanted, replace(CASE, filter=kind))
    label = f"{worker.name}, filter {kind}"
    print(f"{label:32}", *(f"{name} {value}" for name, value in figures.items()))
    return _judge(label, figures)


def _judge(label: str, figures: dict[str, Any]) -> list[str]:
    faults = []
    if figures["recall"] < FLOOR:
        faults.append(f"{label}: recall {figures['recall']}, not {FLOOR}")
    if figures["short"]:
        faults.append(f"{label}: {figures['short']} lists are short")
    if figures["forbidden"]:
        faults.append(f"{label}: {figures['forbidden']} hits that the filter forbids")
    return faults


def _batch(worker: Remote, data: datasets.Dataset) -> list[str]:
    found = worker.ask("batch", first=0, count=QUERIES, k=searches.K)["rows"]
    recall = batches.recall(found, data, 0)
    return [] if recall >= FLOOR else [f"{worker.name}, batch: recall {recall}, not {FLOOR}"]


def _writes(data: datasets.Dataset) -> list[str]:
    folder = DATA / "scratch" / "smoke-writes"
    with Remote(OURS, "tiny", folder=str(folder), empty=True) as worker:
        worker.ask("append", start=0, stop=1_000, form="columns")
        worker.ask("append", start=1_000, stop=2_000, form="dicts")
        worker.ask("tidy")
        rows = range(1_900, 2_100)  # some replace a row, some are new
        missed = []
        for row in rows:
            worker.ask("upsert", row=row)
            if not worker.ask("holds", row=row)["found"]:
                missed.append(row)
        worker.ask("tidied")
        worker.ask("erase")
    return [f"row {row} is not found by the search after its upsert" for row in missed]
