"""Vectors of one's own on a small scale: import, ask with and without filters, count what is right.

`make demo-vectors` runs it; everything is made from a seed and written to `.demo`.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

import omnisearch as om

Vectors = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

FOLDER = Path(__file__).parents[2] / ".demo" / "vectors"
COMMAND = Path(sys.executable).with_name("omnisearch")
ROWS, WIDTH, GROUPS, QUERIES, K = 40_000, 96, 200, 100, 10
INNER = 12  # dimensions inside a group, as few as real embeddings have around a topic
COLOURS = np.array(["red", "green", "blue", "black", "white"])


@dataclass(frozen=True)
class Data:
    """What is searched, with whatever the filters are about."""

    vectors: Vectors
    queries: Vectors
    group: npt.NDArray[np.int64]
    price: npt.NDArray[np.int64]
    colour: npt.NDArray[np.str_]


def make_data() -> Data:
    """Make groups of different sizes, each on a plane of few dimensions, and queries among them."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(GROUPS, WIDTH))
    planes = rng.normal(size=(GROUPS, INNER, WIDTH)) / np.sqrt(INNER)
    shares = rng.pareto(2, GROUPS) + 0.2
    group = rng.choice(GROUPS, ROWS + QUERIES, p=shares / shares.sum())
    inner = rng.normal(size=(len(group), INNER))
    noise = 0.1 * rng.normal(size=(len(group), WIDTH))
    whole = centres[group] + np.einsum("ni,niw->nw", inner, planes[group]) + noise
    whole = (whole / np.linalg.norm(whole, axis=1, keepdims=True)).astype(np.float32)
    price, colour = rng.integers(0, 1000, ROWS), rng.choice(COLOURS, ROWS)
    return Data(whole[:ROWS], whole[ROWS:], group[:ROWS], price, colour)


def store(data: Data) -> Path:
    """Write files as another program would, and import them on the command line."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    np.save(FOLDER / "vectors.npy", data.vectors)
    np.save(FOLDER / "query.npy", data.queries[0])
    columns = {
        "id": [f"item-{number}" for number in range(ROWS)],
        "group": data.group,
        "price": data.price,
        "colour": data.colour,
    }
    pq.write_table(pa.table(columns), FOLDER / "metadata.parquet")
    index = FOLDER / "collection"
    run("import", "vectors.npy", "--metadata", "metadata.parquet", "--index", index.name)
    return index


def run(*arguments: str) -> None:
    """Show a command and what it prints."""
    print(f"\n$ omnisearch {' '.join(f'{a!r}' if ' ' in a else a for a in arguments)}", flush=True)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("OMNISEARCH_")}
    subprocess.run([COMMAND, *arguments, "--no-json"], cwd=FOLDER, env=environment, check=True)


def compare(col: om.Collection, data: Data) -> list[tuple[str, ...]]:
    """Ask every query under every filter, and exactly besides."""
    largest = int(np.bincount(data.group).argmax())
    filters: list[tuple[str | None, Mask]] = [
        (None, np.ones(ROWS, bool)),
        ("price < 500", data.price < 500),
        ("colour = 'red' and price < 500", (data.colour == "red") & (data.price < 500)),
        ("price >= 990", data.price >= 990),
        ("price = 7", data.price == 7),
        (f"group = {largest}", data.group == largest),
    ]
    return [compare_one(col, data, where, mask) for where, mask in filters]


def compare_one(col: om.Collection, data: Data, where: str | None, mask: Mask) -> tuple[str, ...]:
    """Count how many of the true neighbours are found, and how long one question takes."""
    found, times = [], []
    for query in data.queries:
        begun = time.perf_counter()
        hits = col.search(query, k=K, where=where)
        found.append([(hit.id, hit.metadata) for hit in hits])
        times.append(time.perf_counter() - begun)
    scores = np.where(mask, data.queries @ data.vectors.T, -np.inf)
    floors = np.partition(scores, -K)[:, -K] - 1e-3  # rounding to 16 bits may swap such as these
    right = sum(
        scores[number, int(name.removeprefix("item-"))] >= floors[number]
        for number, answer in enumerate(found)
        for name, _ in answer
    )
    recall, fewest = right / (K * len(found)), min(map(len, found))
    cells = f"{np.count_nonzero(mask):,}", f"{recall:.3f}", str(fewest)
    return where or "no filter", *cells, f"{1000 * statistics.median(times):.2f}"


def show(rows: list[tuple[str, ...]]) -> None:
    """Print the table."""
    print(f"\n{QUERIES} queries for {K} hits with metadata, compared with an exact search:\n")
    header = ("filter", "rows that pass", "recall", "fewest hits", "median ms")
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    for row in (header, tuple("-" * width for width in widths), *rows):
        first = row[0].ljust(widths[0])
        others = (cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))
        print("  ".join((first, *others)))


def main() -> None:
    """Import, query, compare."""
    print(f"Making {ROWS:,} vectors of {WIDTH} dimensions in {GROUPS} groups")
    data = make_data()
    index = store(data)
    where = "colour = 'red' and price < 500"
    run("query", "--vector", "query.npy", "-k", "3", "--where", where, "--index", index.name)
    with om.open(index, create=False, mode="r") as col:
        col.search(data.queries[0])
        show(compare(col, data))
    print(f"\nThe collection stays in {index}")


if __name__ == "__main__":
    main()
