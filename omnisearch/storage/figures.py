"""How much is stored: the figures behind `status`."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from omnisearch.storage import batch
from omnisearch.storage.generation import Generation


def figures(root: Path, now: Generation | None) -> dict[str, Any]:
    """Count what a generation holds and what it takes on disk."""
    if now is None:
        return {"generation": 0, "items": 0, "segments": 0, "deleted": 0, "shards": 0, "bytes": 0}
    made = now.sealed.manifest
    return {
        "generation": now.number,
        "items": now.live,
        "segments": now.live,
        "deleted": now.deleted,
        "shards": len(made.shards),
        "bytes": _bytes_below(root),
        "space": made.space,
        "modalities": _modalities(now),
        "failures": 0,
        "dim": made.settings.dim,
        "metric": made.settings.metric,
        "index": made.settings.index,
        "unsealed": now.rows - now.sealed.rows,
        "columns": dict(now.schema.shown().columns),
    }


def _bytes_below(root: Path) -> int:
    total = 0
    for folder, _, names in os.walk(root):  # what a writer removes meanwhile counts nothing
        for name in names:
            with suppress(FileNotFoundError):
                total += (Path(folder) / name).stat().st_size
    return total


def _modalities(now: Generation) -> dict[str, int]:
    counts = np.zeros(len(batch.MODALITIES), np.int64)
    for shard, start in zip(now.sealed.shards, now.starts.tolist(), strict=False):
        found = shard.table.column(batch.MODALITY).to_numpy()
        alive = slice(start, start + shard.rows)
        kept = found if now.alive is None else found[now.alive[alive]]
        counts += np.bincount(kept, minlength=len(counts))
    pairs = zip(batch.MODALITIES, counts.tolist(), strict=True)
    return {name: count for name, count in pairs if name and count}
