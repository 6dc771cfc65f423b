"""Many queries in one call, each library set to the least effort that gives recall 0.99."""

from contextlib import ExitStack
from typing import Any

import numpy as np

from benchmarks import builds, datasets, searches
from benchmarks.cases import GRAPHS, Case
from benchmarks.turns import Answers, Remote

Row = dict[str, Any]
COUNT = 1_000
ROUNDS = 7
EFFORTS = {
    "ef": (24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 256),
    "recall": (0.9, 0.95, 0.96, 0.97, 0.98, 0.985, 0.99),
}
GOAL = 0.99


def run(case: Case) -> list[Row]:
    data = datasets.load(case.dataset)
    with ExitStack() as stack:
        workers = []
        for name in case.peers:
            builds.ensure(name, case.dataset)
            workers.append(stack.enter_context(_tuned(name, data)))
        for worker in workers:
            worker.ask("batch", first=COUNT, count=COUNT, k=searches.K)  # warm
        replies: dict[str, list[dict[str, Any]]] = {worker.name: [] for worker in workers}
        for turn in range(ROUNDS):
            for worker in workers[turn % len(workers) :] + workers[: turn % len(workers)]:
                reply = worker.ask("batch", first=0, count=COUNT, k=searches.K)
                replies[worker.name].append(reply)
        return [_row(worker, replies[worker.name], data) for worker in workers]


def _row(worker: Remote, replies: list[dict[str, Any]], data: datasets.Dataset) -> Row:
    wall = float(np.median([reply["s"] for reply in replies]))
    cpu = float(np.median([reply["cpu_s"] for reply in replies]))
    return {
        "peer": worker.name,
        "version": worker.version,
        "recall": recall(replies[0]["rows"], data, 0),
        "queries_per_s": round(COUNT / wall),
        "queries_per_cpu_s": round(COUNT / cpu),
    }


def recall(found: list[list[int]], data: datasets.Dataset, first: int) -> float:
    """Return the mean recall of answers to the queries from `first` on."""
    case = Case("", "", data.name, "", queries=len(data.queries))
    places = list(range(first, first + len(found)))
    zeros = [1.0] * len(found)
    answer = Answers(places, zeros, zeros, found)
    return float(searches.score(data, answer, [None] * len(data.queries), case)["recall"])


def _tuned(name: str, data: datasets.Dataset) -> Remote:
    """Open a store at the least effort that reaches the goal on queries that are not timed."""
    knob = "ef" if name in GRAPHS else "recall"
    for effort in EFFORTS[knob]:
        worker = Remote(name, data.name, settings={knob: effort})
        worker.ask("open")
        found = worker.ask("batch", first=COUNT, count=COUNT, k=searches.K)["rows"]
        if recall(found, data, COUNT) >= GOAL or effort == EFFORTS[knob][-1]:
            return worker
        worker.close()
    raise AssertionError("the last effort returns")
