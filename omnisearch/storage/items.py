"""Items as a writer needs them: which rows each has, and where its files are.

Built part by part, and kept with the part, so that a generation costs what its newest rows cost.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from omnisearch.schema import EXTRACTOR, LOCATIONS, MISSING, OURS
from omnisearch.storage import batch
from omnisearch.values import ARROW

if TYPE_CHECKING:
    from omnisearch.storage.generation import Generation

Positions = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Stored:
    """One item: the ids of its rows, where its file is, and what extracted them."""

    rows: tuple[str, ...]
    locations: tuple[str, ...]
    extractor: int | None
    missing: bool


class PartItems:
    """The items of consecutive rows, deleted ones too."""

    def __init__(self, tables: Sequence[pa.RecordBatch]) -> None:
        self.segments = _joined([table.column(batch.SEGMENT) for table in tables], pa.string())
        items = _joined([table.column(batch.ITEM) for table in tables], pa.string())
        named = pc.coalesce(items, self.segments).dictionary_encode()
        codes = named.indices.to_numpy(zero_copy_only=False)
        self.names: list[str] = named.dictionary.to_pylist()
        self.code_of = {name: code for code, name in enumerate(self.names)}
        self._order: Positions = np.argsort(codes, kind="stable")
        self._starts = np.searchsorted(codes[self._order], np.arange(len(self.names) + 1))
        self._columns = {name: _column(tables, name) for name in (LOCATIONS, EXTRACTOR, MISSING)}

    def rows(self, code: int) -> Positions:
        """List the rows of an item, ascending."""
        return self._order[self._starts[code] : self._starts[code + 1]]

    def cell(self, name: str, row: int) -> Any:  # noqa: ANN401
        """Read a reserved column of one row."""
        column = self._columns[name]
        return None if column is None else column[row].as_py()

    def has(self, name: str, row: int) -> bool:
        """Tell whether a reserved column of one row has a value."""
        column = self._columns[name]
        return column is not None and column[row].is_valid

    def where(self, name: str, value: int) -> npt.NDArray[np.bool_]:
        """Tell of each row whether a reserved column has a value there."""
        column = self._columns[name]
        if column is None:
            return np.zeros(len(self._order), bool)
        same = pc.fill_null(pc.equal(column, value), False)
        found: npt.NDArray[np.bool_] = same.to_numpy(zero_copy_only=False)
        return found

    def located(self, alive: npt.NDArray[np.bool_] | None) -> Iterator[tuple[str, int]]:
        """Give each location of a live row, and that row."""
        column = self._columns[LOCATIONS]
        if column is None:
            return
        owners = pc.list_parent_indices(column).to_numpy()
        for location, row in zip(pc.list_flatten(column).to_pylist(), owners.tolist(), strict=True):
            if alive is None or alive[row]:
                yield location, row

    @cached_property
    def item_of_row(self) -> npt.NDArray[np.int64]:
        """Give the code of each row's item."""
        found = np.empty(len(self._order), np.int64)
        found[self._order] = np.repeat(np.arange(len(self.names)), np.diff(self._starts))
        return found


class Items(Mapping[str, Stored]):
    """Every item of one generation that has a live row."""

    def __init__(self, now: Generation) -> None:
        self._parts = [part.items for part in now.parts]
        self._starts: list[int] = now.starts.tolist()
        self._alive = now.alive

    def positions(self, item: str) -> Positions:
        """List the live rows of an item."""
        found = [np.zeros(0, np.int64)]
        for part, start in zip(self._parts, self._starts, strict=False):
            code = part.code_of.get(item)
            if code is not None:
                rows = part.rows(code) + start
                found.append(rows if self._alive is None else rows[self._alive[rows]])
        return np.concatenate(found)

    def __getitem__(self, item: str) -> Stored:
        positions = self.positions(item)
        if not len(positions):
            raise KeyError(item)
        places = [self._place(position) for position in positions.tolist()]
        ids = tuple(part.segments[row].as_py() for part, row in places)
        part, row = places[-1]
        locations = tuple(part.cell(LOCATIONS, row) or ())
        return Stored(ids, locations, part.cell(EXTRACTOR, row), part.has(MISSING, row))

    def _place(self, position: int) -> tuple[PartItems, int]:
        at = int(np.searchsorted(self._starts, position, "right")) - 1
        return self._parts[at], position - self._starts[at]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, item: object) -> bool:
        return isinstance(item, str) and len(self.positions(item)) > 0

    def of_location(self, location: str) -> str | None:
        """Find the item whose file is there."""
        return self._located.get(location)

    @property
    def locations(self) -> Collection[str]:
        """Every place where a file of an item is."""
        return self._located.keys()

    def extracted_by(self, version: int) -> frozenset[str]:
        """Name the items that one version of the extractor cut."""
        found: set[str] = set()
        for part, alive in self._living():
            rows = part.where(EXTRACTOR, version)
            codes = np.unique(part.item_of_row[rows if alive is None else rows & alive])
            found.update(part.names[code] for code in codes.tolist())
        return frozenset(found)

    def missing(self) -> int:
        """Count the items whose file was found gone."""
        return sum(self[item].missing for item in self._names)

    @cached_property
    def _names(self) -> dict[str, None]:
        names: dict[str, None] = {}
        for part, alive in self._living():
            if alive is None:
                names.update(dict.fromkeys(part.names))
            else:
                codes = np.unique(part.item_of_row[alive])
                names.update(dict.fromkeys(part.names[code] for code in codes.tolist()))
        return names

    @cached_property
    def _located(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for part, alive in self._living():
            owner = part.item_of_row
            found.update((place, part.names[owner[row]]) for place, row in part.located(alive))
        return found

    def _living(self) -> Iterator[tuple[PartItems, npt.NDArray[np.bool_] | None]]:
        ends = self._starts[1:]
        for part, start, end in zip(self._parts, self._starts, ends, strict=False):
            yield part, None if self._alive is None else self._alive[start:end]


def _column(tables: Sequence[pa.RecordBatch], name: str) -> pa.Array | None:
    kind = ARROW[OURS[name]]
    places = [table.schema.get_field_index(name) for table in tables]
    if all(at < len(batch.SYSTEM) for at in places):
        return None
    pairs = zip(tables, places, strict=True)
    arrays = [pa.nulls(t.num_rows, kind) if at < 0 else t.column(at) for t, at in pairs]
    return _joined(arrays, kind)


def _joined(arrays: Sequence[pa.Array], kind: pa.DataType) -> pa.Array:
    return pa.concat_arrays(arrays) if arrays else pa.nulls(0, kind)
