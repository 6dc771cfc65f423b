"""An item on its way into the collection: where it was found, and the rows that it has so far.

A decoder adds segments, encoders give their vectors in any order, and whoever comes last finishes.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import xxhash

from omnisearch import twins
from omnisearch.ingest.entries import Entry
from omnisearch.locations import Location, plain
from omnisearch.records import Modality, View
from omnisearch.schema import SAID, SPAN
from omnisearch.storage.batch import WORDS_MARK

Vector = npt.NDArray[np.float32]
Span = Mapping[str, Any] | None  # of a whole picture there is none
_WHOLE = [0, 0, 1, 1]


@dataclass(frozen=True, slots=True)
class Segment:
    """What was cut out of an item, without its picture or sound."""

    id: str
    modality: Modality
    span: Span
    words: str | None
    look: int | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A vector of a segment."""

    segment: Segment
    view: View
    vector: Vector

    @property
    def id(self) -> str:
        """Name the row: the segment, or the segment and its other side."""
        return self.segment.id + (WORDS_MARK if self.view == "words" else "")

    @property
    def columns(self) -> dict[str, Any]:
        """Give the columns that differ from row to row."""
        found: dict[str, Any] = {"segment.twin": twins.signature(self.vector)}
        if self.segment.span is not None:
            found[SPAN] = dict(self.segment.span)
            if "page" in self.segment.span:
                found["doc.page"] = self.segment.span["page"]
        if self.segment.words:
            found[SAID] = self.segment.words
        if self.segment.look is not None:
            found["segment.look"] = self.segment.look
        return found


@dataclass(frozen=True, slots=True)
class Fault:
    """What went wrong with a file: at which stage, and why in words."""

    stage: str
    reason: str


def segment_id(item: str, span: Span, version: int, *, again: int = 0) -> str:
    """Name a segment by what it is of and where: the same in every run.

    `again` tells apart segments of the same place, such as two passages without a box.
    """
    place = _canonical([span, version, again] if again else [span, version])
    return f"{item}#{xxhash.xxh3_64_hexdigest(place)}"


def _canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def is_part(span: Span) -> bool:
    """Tell whether a place is a part of a picture, and not a picture or a page or a part of one."""
    return span is not None and "box" in span and "page" not in span and list(span["box"]) != _WHOLE


class Spot(NamedTuple):
    """A file as it was when it was read; what changed just then may look the same later."""

    entry: Entry
    read_at_ns: int

    @property
    def name(self) -> str:
        """What the file is called."""
        return self.entry.path.rpartition(b"/")[2].decode("utf-8", "replace")

    @property
    def location(self) -> Location:
        """Where the file is."""
        return Location(self.entry.root, self.entry.path)


@dataclass(slots=True)
class Draft:
    """One item; every method may be called from any thread."""

    item: str
    found: list[Spot]  # where: more than one when copies are met meanwhile
    stored: frozenset[str] = frozenset()  # rows of it that stay: only what they lack is added
    modality: Modality | None = None
    type: str = ""
    columns: dict[str, Any] = field(default_factory=dict)
    truncated: bool = False
    notes: list[str] = field(default_factory=list)  # for a person; nothing of it is a fault
    fault: Fault | None = None
    skipped: str | None = None  # why this is no case for us
    kept: bool = True  # that stays so until the file changes
    unread: str | None = None  # why a passage has no vector; no fault while others have one
    wordless: bool = False  # it is a picture, or has pages, of which nobody read what is printed
    closed: bool = False  # it is being written: a copy that is met now comes later
    took_s: float = 0.0  # of all threads together
    _places: Counter[tuple[str, tuple[View, ...]]] = field(default_factory=Counter)
    _rows: dict[int, list[Row]] = field(default_factory=dict)
    _given: int = 0
    _ended: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def speaks_for(self, spot: Spot) -> bool:
        """Tell whether what became of it holds for a file of the same bytes.

        A name that ends otherwise may have them read as something else, and without a fault.
        """
        good = self.fault is None and self.skipped is None
        return good or spot.entry.suffix == self.found[0].entry.suffix

    def part(self) -> list[Spot]:
        """Take out the files that it does not speak for."""
        others = [spot for spot in self.found if not self.speaks_for(spot)]
        self.found = [spot for spot in self.found if self.speaks_for(spot)]
        return others

    def fault_of(self, spot: Spot) -> Fault | None:
        """Say what went wrong with one of several files of the same bytes, by its own name."""
        fault = self.fault
        if fault is None or spot.name == self.found[0].name:
            return fault
        names = plain(self.found[0].name), plain(spot.name)
        return Fault(fault.stage, fault.reason.replace(*names))

    def times(self, span: Span, views: tuple[View, ...]) -> int:
        """Tell how many segments of the same place came before."""
        place = json.dumps(span, sort_keys=True), views
        self._places[place] += 1
        return self._places[place] - 1

    def expect(self) -> int:
        """Announce a segment; gives its place."""
        with self._lock:
            self._given += 1
            return self._given - 1

    def put(self, place: int, rows: list[Row]) -> bool:
        """Take the rows of a segment; tells whether the item is finished now."""
        with self._lock:
            self._rows[place] = rows
            return self._finished

    def end(self) -> bool:
        """Say that no more segments come; tells whether the item is finished now."""
        with self._lock:
            self._ended = True
            return self._finished

    def took(self, seconds: float) -> None:
        """Add the time that a thread spent on it."""
        with self._lock:
            self.took_s += seconds

    def fail(self, stage: str, reason: str) -> None:
        """Give the item up; the first reason is kept."""
        with self._lock:
            if self.fault is None:
                self.fault = Fault(stage, reason)

    @property
    def rows(self) -> list[Row]:
        """Give the rows in the order of the segments."""
        with self._lock:
            return [row for place in sorted(self._rows) for row in self._rows[place]]

    @property
    def segments(self) -> int:
        """Count the segments that have a row."""
        with self._lock:
            return sum(bool(rows) for rows in self._rows.values())

    @property
    def _finished(self) -> bool:
        return self._ended and len(self._rows) == self._given
