"""What a calibration is learnt from: samples of rows, and how near rows are to every question."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np

from omnisearch.storage import ids, rows, sides
from omnisearch.storage.batch import SEGMENT
from omnisearch.storage.calibration import Halves
from omnisearch.storage.generation import Generation, Positions

if TYPE_CHECKING:
    from omnisearch.encoder.calibration.calibrator import Target
    from omnisearch.encoder.calibration.crowd import Crowd
    from omnisearch.encoder.calibration.sample import Sample

_LOOKED_AT = 8192  # rows of a kind, of which a sample keeps a quarter


def samples(now: Generation, least: int, stop: threading.Event) -> dict[Target, Sample]:
    """Sample the rows of each kind that has so many; of many those whose ids have least hashes."""
    from omnisearch.encoder.calibration.sample import Sample

    found: dict[Target, Sample] = {}
    for kind, count in now.sides.counts.items():
        if count < least:
            continue
        mask = now.sides.mask(kind)
        positions = np.arange(now.rows) if mask is None else np.flatnonzero(mask)
        if len(positions) > _LOOKED_AT:
            positions = _drawn(now, positions)
        target = sides.target_of(kind)
        sample = found.setdefault(target, Sample(now.sealed.manifest.settings.dim))
        for begin in range(0, len(positions), _LOOKED_AT // 8):
            if stop.is_set():
                return {}
            sample.add(rows.vectors(now, positions[begin : begin + _LOOKED_AT // 8]))
    return found


def nearness(now: Generation, crowd: Crowd | None, stop: threading.Event) -> dict[str, Halves]:
    """Compute for each sealed row how near it is to every question, which questions use."""
    found: dict[str, Halves] = {}
    for shard in now.sealed.shards if crowd is not None else ():
        shard.touch(None)
        parts = []
        for begin in range(0, shard.rows, _LOOKED_AT // 8):
            if stop.is_set() or crowd is None:
                return {}
            block = shard.vectors[begin : begin + _LOOKED_AT // 8].astype(np.float32)
            parts.append(crowd.nearness(block))
        found[shard.name] = np.concatenate([np.zeros(0, np.float16), *parts])
    return found


def _drawn(now: Generation, positions: Positions) -> Positions:
    hashes = np.empty(len(positions), np.uint64)
    for places, part in rows.by_part(now, positions):
        tables = rows.tables(now, positions[places], part)
        names = [name for table in tables for name in table.column(SEGMENT).to_pylist()]
        hashes[places] = ids.hash_ids(names)
    return np.sort(positions[np.argpartition(hashes, _LOOKED_AT)[:_LOOKED_AT]])
