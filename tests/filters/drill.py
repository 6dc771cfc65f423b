"""Random conditions on random tables against the oracle: python -m tests.filters.drill [TREES]."""

from __future__ import annotations

import random
import sys
import time

from tests.filters.agreement import disagreements, stored
from tests.filters.trees import KINDS, random_rows, random_tree

TREES_PER_TABLE = 50
MOST_ROWS = 200


def run(trees: int, seed: int = 1) -> dict[str, int]:
    """Ask so many questions; the counts say how many rows were compared and how many differed."""
    rng = random.Random(seed)
    counts = {"trees": 0, "tables": 0, "answers": 0, "different": 0}
    while counts["trees"] < trees:
        table = stored(random_rows(rng, rng.randint(0, MOST_ROWS)), rng)
        counts["tables"] += 1
        for _ in range(min(TREES_PER_TABLE, trees - counts["trees"])):
            tree = random_tree(rng, list(KINDS), depth=rng.randint(1, 5))
            different = disagreements(table, tree, rng)
            counts["trees"] += 1
            counts["answers"] += sum(len(rows) for _, rows in table.sources)
            counts["different"] += len(different)
            for fault in different:
                print(fault, file=sys.stderr)  # noqa: T201 - a drill reports
    return counts


if __name__ == "__main__":
    started = time.perf_counter()
    found = run(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
    took = time.perf_counter() - started
    print("filters:", ", ".join(f"{v} {k}" for k, v in found.items()), f"in {took:.0f} s")  # noqa: T201
    sys.exit(1 if found["different"] else 0)
