"""What of a collection is read from files again, what its words suffice for, what cannot be had."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from omnisearch.ingest.located import files_at
from omnisearch.ingest.reencoding import words
from omnisearch.ingest.reencoding.report import Unable
from omnisearch.locations import Location, joined
from omnisearch.storage import batch

if TYPE_CHECKING:
    from omnisearch.encoder.encoder import Encoder
    from omnisearch.ingest.entries import Entry
    from omnisearch.ingest.places import Handles
    from omnisearch.ingest.reencoding.words import Stored
    from omnisearch.storage.generation import Generation
    from omnisearch.storage.ledger import Ledger

GONE = "its file is gone"
OWN = "it holds vectors of your own, which no encoder made"
GIVEN = "it was given by a program, of which only the words are kept"
TABLED = "its medium came with a table, of which only the words are kept"
_TABLE = "file.table"
_ITEMS = 256  # whose rows are read together
_KINDS = len(batch.MODALITIES)


@dataclass(frozen=True, slots=True)
class Contents:
    """The items of a collection: files by item, items by their words, and those that cannot be."""

    files: Mapping[str, Sequence[Entry]]
    words: Sequence[str]
    records: frozenset[str]  # of those by words: items that never had a file
    unable: Mapping[str, Unable]
    done: int  # items of files that were not looked at, since they are encoded


@dataclass(slots=True)
class Sorting:
    """Sorts the items of one generation for an encoder."""

    now: Generation
    ledger: Ledger
    encoder: Encoder
    from_words: bool
    done: Container[str] = frozenset()  # items that are encoded: their files are not looked at

    def sorted(self, handles: Handles) -> Contents:
        """Look at every item, and whether its files are there."""
        located = places_of(self.now)
        kinds = _modalities(self.now)
        fresh = {item: places for item, places in located.items() if item not in self.done}
        owners = {place: item for item, places in fresh.items() for place in places}
        reads = frozenset(self.encoder.modalities)
        files: dict[str, list[Entry]] = {}
        for entry in files_at(handles, owners):
            item = owners[Location(entry.root, entry.path)]
            if kinds[item] & reads:
                files.setdefault(item, []).append(entry)
        others = [
            item for item in kinds if item not in files and (item in fresh or item not in located)
        ]
        spoken: list[str] = []
        records: set[str] = set()
        unable: dict[str, Unable] = {}
        for item, rows in self._rows(others):
            places = located.get(item, ())
            why = self._why(rows, kinds[item], bool(places))
            if self._speaks(rows, why):
                spoken.append(item)
                records |= set() if _is_of_file(rows, places) else {item}
            else:
                unable[item] = Unable(item, self._path(places), why)
        done = len(located) - len(fresh)
        return Contents(files, spoken, frozenset(records), unable, done)

    def _rows(self, items: Sequence[str]) -> Iterator[tuple[str, Sequence[Stored]]]:
        for begin in range(0, len(items), _ITEMS):
            yield from words.stored(self.now, items[begin : begin + _ITEMS]).items()

    def _why(self, rows: Sequence[Stored], kinds: frozenset[str], located: bool) -> str:
        """Say why no file is read; "" for records that are nothing but words."""
        if any(row.modality is None for row in rows):
            return OWN
        lacking = kinds - set(self.encoder.modalities)
        if lacking == kinds:
            return f"{self.encoder.name} does not read {', '.join(sorted(lacking))}"
        if _is_of_file(rows, located):
            return GONE
        if words.is_whole(rows):
            return ""
        return TABLED if any(_TABLE in row.columns for row in rows) else GIVEN

    def _speaks(self, rows: Sequence[Stored], why: str) -> bool:
        """Tell whether an item is encoded by its words."""
        if not why:
            return True
        able = "text" in self.encoder.modalities and why != OWN
        return self.from_words and able and bool(words.speaking(rows))

    def _path(self, places: Sequence[Location]) -> bytes | None:
        root = self.ledger.root(places[0].root) if places else None
        return None if root is None else joined(root.path, places[0].path)


def places_of(now: Generation) -> dict[str, list[Location]]:
    """Give where the files of items are, by item."""
    found: dict[str, list[Location]] = {}
    for text in now.items.locations:
        item = now.items.of_location(text)
        if item is not None:
            found.setdefault(item, []).append(Location.parse(text))
    return found


def _is_of_file(rows: Sequence[Stored], places: object) -> bool:
    """Tell whether an item came from a file, which may be gone."""
    named = any("file.name" in row.columns and _TABLE not in row.columns for row in rows)
    return bool(places) or named


def _modalities(now: Generation) -> dict[str, frozenset[str]]:
    """Give which modalities the rows of each item have; own vectors have none."""
    found: dict[str, frozenset[str]] = {}
    kinds, alive = now.sides.kinds % np.uint8(_KINDS), now.alive
    for part, start in zip(now.parts, now.starts.tolist(), strict=False):
        rows = slice(start, start + part.rows)
        pairs = part.items.item_of_row * _KINDS + kinds[rows]
        for pair in np.unique(pairs if alive is None else pairs[alive[rows]]).tolist():
            item, modality = part.items.names[pair // _KINDS], batch.MODALITIES[pair % _KINDS]
            more = frozenset([modality] if modality else [])
            found[item] = found.get(item, frozenset()) | more
    return found
