"""Single queries, one after the other, every store asked the same ones in turn."""

from contextlib import ExitStack
from typing import Any

import numpy as np

from benchmarks import builds, datasets, gauges, peers, truth
from benchmarks.cases import EVERY, OURS, Case
from benchmarks.filters import Filter
from benchmarks.turns import WARM, Answers, Remote, Seat, in_a_row, interleave

Row = dict[str, Any]
K = 10


def run(case: Case) -> list[Row]:
    data = datasets.load(case.dataset)
    wanted = data.filters(case.filter, case.queries + WARM)
    free = data.filters("none", case.queries + WARM)
    with ExitStack() as stack:
        seats = {}
        for name in case.peers:
            builds.ensure(name, "wordnet" if case.dataset == "shifted" else case.dataset)
            worker = stack.enter_context(_open(name, case.dataset))
            seats[name] = Seat(worker, wanted, EVERY.get(name, 1))
            if name == OURS and case.filter != "none":
                seats["omnisearch, no filter"] = Seat(worker, free)
        versions = {label: seat.worker.version for label, seat in seats.items()}
        answers = interleave(seats, case.queries, K)
        alone = {}  # filters would come again, which no store shall gain from
        if case.filter == "none":
            alone = {label: in_a_row(seat, case.queries, K) for label, seat in seats.items()}
    measured = []
    for label, answer in answers.items():
        test = free if label.endswith("no filter") else wanted
        figures = score(data, answer, test, case)
        if label in alone:
            figures["alone_p50_ms"] = gauges.spread(alone[label].seconds)["p50_ms"]
        measured.append({"peer": label, "version": versions[label], **figures})
    return measured


def score(data: datasets.Dataset, answer: Answers, wanted: list[Filter | None], case: Case) -> Row:
    """Return recall, short and wrong answers beside the times of one store."""
    kind = case.filter if any(wanted) else "none"
    floors, want = _floors(data, wanted, kind, case.queries)
    verdicts = []
    for place, rows in zip(answer.places, answer.rows, strict=True):
        test = wanted[place]
        kept = np.ones(len(rows), dtype=np.bool_)
        if test is not None:
            kept = test.passes(data.tests, np.asarray(rows, dtype=np.int64))
        query, floor = data.queries[place], floors[place]
        verdicts.append(truth.judge(data.base, query, rows, floor, int(want[place]), kept))
    return {
        "queries": len(verdicts),
        "recall": round(float(np.mean([verdict.recall for verdict in verdicts])), 4),
        "recall_near": round(float(np.mean([verdict.near for verdict in verdicts])), 4),
        "short": sum(verdict.short for verdict in verdicts),
        "forbidden": sum(verdict.forbidden for verdict in verdicts),
        **gauges.spread(answer.seconds),
        "cpu_p50_ms": round(float(np.median(answer.cpu_seconds)) * 1000, 4),
    }


def _open(name: str, dataset: str) -> Remote:
    folder = None
    if dataset == "shifted":  # other queries, the same stores
        folder = str(peers.place(name, "wordnet"))
    worker = Remote(name, dataset, folder=folder)
    worker.ask("open")
    return worker


def _floors(
    data: datasets.Dataset, wanted: list[Filter | None], kind: str, count: int
) -> tuple[datasets.Floats, np.ndarray[Any, np.dtype[np.int64]]]:
    file = datasets.DATA / "truth" / f"{data.name}-{kind.rstrip('%')}-{count}.npz"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        lowest, want = truth.floors(data.base, data.queries[:count], data.tests, wanted[:count], K)
        np.savez(file, lowest=lowest, want=want)
    stored = np.load(file)
    return stored["lowest"], stored["want"]
