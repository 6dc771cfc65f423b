"""The ids behind rows: of segments and of the items that they belong to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from omnisearch.storage import batch, rows
from omnisearch.storage.generation import Generation
from omnisearch.storage.tail import LooseRows

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
        at = iter(places.tolist())
        for segment, owner in _columns(now, positions[places], part):
            for name, item in zip(segment.to_pylist(), owner.to_pylist(), strict=True):
                place = next(at)
                segments[place] = name.removesuffix(batch.WORDS_MARK) if item else name
                items[place] = item or name
    return Names(segments, items)


def _columns(now: Generation, positions: Positions, part: int) -> Iterator[tuple[Any, Any]]:
    """Read the two columns alone: a whole row takes twenty times as long."""
    held = now.parts[part]
    if isinstance(held, LooseRows):
        for table in rows.tables(now, positions, part):
            yield table.column(batch.SEGMENT), table.column(batch.ITEM)
        return
    chosen = pa.array(positions - int(now.starts[part]))
    for table in held.tables:
        yield table.column(batch.SEGMENT).take(chosen), table.column(batch.ITEM).take(chosen)
