"""What was made becomes durable: whole items, many in one generation; counts follow what is."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from omnisearch.ingest.drafts import Row
from omnisearch.ingest.queues import Lane, Stop
from omnisearch.ingest.relocation import DATE
from omnisearch.ingest.report import Counts, FailedFile
from omnisearch.ingest.tables.making import NOTHING, Event, Made, Same, Spoilt, Vain
from omnisearch.ingest.tables.source import Table
from omnisearch.ingest.wholes import joined
from omnisearch.locations import plain
from omnisearch.schema import COLUMN, DIGEST, MISSING, ROW, TABLE
from omnisearch.storage import changes
from omnisearch.storage.batch import WORDS_MARK, Change, Segments

if TYPE_CHECKING:
    from omnisearch.storage.generation import Generation
    from omnisearch.storage.store import Store

_ROWS, _OLDEST_S, _FIRST_S = 4_096, 30.0, 2.0
_TAKEN = ("image.taken", "video.taken")
MOST_FAILURES = 1_000  # that a report lists: all rows of a table may fail
_STAGE = "row"


class Storing:
    """Takes events until there are no more; one thread writes."""

    def __init__(
        self, store: Store, events: Lane[Event], stop: Stop, table: Table, space: str
    ) -> None:
        self.counts = Counts(unit="row")
        self._store, self._events, self._stop = store, events, stop
        self._table, self._place, self._space = table, table.place, space
        self._whole = store.read_ledger().whole
        self._waiting: list[Made | Same] = []
        self._faults: list[Spoilt] = []
        self.emptied: list[str] = []  # items whose rows hold nothing any more
        self._rows, self._since = 0, time.monotonic()

    @property
    def met(self) -> int:
        """Count the rows that are done with, stored or not yet."""
        return self.counts.settled + len(self._waiting)

    def run(self) -> None:
        """Commit until nothing more comes."""
        while not self._events.over:
            self._take(self._events.get_within(0.2))
            if self._stop.asked:
                break
            if self._due():
                self._commit()
        self._take(self._events.get_within(0))
        self._commit()

    def _fail(self, fault: Spoilt) -> None:
        """Count a row that is no item, and keep why."""
        counts = self.counts
        counts.seen += 1
        counts.failed += 1
        counts.new_failures += 1
        if len(self._faults) < MOST_FAILURES:
            self._faults.append(fault)

    def failures(self) -> list[FailedFile]:
        """Tell why rows are no items, in the order of the table."""
        title, found = os.fsencode(self._table.rows.title), list[FailedFile]()
        for one in sorted(self._faults, key=lambda fault: fault.number):
            column = f", column {one.column!r}" if one.column is not None else ""
            reason = plain(f"{self._table.where(one.number)}{column}: {one.reason}")
            found.append(FailedFile(title, _STAGE, reason))
        return found

    def _take(self, events: Iterable[Event]) -> None:
        for event in events:
            match event:
                case Made() | Same(state=str()):
                    if not self._waiting:
                        self._since = time.monotonic()
                    self._waiting.append(event)
                    self._rows += len(event.draft.rows) if isinstance(event, Made) else 1
                case Same():
                    self.counts.seen += 1
                    self.counts.unchanged += 1
                case Vain():
                    self.counts.seen += 1
                    self.counts.skip(NOTHING)
                    self.emptied += [event.item] if event.item is not None else []
                case Spoilt():
                    self._fail(event)

    def _due(self) -> bool:
        oldest = _OLDEST_S if self.counts.stored else _FIRST_S
        late = bool(self._waiting) and time.monotonic() - self._since >= oldest
        return self._rows >= _ROWS or late

    def _commit(self) -> None:
        """Make durable what waits, as one generation."""
        events, self._waiting, self._rows = self._waiting, [], 0
        made = [one for one in events if isinstance(one, Made)]
        same = [(one.job, one.state) for one in events if isinstance(one, Same)]
        if not events:
            return
        with self._store.transaction():
            if made:
                self._store.write(self._keeping(made))
            if same:
                ours = {TABLE: self._place, MISSING: None}
                said = [
                    {
                        **dict.fromkeys(one.unsaid),
                        **one.said,
                        **ours,
                        ROW: one.number,
                        DIGEST: state,
                    }
                    for one, state in same
                ]
                names = [one.item for one, _ in same]
                self._store.write(changes.updating(names, said, ours=True))
        self._count(made, len(same))

    def _count(self, made: Sequence[Made], updated: int) -> None:
        counts = self.counts
        counts.seen += len(made) + updated
        counts.stored += len(made)
        counts.unchanged += updated
        counts.updated += updated
        for one in made:
            counts.segments += len({row.segment.id for row in one.draft.rows})
            counts.truncated += one.draft.truncated
            counts.bytes += one.job.bytes
            counts.types[one.draft.type or "text"] += 1
            counts.noted += bool(one.draft.notes)

    def _keeping(self, made: Sequence[Made]) -> Callable[[Generation], Change | None]:
        """Store items in place of what they were."""

        def prepare(now: Generation) -> Change | None:
            known = (one.job.item for one in made if one.job.known is not None)
            before = (now.items.get(item) for item in known)
            gone = [row for one in before if one is not None for row in one.rows]
            return changes.keeping(self._segments(made), gone=gone)(now)

        return prepare

    def _segments(self, made: Sequence[Made]) -> Segments:
        rows = [(one, *pair) for one in made for pair in _named(one)]
        shared = {one.job.item: self._shared(one) for one in made}
        found = Segments(
            ids=[name for _, name, _ in rows],
            items=[None if name == one.job.item else one.job.item for one, name, _ in rows],
            views=[row.view for _, _, row in rows],
            modalities=[row.segment.modality for _, _, row in rows],
            vectors=np.stack([row.vector for _, _, row in rows]),
            space=self._space,
            metadata=[
                {**shared[one.job.item], **row.columns, COLUMN: one.columns[row.segment.id]}
                for one, _, row in rows
            ],
        )
        return joined(found) if self._whole else found

    def _shared(self, made: Made) -> dict[str, Any]:
        """Give the columns that all rows of an item share."""
        draft = made.draft
        taken = [draft.columns[name] for name in _TAKEN if name in draft.columns]
        return {
            **made.job.said,
            **draft.columns,
            **({DATE: taken[0]} if taken else {}),
            **({"file.type": draft.type} if draft.type else {}),
            "file.truncated": draft.truncated,
            TABLE: self._place,
            ROW: made.job.number,
            DIGEST: made.state,
        }


def _named(made: Made) -> Iterator[tuple[str, Row]]:
    """Name the rows of an item; what a segment says stands in all rows of it."""
    rows = made.draft.rows
    said = {row.segment.id: row.segment.words for row in rows if row.segment.words}
    alone = len(rows) == 1 and rows[0].segment.id == made.job.item
    for row in rows:
        words = row.segment.words or said.get(row.segment.id)
        kept = replace(row, segment=replace(row.segment, words=words))
        marked = row.view == "words" and not alone
        yield row.segment.id + (WORDS_MARK if marked else ""), kept
