"""Rows that are the mean of all passages of an item, and which rows those passages are.

Such a row is one of words whose column `segment.whole` counts the passages. It is written with them
and so lies in the same part; only where it came later are they looked for by the name of the item.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from omnisearch.schema import WHOLE
from omnisearch.storage import batch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omnisearch.storage.generation import Generation
    from omnisearch.storage.sides import PartSides

Positions = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float32]

LEAST = 3  # passages of an item, from which on it has one; docs/ingest.md has what it is worth
PASSAGES = ("text", "document")  # modalities whose words are passages


@dataclass(frozen=True, slots=True)
class PartWholes:
    """Those of one part: the row of each, of how many it is the mean, how long that is."""

    rows: Positions
    counts: Positions
    lengths: Floats
    owners: npt.NDArray[np.int32]  # (rows of the part,) which of them a passage belongs to, or -1


def is_whole(table: pa.RecordBatch) -> Mask | None:
    """Mark the rows of a table that are means; None where none is."""
    at = table.schema.get_field_index(WHOLE)
    if at < 0 or table.column(at).null_count == table.num_rows:
        return None
    marked: Mask = table.column(at).is_valid().to_numpy(zero_copy_only=False)
    return marked


def of_part(sides: PartSides, passages: Mask, means: Positions) -> PartWholes:
    """Look at the rows of a part; `means` are the rows that are none of `passages`."""
    numbers = sides.items
    of_item = np.full(int(numbers.max(initial=-1)) + 1, -1, np.int32)
    of_item[numbers[means]] = np.arange(len(means), dtype=np.int32)  # the last of an item lives
    owners = np.where(passages, of_item[numbers], np.int32(-1))
    counts = _taken(sides.tables, means, WHOLE).astype(np.int64)
    lengths = _taken(sides.tables, means, batch.SYSTEM.names[batch.NORM]).astype(np.float32)
    return PartWholes(means, counts, lengths, owners)


def _taken(tables: Sequence[pa.RecordBatch], rows: Positions, name: str) -> npt.NDArray[np.generic]:
    """Read a column of some rows; what is null counts as one."""
    kind = pa.float32() if name == batch.SYSTEM.names[batch.NORM] else pa.int64()
    found, first = [], 0
    for table in tables:
        here = rows[(rows >= first) & (rows < first + table.num_rows)] - first
        first += table.num_rows
        at = batch.NORM if pa.types.is_floating(kind) else table.schema.get_field_index(name)
        column = pa.nulls(len(here), kind) if at < 0 else table.column(at).take(pa.array(here))
        found.append(pc.fill_null(column.cast(kind), pa.scalar(1, kind)).to_numpy())
    return np.concatenate(found) if found else np.zeros(0)


class Wholes:
    """The means of one generation, by number."""

    def __init__(self, now: Generation) -> None:
        self._now = now
        starts, first = now.starts.tolist(), 0
        rows, counts = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
        lengths, owners = [np.zeros(0, np.float32)], [np.zeros(0, np.int32)]
        for part, start in zip(now.parts, starts, strict=False):
            own = part.sides.wholes
            if own is None:
                owners.append(np.full(part.rows, -1, np.int32))
                continue
            rows.append(own.rows + start)
            counts.append(own.counts)
            lengths.append(own.lengths)
            owners.append(np.where(own.owners < 0, own.owners, own.owners + np.int32(first)))
            first += len(own.rows)
        self.rows, self.counts = np.concatenate(rows), np.concatenate(counts)
        self.lengths, self._owners = np.concatenate(lengths), np.concatenate(owners)

    @cached_property
    def owners(self) -> npt.NDArray[np.int32]:
        """Give the number of the mean that each row is a passage of, -1 where there is none."""
        now, owners = self._now, self._owners
        living = np.ones(len(self.rows), bool) if now.alive is None else now.alive[self.rows]
        if not living.all():
            owners = np.where((owners >= 0) & living[owners], owners, np.int32(-1))
        there = owners if now.alive is None else owners[now.alive]
        met = np.bincount(there[there >= 0], minlength=len(self.rows))
        apart = np.flatnonzero(living & (met < self.counts))
        if len(apart):
            owners = owners.copy()
        for number in apart.tolist():
            rows = self._passages_of(int(self.rows[number]))
            owners[rows] = number
        return owners

    def _passages_of(self, position: int) -> Positions:
        """Find the passages of a mean by the name of their item."""
        cells, row = self._now.locate(position)
        rows = self._now.items.positions(str(cells.system(batch.ITEM, row)))
        return rows[self._now.sides.passages[rows]]

    def passages(self, positions: Positions, most: int | None) -> Positions:
        """List the passages of some means, but for those that have more than `most`."""
        wanted = np.zeros(len(self.rows) + 1, bool)  # the last one is for rows without a mean
        wanted[np.searchsorted(self.rows, positions)] = True
        if most is not None:
            wanted[:-1] &= self.counts <= most
        found, alive = np.flatnonzero(wanted[self.owners]), self._now.alive
        return found if alive is None else found[alive[found]]

    def of(self, positions: Positions) -> Positions:
        """List the means that rows are passages of."""
        numbers = np.unique(self.owners[positions])
        return self.rows[numbers[numbers >= 0]]


def segments(now: Generation, positions: Positions) -> Positions:
    """Leave out rows that are means: they are no segments."""
    if now.wholes is None:
        return positions
    return positions[~np.isin(positions, now.wholes.rows)]


def living(now: Generation) -> Positions:
    """List the means that are not deleted."""
    if now.wholes is None:
        return np.zeros(0, np.int64)
    rows = now.wholes.rows
    return rows if now.alive is None else rows[now.alive[rows]]


def counted(now: Generation, names: Sequence[str]) -> int:
    """Count the rows of some ids as they are shown: without means."""
    return len(names) if now.wholes is None else len(segments(now, now.find(names)))
