"""Readers in their own processes against a writer that also seals and compacts.

Every answer must be that of exactly one generation, not older than what was promised before.
"""

from __future__ import annotations

import multiprocessing
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

import omnisearch as om
from omnisearch.collection import Collection
from omnisearch.records import Hit
from tests.crash.invariants import History
from tests.crash.kills import wait_for_life
from tests.crash.program import Life, born
from tests.crash.story import DIM, Rows

LIFE = Life(story="busy", seed=5, rows=40)
NEAREST = 5
ANSWERS, GENERATIONS = 60, 6  # that each reader sees; on a busy machine it goes on until then
PATIENCE_S = 120.0
CLOSE = 1e-3  # scores are sums of squares in another order


@dataclass(slots=True)
class Crowd:
    """How many answers were compared, over how many generations, and which were wrong."""

    answers: int = 0
    generations: int = 0
    failures: list[str] = field(default_factory=list)


def read_beside_writer(folder: Path, readers: int, seconds: float) -> Crowd:
    """Let readers ask for some seconds while another process writes without pause."""
    root, journal = folder / "life", folder / "journal"
    writer = born(root, journal, LIFE)
    wait_for_life(journal, 200)
    context = multiprocessing.get_context("spawn")
    results: multiprocessing.Queue[Crowd] = context.Queue()
    arguments = (root, journal, seconds, results)
    crowd = [
        context.Process(target=_read, args=(*arguments, seed), daemon=True)
        for seed in range(readers)
    ]
    for reader in crowd:
        reader.start()
    total = Crowd()
    for _ in crowd:
        one = results.get(timeout=seconds + 600)
        total.answers += one.answers
        total.generations = max(total.generations, one.generations)
        total.failures += one.failures
    if writer.exitcode is not None:
        total.failures.append(f"the writer ended with {writer.exitcode}")
    writer.kill()
    for process in [writer, *crowd]:
        process.join()
    return total


def _read(
    root: Path, journal: Path, seconds: float, results: multiprocessing.Queue[Crowd], seed: int
) -> None:
    crowd, chance = Crowd(), np.random.default_rng(seed)
    history, seen = History(LIFE.told()), set[int]()
    try:
        with om.open(root, mode="r") as collection:
            end = time.monotonic() + seconds
            while len(crowd.failures) < 5:
                enough = crowd.answers >= ANSWERS and len(seen) >= GENERATIONS
                if time.monotonic() > (end if enough else end + PATIENCE_S):
                    break
                promised = last_promise(journal)
                generation, fault = _ask(collection, history, chance)
                crowd.answers += 1
                seen.add(generation)
                if generation < promised:
                    fault = f"answered from {generation} when {promised} was promised"
                crowd.failures += [fault] if fault else []
    except Exception as error:  # whatever a reader meets is the finding
        crowd.failures.append(f"reader {seed}: {type(error).__name__}: {error}")
    crowd.generations = len(seen)
    results.put(crowd)


def last_promise(journal: Path) -> int:
    """Read the last promise from the end of a growing journal of marks."""
    with journal.open("rb") as stream:
        stream.seek(max(0, stream.seek(0, 2) - 200))
        lines = stream.read().split(b"\n")[1:-1]
    promised = [line for line in lines if line.startswith(b'["promise"')]
    return int(promised[-1].split(b",")[3]) if promised else 0


def _ask(collection: Collection, history: History, chance: np.random.Generator) -> tuple[int, str]:
    query = chance.normal(size=DIM).astype("f4")
    even = bool(chance.integers(2))
    hits = collection.search(query, k=NEAREST, where="tag = 'even'" if even else None)
    rows = history.rows(hits.generation)
    return hits.generation, disagreement(list(hits), query, rows, even=even)


def disagreement(hits: list[Hit], query: np.ndarray, rows: Rows, *, even: bool) -> str:
    """Compare with every row of the generation; empty where all is right."""
    wanted = {
        name: -float(np.linalg.norm(np.frombuffer(vector, "f4") - query))
        for name, (vector, metadata) in rows.items()
        if not even or metadata.get("tag") == "even"
    }
    best = sorted(wanted.values(), reverse=True)[:NEAREST]
    if len(hits) != len(best):
        return f"{len(hits)} hits, not {len(best)}"
    for hit, score in zip(hits, best, strict=True):
        if hit.id not in wanted:
            return f"{hit.id} is not of this generation"
        if abs(wanted[hit.id] - score) > CLOSE or abs((hit.score or 0) - score) > CLOSE:
            return f"{hit.id} scores {hit.score}, at its place is {score}"
        if dict(hit.metadata) != rows[hit.id][1]:
            return f"{hit.id} has {dict(hit.metadata)}, not {rows[hit.id][1]}"
    return ""
