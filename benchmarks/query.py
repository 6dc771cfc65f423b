"""What a question costs besides its encoding: python -m benchmarks.query [--rows N] [--out FILE].

A collection of segments of all modalities is made around the vectors of real sentences, each with
the words of its sentence. Then sentences are asked, in turn: encoded alone, by vector, hybrid,
under a filter that half of the rows pass, and explained; differences are taken question by
question. Threads are timed in turns too, and the memory of a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import omnisearch as om
from omnisearch.remembered import origin_of
from omnisearch.storage import changes
from omnisearch.storage.batch import WORDS_MARK, Segments
from omnisearch.storage.handle import Handle, Options

Floats = npt.NDArray[np.float32]
THINGS = "dog car boat house bicycle guitar teapot lighthouse horse tractor bakery violin".split()
KINDS = "red old tiny wooden broken silver painted sleeping".split()
PLACES = "beach harbour kitchen station forest market snow rain night garden".split()
MIX = (("text", 0.45), ("image", 0.25), ("audio", 0.1), ("video", 0.1), ("document", 0.1))
BATCH = 4096
QUESTIONS, ROUNDS, THREADS = 200, 3, 8
HALF = "n < 50"


def sentences() -> list[str]:
    """Write plain sentences, in a fixed shuffled order."""
    acts = ("waits near the", "leaves the", "crosses the", "stands behind the", "is seen from the")
    found = [
        f"a {kind} {thing} {act} {place}"
        for kind, thing, act, place in product(KINDS, THINGS, acts, PLACES)
    ]
    order = np.random.default_rng(0).permutation(len(found))
    return [found[at] for at in order.tolist()]


def build(path: Path, rows: int) -> None:
    """Store so many segments, of which those that look or sound have words in three of ten."""
    encoder, rng = om.Encoder.load(), np.random.default_rng(1)
    texts = sentences()[: 2000 + QUESTIONS][QUESTIONS:]
    known = encoder.encode(texts)
    drawn = rng.choice(len(MIX), rows, p=[share for _, share in MIX])
    speaking = (rng.random(rows) < 0.3) | np.isin(drawn, (0, 4))
    about, numbers = rng.integers(0, len(texts), rows), rng.integers(0, 100, rows)
    aside = rng.normal(size=(len(MIX), encoder.dim)).astype("f4")
    handle = Handle(path, Options())
    store = handle.for_encoding(origin_of(encoder))
    for begin in range(0, rows, BATCH):
        made: list[tuple[str, str, str, str, Floats, dict[str, Any]]] = []
        for at in range(begin, min(begin + BATCH, rows)):
            kind, vector = int(drawn[at]), known[about[at]]
            modality, item = MIX[kind][0], f"item{at // 3}"
            metadata: dict[str, Any] = {"n": int(numbers[at])}
            if speaking[at]:
                metadata["segment.words"] = f"{texts[about[at]]} {at % 977} {at % 5003}"
            if kind:
                seen = _near(0.5 * vector + 0.04 * aside[kind], 0.03, rng)
                made.append((f"s{at}", item, "content", modality, seen, metadata))
            if speaking[at]:
                name = f"s{at}{WORDS_MARK if kind else ''}"
                made.append((name, item, "words", modality, _near(vector, 0.02, rng), metadata))
        ids, items, views, modalities, vectors, tables = zip(*made, strict=True)
        segments = Segments(ids, items, views, modalities, np.stack(vectors), tables)
        store.write(changes.recording(segments, replacing=False))
    handle.close()
    with om.open(path) as col:
        col.compact()


def _near(vector: Floats, spread: float, rng: np.random.Generator) -> Floats:
    moved = vector + spread * rng.normal(size=len(vector)).astype("f4")
    return np.asarray(moved / np.linalg.norm(moved), np.float32)


def ways(col: om.Collection) -> dict[str, Callable[[str], Any]]:
    """Name what is timed: each takes a question."""
    encoder = col.encoder
    return {
        "encode": lambda text: encoder.encode([text], role="query"),
        "vector": lambda text: col.query(text=text, mode="vector"),
        "hybrid": lambda text: col.query(text=text),
        "vector, half": lambda text: col.query(text=text, mode="vector", where=HALF),
        "hybrid, half": lambda text: col.query(text=text, where=HALF),
        "hybrid, explained": lambda text: col.query(text=text, explain=True).explain,
        "hybrid, hits read": lambda text: list(col.query(text=text)),
    }


def timed(col: om.Collection, questions: list[str]) -> dict[str, Any]:
    """Ask each question in every way, one after the other; milliseconds.

    Beside other work, the time that the thread computed says more than the time that passed.
    """
    every = ways(col)
    for ask in every.values():
        for text in questions[:5]:
            ask(text)
    passed: dict[str, list[float]] = {name: [] for name in every}
    computed: dict[str, list[float]] = {name: [] for name in every}
    for number, text in enumerate(questions):
        names = [*every][number % len(every) :] + [*every][: number % len(every)]
        for name in names:
            begun, worked = time.perf_counter(), time.thread_time()
            every[name](text)
            computed[name].append(1e3 * (time.thread_time() - worked))
            passed[name].append(1e3 * (time.perf_counter() - begun))
    ratio = np.median(np.divide(computed["hybrid, explained"], computed["hybrid"]))
    return {
        "ms passed": _table(passed),
        "ms computed": _table(computed),
        "explained / not": round(float(ratio), 3),
    }


def _table(took: dict[str, list[float]]) -> dict[str, Any]:
    found = {}
    for name, one in took.items():
        beyond = np.subtract(one, took["encode"])
        found[name] = {
            "p50": _r(np.median(one)),
            "least": _r(np.min(one)),
            "beyond encoding, p50": _r(np.median(beyond)),
            "beyond encoding, p10": _r(np.percentile(beyond, 10)),
        }
    return found


def _r(value: Any) -> float:  # noqa: ANN401
    return round(float(value), 2)


def threads(col: om.Collection, questions: list[str]) -> dict[str, Any]:
    """Compare one thread with eight, in turns; questions a second."""
    rates: dict[int, list[float]] = {1: [], THREADS: []}
    for _ in range(ROUNDS):
        for count in rates:
            with ThreadPoolExecutor(count) as pool:
                begun = time.perf_counter()
                for _hits in pool.map(lambda text: len(col.query(text=text)), questions):
                    pass
                rates[count].append(len(questions) / (time.perf_counter() - begun))
    pairs = list(zip(rates[THREADS], rates[1], strict=True))
    return {
        "one": _r(max(rates[1])),
        "eight": _r(max(rates[THREADS])),
        "ratio": _r(float(np.median([many / one for many, one in pairs]))),
    }


def memory(path: Path) -> Iterator[tuple[str, float]]:
    """Ask some questions in this process; megabytes at its highest."""
    col = om.open(path, mode="r")
    for text in sentences()[:20]:
        list(col.query(text=text))
    told = {"VmHWM": "peak", "RssAnon": "RssAnon", "RssFile": "RssFile"}
    for line in Path("/proc/self/status").read_text().splitlines():
        name = line.partition(":")[0]
        if name in told:  # `getrusage` counts what the process was before it ran this program
            yield told[name], int(line.split()[1]) / 1024


def alone(path: Path) -> dict[str, float]:
    """Take the memory of a process of its own."""
    command = [sys.executable, "-m", "benchmarks.query", "--memory", str(path)]
    found = subprocess.run(command, capture_output=True, check=True, text=True)
    told: dict[str, float] = json.loads(found.stdout)
    return told


def main() -> None:
    """Build, ask, and print or keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--path", type=Path, help="where the collection is, or is to be")
    parser.add_argument("--memory", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    if given.memory is not None:
        print(json.dumps({name: _r(mb) for name, mb in memory(given.memory)}))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = given.path or Path(folder) / "collection"
        if not (path / "FORMAT").exists():
            build(path, given.rows)
        with om.open(path, mode="r") as col:
            questions = sentences()[:QUESTIONS]
            found = {
                "segments": given.rows,
                "rows": col.count(),
                "cores": os.cpu_count(),
                "load": _r(os.getloadavg()[0]),
                **timed(col, questions),
                "threads": threads(col, questions),
                "memory, MB": alone(path),
            }
    text = json.dumps(found, indent=1)
    print(text)
    if given.out is not None:
        given.out.write_text(text + "\n")


if __name__ == "__main__":
    main()
