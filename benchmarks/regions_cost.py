"""What regions add to the cost of a question: one collection without them and one with, in turns.

The collection is that of `query.py`. Each picture gets five rows more, with vectors between its
own and others, so that rows of one picture crowd together among the best.
"""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np

import omnisearch as om
from benchmarks import query
from omnisearch.query.names import items
from omnisearch.schema import REGIONS, SPAN
from omnisearch.storage import changes, rows, sides
from omnisearch.storage.batch import Segments
from omnisearch.storage.handle import Handle, Options

EACH = 5
QUESTIONS = 120
_BATCH = 4096
WAYS: dict[str, dict[str, Any]] = {
    "vector": {"mode": "vector"},
    "hybrid": {},
    "vector, pictures only": {"mode": "vector", "modality": "image"},
    "hybrid, pictures only": {"modality": "image"},
}


def measure(folder: Path, count: int) -> dict[str, Any]:
    """Build both, ask both, and give milliseconds of the thread beyond encoding."""
    query.build(folder / "without", count)
    shutil.copytree(folder / "without", folder / "with")
    add_regions(folder / "with")
    kept = {name: om.open(folder / name, mode="r") for name in ("without", "with")}
    found: dict[str, Any] = {
        "segments": count,
        "rows": {name: col.count() for name, col in kept.items()},
        "load": round(os.getloadavg()[0], 1),
    }
    questions = query.sentences()[:QUESTIONS]
    for way, options in WAYS.items():
        took: dict[str, list[float]] = {"encode": [], **{name: [] for name in kept}}
        for number, text in enumerate([*questions[:5], *questions]):
            spent = {"encode": _spent(lambda text=text: kept["with"].encoder.encode([text]))}
            for name in sorted(kept, reverse=number % 2 == 0):
                spent[name] = _spent(lambda: list(kept[name].query(text=text, **options)))  # noqa: B023
            if number >= 5:
                for name, ms in spent.items():
                    took[name].append(ms)
        beyond = {name: np.subtract(took[name], took["encode"]) for name in kept}
        found[way] = {name: round(float(np.median(ms)), 2) for name, ms in beyond.items()}
        ratio = np.median(beyond["with"]) / np.median(beyond["without"])
        whole = np.median(np.divide(took["with"], took["without"]))
        found[way] |= {"ratio": round(float(ratio), 2), "with encoding": round(float(whole), 2)}
    return found


def _spent(ask: Any) -> float:  # noqa: ANN401
    begun = time.thread_time()
    ask()
    return 1e3 * (time.thread_time() - begun)


def add_regions(path: Path) -> None:
    """Store five more rows for each picture."""
    handle, rng = Handle(path, Options()), np.random.default_rng(2)
    store = handle.for_changing()
    now = store.reading()
    positions = np.flatnonzero(now.sides.kinds == sides.kind_of("image", "content"))
    vectors = rows.vectors(now, positions).astype(np.float32)
    names, owners = [now.id_at(at) for at in positions.tolist()], items(now, positions)
    for begin in range(0, len(positions) * EACH, _BATCH):
        some = np.arange(begin, min(begin + _BATCH, len(positions) * EACH))
        of = some // EACH
        mixed = vectors[of] + vectors[rng.integers(0, len(vectors), len(of))]
        mixed += 0.03 * rng.normal(size=mixed.shape).astype(np.float32)
        made = Segments(
            [f"{names[at]}.{number}" for at, number in zip(of, some % EACH, strict=True)],
            [owners[at] for at in of],
            ["content"] * len(of),
            ["image"] * len(of),
            mixed / np.linalg.norm(mixed, axis=1, keepdims=True),
            [{SPAN: {"box": [0.2, 0.2, 0.4, 0.4]}, REGIONS: EACH} for _ in of],
        )
        store.write(changes.recording(made, replacing=False))
    handle.close()
    with om.open(path) as col:
        col.compact()
