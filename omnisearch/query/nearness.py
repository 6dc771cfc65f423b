"""How near rows are to every question: it depends on the row alone, so it is computed once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from omnisearch.encoder.calibration.crowd import Crowd
from omnisearch.storage import rows
from omnisearch.storage.generation import Generation

Positions = npt.NDArray[np.int64]
Halves = npt.NDArray[np.float16]


def nearness(now: Generation, crowd: Crowd, positions: Positions) -> Halves:
    """Give it for some rows, from what is known of their part or anew."""
    found = np.empty(len(positions), np.float16)
    for places, owner in rows.by_part(now, positions):
        part, here = now.parts[owner], positions[places] - int(now.starts[owner])
        known = crowd.known.get(part)
        if known is None:
            known = crowd.known[part] = np.full(part.rows, np.nan, np.float16)
        new = np.flatnonzero(np.isnan(known[here]))
        if len(new):
            vectors = rows.vectors(now, positions[places[new]]).astype(np.float32)
            known[here[new]] = crowd.nearness(vectors)
        found[places] = known[here]
    return found
