"""One committed state of the collection, immutable: a request takes one and keeps it to its end.

Rows have positions 0..n-1: the sealed shards in the order of the manifest, then the tail.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol, cast

import numpy as np
import pyarrow as pa

from omnisearch.schema import LOCATIONS, MISSING, SAID, WHOLE, Schema
from omnisearch.storage import batch, ids
from omnisearch.storage.cells import Cells
from omnisearch.storage.columns import Source
from omnisearch.storage.items import Items, PartItems
from omnisearch.storage.manifest import Manifest
from omnisearch.storage.shard import Coder, Place, Shard
from omnisearch.storage.sides import KINDS, WHOLES, PartSides, Sides
from omnisearch.storage.tail import Chunk, LooseRows, TailIds
from omnisearch.storage.wholes import Wholes
from omnisearch.storage.words.loose import Block
from omnisearch.storage.words.scoring import Words
from omnisearch_indexes import Codes, Kind, Labelled, Metric, Piece, Shards

Mask = np.ndarray[tuple[int], np.dtype[np.bool_]]
Positions = np.ndarray[tuple[int], np.dtype[np.int64]]


class Part(Protocol):
    """Consecutive rows that are kept together."""

    rows: int
    codes: Codes | None
    coded_by: str | None  # the name of the codebook that made the codes

    @property
    def vectors(self) -> np.ndarray:
        """The rows as stored; `touch` them before reading."""

    @property
    def columns(self) -> Source:
        """The user's columns, for filters."""

    @property
    def items(self) -> PartItems:
        """The items of the rows, for writers."""

    @property
    def words(self) -> Sequence[Block]:
        """What the rows say, as postings."""

    @property
    def sides(self) -> PartSides:
        """The kinds of the rows, and which belong together."""

    @property
    def tables(self) -> list[pa.RecordBatch]:
        """The rows as tables, in their order."""

    def touch(self, rows: np.ndarray | None) -> None:
        """Check the bytes of these rows."""

    def row(self, number: int) -> tuple[Cells, int]:
        """Find the cells that hold a row, and the row's number in them."""

    def take(self, rows: np.ndarray) -> list[pa.RecordBatch]:
        """Read rows in this order, as tables whose rows follow each other."""


@dataclass(frozen=True)
class Sealed:
    """What a manifest names, open, and the searcher over it."""

    place: Place
    manifest: Manifest
    coder: Coder | None
    shards: tuple[Shard, ...]

    @cached_property
    def searcher(self) -> Shards:
        """Put the codes of all shards into one array, once."""
        settings = self.manifest.settings
        book = self.coder.codebook if self.coder is not None else None
        metric, kind = cast(Metric, settings.metric), cast(Kind, settings.index)
        return Shards(self._pieces(), metric, book, kind)

    @cached_property
    def labelled(self) -> Labelled | None:
        """Arrange the codes by modality and view, for questions; None where that is no gain."""
        kinds = [np.zeros(0, np.uint8), *(shard.sides.kinds for shard in self.shards)]
        return Labelled.of(self.searcher, np.concatenate(kinds), KINDS)

    def take_over(self, old: Sealed) -> None:
        """Make the searcher now, from that of an older state where codes are the same."""
        if self.coder is not None and old.coder is not None and self.coder.name == old.coder.name:
            self.__dict__["searcher"] = old.searcher.extended(self._pieces())
        _ = self.searcher

    def _pieces(self) -> list[Piece]:
        return [_piece(shard, self.coder) for shard in self.shards]

    @cached_property
    def rows(self) -> int:
        """Count the rows, deleted ones too."""
        return sum(shard.rows for shard in self.shards)


@dataclass(frozen=True)
class Coded:
    """The sealed part and the chunks behind it: all but the loose rows."""

    sealed: Sealed
    chunks: tuple[Chunk, ...] = ()

    @cached_property
    def searcher(self) -> Shards:
        """Search the sealed part and the chunks."""
        base = self.sealed.searcher
        pieces = [_piece(chunk, self.sealed.coder) for chunk in self.chunks]
        return base.extended([*base.pieces, *pieces]) if pieces else base


def _piece(part: Part, coder: Coder | None) -> Piece:
    known = coder is not None and part.coded_by == coder.name
    return Piece(part.vectors, part.codes if known else None, part.touch)


@dataclass(frozen=True)
class Generation:
    """A state with all its rows; `dead` may be shorter than the rows: later rows are alive."""

    number: int
    schema: Schema
    coded: Coded
    loose: LooseRows
    tail_ids: TailIds = field(repr=False)
    dead: Mask
    deleted: int

    @property
    def sealed(self) -> Sealed:
        """The sealed part."""
        return self.coded.sealed

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """List the parts in the order of their positions."""
        parts: list[Part] = [*self.sealed.shards, *self.coded.chunks]
        return (*parts, self.loose) if self.loose.rows else tuple(parts)

    @cached_property
    def starts(self) -> Positions:
        """Give the first position of each part, and the number of rows behind the last."""
        return np.cumsum([0, *(part.rows for part in self.parts)], dtype=np.int64)

    @cached_property
    def _firsts(self) -> list[int]:
        return list(self.starts[:-1].tolist())

    @cached_property
    def rows(self) -> int:
        """Count all rows, deleted ones too."""
        return self.sealed.rows + sum(one.rows for one in self.coded.chunks) + self.loose.rows

    @property
    def live(self) -> int:
        """Count the rows that are not deleted."""
        return self.rows - self.deleted

    @cached_property
    def searcher(self) -> Shards:
        """Search every row of this generation."""
        base = self.coded.searcher
        more = [_piece(self.loose, None)] if self.loose.rows else []
        return base.extended([*base.pieces, *more]) if more else base

    @cached_property
    def alive(self) -> Mask | None:
        """Mark the rows that are not deleted; None where none is."""
        if not self.deleted:
            return None
        mask = np.ones(self.rows, bool)
        np.logical_not(self.dead, out=mask[: len(self.dead)])
        return mask

    @cached_property
    def shown(self) -> Mask | None:
        """Mark the rows that are segments to be found; None where all are."""
        if self.wholes is None:
            return self.present
        found = self.sides.kinds < WHOLES
        return found if self.present is None else found & self.present

    @cached_property
    def present(self) -> Mask | None:
        """Mark the live rows whose file is not missing, means of passages too; None: all are."""
        if MISSING not in self.schema.columns:
            return self.alive
        shown, first = None if self.alive is None else self.alive.copy(), 0
        for table in self.tables:
            rows = slice(first, first + table.num_rows)
            first = rows.stop
            at = table.schema.get_field_index(MISSING)
            if at < 0 or table.column(at).null_count == table.num_rows:
                continue
            shown = np.ones(self.rows, bool) if shown is None else shown
            shown[rows] &= table.column(at).is_null().to_numpy(zero_copy_only=False)
        return shown

    @cached_property
    def words(self) -> Words:
        """Score what rows say: `now.words.scores(ask("dog on a beach"), now.shown, 100)`."""
        blocks = [
            block._replace(start=start + block.start)
            for part, start in zip(self.parts, self.starts.tolist(), strict=False)
            for block in part.words
        ]
        return Words(self.rows, blocks, self.alive)

    @cached_property
    def sides(self) -> Sides:
        """Tell rows apart by modality and view, and find the two sides of a segment."""
        return Sides(self)

    @cached_property
    def wholes(self) -> Wholes | None:
        """Tell of which passages rows are the mean; None where none is."""
        known = WHOLE in self.schema.columns and bool((self.sides.kinds >= WHOLES).any())
        return Wholes(self) if known else None

    @cached_property
    def items(self) -> Items:
        """Look at items rather than rows, for writers."""
        return Items(self)

    @property
    def tables(self) -> list[pa.RecordBatch]:
        """List the tables of all rows, in the order of their positions."""
        return [table for part in self.parts for table in part.tables]

    def locate(self, position: int) -> tuple[Cells, int]:
        """Find the cells that hold a position, and the row in them."""
        at = bisect_right(self._firsts, position) - 1
        return self.parts[at].row(position - self._firsts[at])

    def find(self, names: Sequence[str]) -> Positions:
        """Give the position of each id's live row, or -1."""
        found = np.full(len(names), -1, np.int64)
        tail = self.sealed.rows
        find, behind = self.tail_ids.find, self.rows - tail
        for place, name in enumerate(names):
            row = find(name, behind)
            if row >= 0 and self.is_alive(tail + row):
                found[place] = tail + row
        missing = np.flatnonzero(found < 0)
        if tail and len(missing):
            found[missing] = self.find_sealed([names[place] for place in missing.tolist()])
        return found

    def named(self, names: Sequence[str]) -> list[Positions]:
        """Give the live rows of each id: of a row, of a segment with its words, or of an item."""
        own = self.find(names)
        if SAID not in self.schema.columns and LOCATIONS not in self.schema.columns:
            return [own[at : at + 1][own[at : at + 1] >= 0] for at in range(len(own))]
        twins = self.find([name + batch.WORDS_MARK for name in names])
        found = []
        for name, row, twin in zip(names, own.tolist(), twins.tolist(), strict=True):
            said = twin >= 0 and self._says(twin)
            rows = [at for at, there in ((row, row >= 0), (twin, said)) if there]
            found.append(np.array(rows, np.int64) if rows else self.items.positions(name))
        return found

    def _says(self, position: int) -> bool:
        cells, row = self.locate(position)
        return bool(cells.system(batch.VIEW, row) == batch.VIEWS.index("words"))

    def find_sealed(self, names: Sequence[str]) -> Positions:
        """Give the position of each id's live row among the shards, or -1."""
        found = np.full(len(names), -1, np.int64)
        hashes = ids.hash_ids(names)
        for shard, start in zip(self.sealed.shards, self.starts.tolist(), strict=False):
            for place, row in shard.ids.find(names, hashes):
                if self.is_alive(start + row):
                    found[place] = start + row
        return found

    def is_alive(self, position: int) -> bool:
        """Tell whether a row is not deleted."""
        return position >= len(self.dead) or not self.dead[position]

    def id_at(self, position: int) -> str:
        """Read the segment id of a row."""
        cells, row = self.locate(position)
        return str(cells.system(batch.SEGMENT, row))
