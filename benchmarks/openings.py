"""Opening in a fresh process whose imports are done: seconds to open, and to the first answer.

Warm: the files are in the page cache. Cold: the kernel was asked to drop them just before.
"""

from typing import Any

import numpy as np

from benchmarks import builds, searches
from benchmarks.cases import Case
from benchmarks.turns import Remote

Row = dict[str, Any]
TRIES = 5


def run(case: Case) -> list[Row]:
    rows = []
    for name in case.peers:
        builds.ensure(name, case.dataset)
        row: Row = {"peer": name}
        _try(name, case.dataset, cold=False)  # fills the page cache
        for state in ("warm", "cold"):
            tries = [_try(name, case.dataset, cold=state == "cold") for _ in range(TRIES)]
            opened, answered, row["version"] = zip(*tries, strict=True)
            row["version"] = row["version"][0]
            row[f"{state}_open_ms"] = round(float(np.median(opened)) * 1000, 1)
            row[f"{state}_first_answer_ms"] = round(float(np.median(answered)) * 1000, 1)
        rows.append(row)
    return rows


def _try(name: str, dataset: str, *, cold: bool) -> tuple[float, float, str]:
    with Remote(name, dataset) as worker:
        if cold:
            worker.ask("forget")
        opened = worker.ask("open")["s"]
        first = worker.ask("search", row=0, k=searches.K, wanted=None)["s"]
        return opened, opened + first, worker.version
