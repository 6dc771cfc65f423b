"""The ids behind rows: of segments and of the items that they belong to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from omnisearch.storage import batch, rows
from omnisearch.storage.generation import Generation
from omnisearch.storage.tail import LooseRows

Positions = npt.NDArray[np.int64]


def items(now: Generation, positions: Positions) -> list[str]:
    """Read of which items rows are."""
    found = [""] * len(positions)
    for places, part in rows.by_part(now, positions):
        chosen = positions[places]
        names = [name for owners in _owners(now, chosen, part) for name in owners.to_pylist()]
        for place, position, name in zip(places.tolist(), chosen.tolist(), names, strict=True):
            found[place] = name or segment(now, position)
    return found


def segment(now: Generation, position: int) -> str:
    """Read the id of the segment that a row shows."""
    cells, row = now.locate(position)
    name, item = (cells.system(column, row) for column in (batch.SEGMENT, batch.ITEM))
    return str(name.removesuffix(batch.WORDS_MARK) if item else name)


def _owners(now: Generation, positions: Positions, part: int) -> Iterator[Any]:
    """Read the one column alone: a whole row takes twenty times as long."""
    held = now.parts[part]
    if isinstance(held, LooseRows):
        for table in rows.tables(now, positions, part):
            yield table.column(batch.ITEM)
        return
    chosen = pa.array(positions - int(now.starts[part]))
    for table in held.tables:
        yield table.column(batch.ITEM).take(chosen)
