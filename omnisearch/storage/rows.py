"""Stored rows, read back: tables by part, whole batches, vectors in their original scale."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from omnisearch.storage import batch
from omnisearch.storage.batch import Batch
from omnisearch.storage.generation import Generation

Positions = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]


def by_part(now: Generation, positions: Positions) -> Iterator[tuple[Positions, int]]:
    """Give, part by part, the places in `positions` of its rows, and the part."""
    if len(now.parts) == 1:
        yield np.arange(len(positions)), 0
        return
    owners = np.searchsorted(now.starts, positions, "right") - 1
    for owner in np.unique(owners).tolist():
        yield np.flatnonzero(owners == owner), owner


def tables(now: Generation, positions: Positions, part: int) -> list[pa.RecordBatch]:
    """Read rows of one part, in the order of `positions`."""
    return now.parts[part].take(positions - int(now.starts[part]))


def vectors(now: Generation, positions: Positions) -> np.ndarray:
    """Read vectors as stored, in the order of `positions`."""
    settings = now.sealed.manifest.settings
    found = np.empty((len(positions), settings.dim), settings.dtype)
    for places, owner in by_part(now, positions):
        part, rows = now.parts[owner], positions[places] - int(now.starts[owner])
        part.touch(rows)
        found[places] = part.vectors[rows]
    return found


def original(now: Generation, positions: Positions) -> Floats:
    """Read vectors in the length that they had when they came."""
    floats: Floats = vectors(now, positions).astype(np.float32)
    for row, position in enumerate(positions.tolist()):
        cells, at = now.locate(position)
        norm = cells.system(batch.NORM, at)
        if norm is not None:
            floats[row] *= norm
    return floats


def gather(now: Generation, positions: Positions) -> Batch:
    """Read whole rows, in the order of `positions`."""
    pieces: list[pa.RecordBatch] = []
    order: list[Positions] = []
    for places, part in by_part(now, positions):
        pieces += tables(now, positions[places], part)
        order.append(places)
    merged = batch.merge(pieces, now.schema)
    back = np.argsort(np.concatenate(order))
    return Batch(merged.take(pa.array(back)), vectors(now, positions))
