"""Rows that need no file: what a collection keeps of what its items say, encoded as it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from omnisearch import twins
from omnisearch.encoder.parts import Text
from omnisearch.errors import OmnisearchError
from omnisearch.ingest.wholes import name_of
from omnisearch.records import Modality, View
from omnisearch.schema import SAID, to_dicts
from omnisearch.storage import batch, changes
from omnisearch.storage.batch import WORDS_MARK, Segments
from omnisearch.storage.rows import gather
from omnisearch.storage.wholes import segments

if TYPE_CHECKING:
    from omnisearch.encoder.encoder import Encoder
    from omnisearch.storage.generation import Generation
    from omnisearch.storage.store import Store

_ITEMS = 64  # that are looked at together, and stored as one generation
_TWIN = "segment.twin"


@dataclass(frozen=True, slots=True)
class Stored:
    """A row as it is stored, without its vector; an `item` of None is the row itself."""

    id: str
    item: str | None
    view: View
    modality: Modality | None
    columns: Mapping[str, Any]

    @property
    def owner(self) -> str:
        """The item, by its name."""
        return self.item or self.id

    @property
    def said(self) -> str:
        """What the row says."""
        return str(self.columns.get(SAID) or "").strip()


def stored(now: Generation, items: Sequence[str]) -> dict[str, list[Stored]]:
    """Read the rows of items."""
    found: dict[str, list[Stored]] = {item: [] for item in items}
    positions = [now.items.positions(item) for item in items]
    every = np.concatenate([np.zeros(0, np.int64), *positions])
    every = segments(now, every)  # means of passages are made anew
    for row in read(now, every) if len(every) else ():
        found[row.owner].append(row)
    return found


def read(now: Generation, positions: np.ndarray) -> list[Stored]:
    """Read rows in this order."""
    table = gather(now, positions).table
    ids, items, views, kinds = (table.column(at).to_pylist() for at in range(4))
    columns = to_dicts(batch.user_columns(table))
    views = [batch.VIEWS[view] for view in views]
    modalities = [batch.MODALITIES[kind] for kind in kinds]
    return [Stored(*row) for row in zip(ids, items, views, modalities, columns, strict=True)]


def is_whole(rows: Sequence[Stored]) -> bool:
    """Tell whether an item is nothing but its words, all of which are kept."""
    return all(row.view == "words" and row.modality is not None and row.said for row in rows)


def speaking(rows: Sequence[Stored]) -> list[Stored]:
    """Give the rows of an item that stand for what it says; of a picture, its name."""
    kept = [row for row in rows if row.view == "words" and row.modality is not None and row.said]
    if kept:
        return kept
    return [
        Stored(row.id + WORDS_MARK, row.owner, "words", row.modality, row.columns)
        for row in rows
        if row.modality is not None and row.said
    ]


@dataclass(slots=True)
class Spoken:
    """Encodes items by their words into another collection; `refused` are those that cannot be."""

    store: Store
    source: Generation
    encoder: Callable[[], Encoder]
    encoded: int = 0

    def take(self, items: Sequence[str], tell: Callable[[int], None]) -> dict[str, str]:
        """Encode what is not there as it is said now; gives why items could not be encoded."""
        refused: dict[str, str] = {}
        for begin in range(0, len(items), _ITEMS):
            some = items[begin : begin + _ITEMS]
            wanted = {item: speaking(rows) for item, rows in stored(self.source, some).items()}
            refused |= self._take(wanted)
            tell(begin + len(some))
        return refused

    def _take(self, wanted: Mapping[str, Sequence[Stored]]) -> dict[str, str]:
        now = self.store.reading()
        there = {row.id: row for rows in stored(now, list(wanted)).values() for row in rows}
        rows = [row for some in wanted.values() for row in some]
        gone = there.keys() - {row.id for row in rows}
        fresh = [row for row in rows if row.id not in there or there[row.id].said != row.said]
        found, refused = [], {}
        for row, vector in self._vectors(fresh):
            if isinstance(vector, OmnisearchError):
                refused[row.owner] = str(vector)
            else:
                found.append((row, vector))
        found = [pair for pair in found if pair[0].owner not in refused]
        gone |= {row.id for row in there.values() if row.owner in refused}
        touched = {row.owner for row, _ in found} | {there[name].owner for name in gone}
        gone |= set(map(name_of, touched))  # their means are of other passages
        if touched:
            made = _segments(found, self.encoder())
            self.store.write(changes.keeping(made, gone=sorted(gone)))
        self.encoded += len(found)
        return refused

    def _vectors(self, rows: Iterable[Stored]) -> Iterator[tuple[Stored, Any]]:
        """Encode each row alone, as a run of ingest does, so that both give the same bytes."""
        for row in rows:
            yield row, self.encoder().encode_each([Text(row.said)])[0]


def _segments(found: Sequence[tuple[Stored, np.ndarray]], encoder: Encoder) -> Segments:
    return Segments(
        ids=[row.id for row, _ in found],
        items=[row.item for row, _ in found],
        views=[row.view for row, _ in found],
        modalities=[row.modality for row, _ in found],
        vectors=np.array([vector for _, vector in found], np.float32).reshape(-1, encoder.dim),
        space=str(encoder.space),
        metadata=[_columns(row, vector) for row, vector in found],
    )


def _columns(row: Stored, vector: np.ndarray) -> dict[str, Any]:
    """Give the columns of a row, with what is told of its vector by that vector."""
    if _TWIN not in row.columns:
        return dict(row.columns)
    return {**row.columns, _TWIN: twins.signature(vector)}
