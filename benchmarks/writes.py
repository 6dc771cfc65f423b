"""Durable writes into an empty store, the stores in turn; what was written is then searched for."""

from contextlib import ExitStack
from typing import Any

import numpy as np

from benchmarks import gauges
from benchmarks.cases import OURS, Case
from benchmarks.datasets import DATA
from benchmarks.turns import Remote

Row = dict[str, Any]
BATCH = 1_000
BATCHES = 60
STORED = 20_000  # rows already there when single rows are written
ONES = 4_000
CHECK_EVERY = 20
# the slow ones take part in every n-th turn: few rows are to their advantage
TURNS = {"chroma": 10, "milvus-lite": 10, "sqlite-vec": 2}
TURNS_ONE = {"lancedb-fresh": 40, "chroma": 40, "sqlite-vec": 10}


def run(case: Case) -> list[Row]:
    with ExitStack() as stack:
        workers = []
        for name in case.peers:
            folder = DATA / "scratch" / name
            worker = stack.enter_context(Remote(name, case.dataset, folder=str(folder), empty=True))
            workers.append(worker)
        rows = _ones(workers) if case.form == "one" else _batches(workers, case.form)
        for worker in workers:
            worker.ask("erase")
    return rows


def _batches(workers: list[Remote], form: str) -> list[Row]:
    seconds: dict[str, list[float]] = {worker.name: [] for worker in workers}
    for turn in range(-2, BATCHES):  # two turns warm up
        for worker in workers:
            if turn >= 0 and turn % TURNS.get(worker.name, 1):
                continue
            start = (turn + 2) * BATCH
            reply = worker.ask("append", start=start, stop=start + BATCH, form=form)
            if turn >= 0:
                seconds[worker.name].append(reply["s"])
    return [
        {
            **_row(worker, seconds[worker.name]),
            "rows_per_s": round(BATCH / float(np.median(seconds[worker.name]))),
            "rows_per_s_overall": round(BATCH / float(np.mean(seconds[worker.name]))),
        }
        for worker in workers
    ]


def _ones(workers: list[Remote]) -> list[Row]:
    for worker in workers:
        for start in range(0, STORED, BATCH):
            worker.ask("append", start=start, stop=start + BATCH, form="dicts")
    rng = np.random.default_rng(5)
    seconds: dict[str, list[float]] = {worker.name: [] for worker in workers}
    missed = dict.fromkeys(seconds, 0)
    checked = dict.fromkeys(seconds, 0)
    ours = next(worker for worker in workers if worker.name == OURS)
    ours.ask("tidy")
    for turn in range(ONES):
        row = int(rng.integers(0, 2 * STORED))  # half replace a row, half are new
        for worker in workers:
            if turn % TURNS_ONE.get(worker.name, 1):
                continue
            seconds[worker.name].append(worker.ask("upsert", row=row)["s"])
            if turn % CHECK_EVERY == 0:
                checked[worker.name] += 1
                missed[worker.name] += not worker.ask("holds", row=row)["found"]
    compactions = ours.ask("tidied")["rounds"]
    return [
        {
            **_row(worker, seconds[worker.name]),
            "looked_up": checked[worker.name],
            "not_found": missed[worker.name],
            "compactions_behind": compactions if worker is ours else 0,
        }
        for worker in workers
    ]


def _row(worker: Remote, seconds: list[float]) -> Row:
    figures = {"calls": len(seconds), **gauges.spread(seconds)}
    return {"peer": worker.name, "version": worker.version, **figures}
