"""The ids behind rows: of segments and of the items that they belong to."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from omnisearch.storage import batch, rows
from omnisearch.storage.generation import Generation
from omnisearch.storage.tail import LooseRows

Positions = npt.NDArray[np.int64]


def items(now: Generation, positions: Positions) -> list[str]:
    """Read of which items rows are."""
    found: list[str] = _owners(now, positions).to_pylist()
    return found


def numbered(now: Generation, positions: Positions) -> Positions:
    """Give numbers that rows share where they are of one item."""
    first, last = (int(np.searchsorted(now.starts, at, "right")) - 1 for at in _ends(positions))
    if first == last:
        own = now.parts[first].sides.items
        return np.asarray(own[positions - int(now.starts[first])], np.int64)
    indices = _owners(now, positions).dictionary_encode().indices
    return np.asarray(indices.to_numpy(zero_copy_only=False), np.int64)


def _ends(positions: Positions) -> tuple[int, int]:
    return int(positions.min()), int(positions.max())


def segment(now: Generation, position: int) -> str:
    """Read the id of the segment that a row shows."""
    cells, row = now.locate(position)
    name, item = (cells.system(column, row) for column in (batch.SEGMENT, batch.ITEM))
    return str(name.removesuffix(batch.WORDS_MARK) if item else name)


def _owners(now: Generation, positions: Positions) -> pa.Array:
    """Read the items of rows, in the order of `positions`."""
    found, order = [], []
    for places, part in rows.by_part(now, positions):
        chosen = positions[places]
        found += [
            pc.coalesce(owners, table.column(batch.SEGMENT)) if owners.null_count else owners
            for table in _tables(now, chosen, part)
            for owners in (table.column(batch.ITEM),)
        ]
        order.append(places)
    if len(found) == 1:
        return found[0]
    joined = pa.concat_arrays([pa.array([], pa.string()), *found])
    back = np.argsort(np.concatenate([np.zeros(0, np.int64), *order]))
    return joined.take(pa.array(back))


def _tables(now: Generation, positions: Positions, part: int) -> Iterator[pa.RecordBatch]:
    """Read the two columns alone: a whole row takes twenty times as long."""
    held = now.parts[part]
    if isinstance(held, LooseRows):
        yield from rows.tables(now, positions, part)
        return
    chosen = pa.array(positions - int(now.starts[part]))
    for table in held.tables:
        yield table.select([batch.SEGMENT, batch.ITEM]).take(chosen)
