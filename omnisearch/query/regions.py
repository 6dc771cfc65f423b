"""Which candidates are parts of pictures, and what they have to be nearer for."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from omnisearch import stored
from omnisearch.schema import REGIONS, SPAN
from omnisearch.storage import rows, sides
from omnisearch.storage.generation import Generation
from omnisearch.storage.tail import LooseRows

Mask = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]

# Widths of wrong pairs that a part of a picture has to be nearer to words than a whole one: it has
# several parts, of which one is near by chance. On the validation split of benchmarks/regions.py
# ordinary pictures lose nothing from here on, and small things are found twice as often still
NEARER = 0.35
_PICTURES = sides.kind_of("image", "content")
_WHOLE = [0, 0, 1, 1]


def are_parts(now: Generation, positions: Positions) -> Mask:
    """Mark the rows that show a part of a picture; -1 stands for no row."""
    found = np.zeros(len(positions), bool)
    if REGIONS not in now.schema.columns:
        return found
    there = np.flatnonzero(positions >= 0)
    there = there[now.sides.kinds[positions[there]] == _PICTURES]
    for places, part in rows.by_part(now, positions[there]) if len(there) else ():
        at = there[places]
        found[at] = [_is_part(text) for text in _spans(now, positions[at], part)]
    return found


def standing(items: Positions, parts: Mask, odds: Floats, lowered: Floats) -> Floats:
    """Give the odds of candidates of `items` where those of `parts` are lowered.

    The part that is nearer than its picture and all other parts stands for it, and so is as sure.
    """
    _, of = np.unique(items, return_inverse=True)
    wholes, best = np.full((2, of.max(initial=-1) + 1), -np.inf, np.float32)
    sure = np.where(np.isnan(odds), np.float32(-np.inf), odds)
    np.maximum.at(wholes, of[~parts], sure[~parts])
    np.maximum.at(best, of[parts], sure[parts])
    stands = parts & (sure > wholes[of]) & (sure == best[of])
    least = np.nextafter(wholes[of], np.float32(np.inf))
    return np.where(stands, np.maximum(lowered, least), np.where(parts, lowered, odds))


def _spans(now: Generation, positions: Positions, part: int) -> list[str | None]:
    """Read one column alone: whole rows take twenty times as long."""
    held, found = now.parts[part], list[str | None]()
    if not isinstance(held, LooseRows):
        chosen = pa.array(positions - int(now.starts[part]))
        columns = [one.column(SPAN).take(chosen) for one in held.tables if SPAN in one.schema.names]
        return columns[0].to_pylist() if columns else [None] * len(positions)
    for table in rows.tables(now, positions, part):
        at = table.schema.get_field_index(SPAN)
        found += [None] * table.num_rows if at < 0 else table.column(at).to_pylist()
    return found


def _is_part(text: str | None) -> bool:
    """Tell whether a span is a box that is not all of a picture, and on no page."""
    span = None if text is None else stored.tree(text)
    if not isinstance(span, dict) or "page" in span:
        return False
    return bool(span.get("box", _WHOLE) != _WHOLE)
