"""Make the committed collection of the present format: `python -m tests.formats.make FOLDER`.

Run it once for each new format version; never for an old one.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

import omnisearch as om
from omnisearch.storage import coding

ROWS, DIM = 300, 24


def rows() -> tuple[list[str], np.ndarray, list[dict[str, object]]]:
    random = np.random.default_rng(5)
    centres = random.normal(size=(12, DIM))
    x = centres[np.arange(ROWS) % 12] + 0.3 * random.normal(size=(ROWS, DIM))
    metadata: list[dict[str, object]] = [
        {
            "n": n,
            "half": n / 2,
            "even": n % 2 == 0,
            "name": f"row {n}",
            "tags": [f"t{n % 3}", "all"],
            "at": datetime(2024, 1, 1 + n % 28, tzinfo=UTC),
            "extra": {"n": n},
        }
        for n in range(ROWS)
    ]
    return [f"id-{n}" for n in range(ROWS)], x.astype(np.float32), metadata


def make(folder: Path) -> None:
    """Make a collection with a coded shard, a second shard, tombs, and a log."""
    ids, x, metadata = rows()
    coding.TRAINING_ROWS = 200
    with om.open(folder) as col:
        col.add_vectors(ids[:250], x[:250], metadata=metadata[:250])
        col.compact()
        col.delete(ids[:10])
        col.add_vectors(ids[250:290], x[250:290], metadata=metadata[250:290])
    from omnisearch.storage import maintenance
    from omnisearch.storage.handle import Handle, Options

    handle = Handle(folder, Options())
    store = handle.for_changing()
    with store.lock:
        store.begin_writing()
    maintenance.seal(store)
    handle.drop()
    with om.open(folder) as col:
        col.delete(["id-20"])
        col.upsert(ids[290:], x[290:], metadata=metadata[290:])


if __name__ == "__main__":
    make(Path(sys.argv[1]))
