"""The ids behind rows: of segments and of the items that they belong to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from omnisearch.storage import batch, rows
from omnisearch.storage.generation import Generation

Positions = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Names:
    """The ids of segments and of their items."""

    segments: Sequence[str]
    items: Sequence[str]


def names(now: Generation, positions: Positions) -> Names:
    """Read the ids behind rows."""
    segments, items = [""] * len(positions), [""] * len(positions)
    for places, part in rows.by_part(now, positions):
        tables = rows.tables(now, positions[places], part)
        at = iter(places.tolist())
        for table in tables:
            columns = [table.column(one).to_pylist() for one in (batch.SEGMENT, batch.ITEM)]
            for name, item in zip(*columns, strict=True):
                place = next(at)
                segments[place] = name.removesuffix(batch.WORDS_MARK) if item else name
                items[place] = item or name
    return Names(segments, items)
