"""What reranking costs besides the reranker: `python -m benchmarks.reranking`.

Passages made of dictionary words are asked for with and without a function that judges nothing, in
turn; the difference is the reading of hits, a thread, and their new order. Milliseconds of CPU time
of the whole process, and of the clock, which other work lengthens; medians and quartiles.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import omnisearch as om

RESULT = Path(__file__).with_name("results") / "reranking.json"
DEPTHS = (50, 200)
_PASSAGES, _QUESTIONS = 1_000, 150
_WORDS = 60  # of a passage
_SEED = 11
_VOCABULARY = (
    "harbour lantern meadow violin glacier orchard thunder compass velvet anchor marble sparrow "
    "kettle canyon saddle willow beacon pepper tunnel feather bridge copper garden hammer island"
).split()


def flat(question: om.Question, hits: Sequence[om.Hit]) -> list[float]:
    """Judge nothing: every hit is as good."""
    del question
    return [0.0] * len(hits)


def passages(count: int, rng: random.Random) -> list[om.Item]:
    """Make texts that differ."""
    return [
        om.Item(f"p{number}", text=" ".join(rng.choices(_VOCABULARY, k=_WORDS)) + f" {number}.")
        for number in range(count)
    ]


def timed(col: om.Collection, question: str, depth: int | None) -> tuple[float, float]:
    """Give CPU and wall milliseconds of one question; without a depth nothing is judged."""
    more = {} if depth is None else {"rerank": flat, "rerank_depth": depth}
    cpu, wall = time.process_time(), time.perf_counter()
    list(col.query(question, k=10, **more))  # type: ignore[arg-type]
    return 1e3 * (time.process_time() - cpu), 1e3 * (time.perf_counter() - wall)


def measured(col: om.Collection, depth: int, rng: random.Random) -> dict[str, list[float]]:
    """Ask in turn; gives the quartiles of what judging adds to the same question."""
    added: dict[str, list[float]] = {"cpu_ms": [], "wall_ms": []}
    for number in range(_QUESTIONS):
        question = " ".join(rng.sample(_VOCABULARY, 3))
        turns = (None, depth) if number % 2 else (depth, None)
        found = {turn: timed(col, question, turn) for turn in turns}
        for name, with_it, without in zip(added, found[depth], found[None], strict=True):
            added[name].append(with_it - without)
    return {
        name: [round(one, 2) for one in statistics.quantiles(values, n=4)]
        for name, values in added.items()
    }


def main() -> None:
    """Measure, print, and keep the figures."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--passages", type=int, default=_PASSAGES)
    count = options.parse_args().passages
    rng = random.Random(_SEED)
    with tempfile.TemporaryDirectory() as folder, om.open(Path(folder) / "c") as col:
        col.add(passages(count, rng))
        timed(col, "warm", DEPTHS[0])
        figures = {str(depth): measured(col, depth, rng) for depth in DEPTHS}
    told = {"passages": count, "questions": _QUESTIONS, "added_by_depth": figures}
    RESULT.write_text(json.dumps(told, indent=1) + "\n")
    print(json.dumps(told, indent=1))


if __name__ == "__main__":
    main()
