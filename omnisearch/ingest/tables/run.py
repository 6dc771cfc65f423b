"""A run over a table: one thread reads rows, some make items of them, one stores.

The caller's thread only watches, so that it hears signals; what is finished is kept.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from omnisearch.errors import InputError
from omnisearch.ingest import bounds
from omnisearch.ingest.decoders import close, decoders
from omnisearch.ingest.encoding import Encoding
from omnisearch.ingest.extraction import EXTRACTOR
from omnisearch.ingest.languages import Languages
from omnisearch.ingest.lazy import Lazy
from omnisearch.ingest.options import Options
from omnisearch.ingest.queues import Budget, Lane, Stop
from omnisearch.ingest.report import IngestReport, Progress
from omnisearch.ingest.scans import Scans
from omnisearch.ingest.stages import Show, Stage, Watch, side_by_side
from omnisearch.ingest.tables import leaving, survey
from omnisearch.ingest.tables.columns import Columns
from omnisearch.ingest.tables.jobs import Job, Jobs, size_of
from omnisearch.ingest.tables.lines import Broken, Line
from omnisearch.ingest.tables.making import Event, Making, Spoilt, Tools
from omnisearch.ingest.tables.media import Folder
from omnisearch.ingest.tables.source import Table
from omnisearch.ingest.tables.storing import Storing

if TYPE_CHECKING:
    from omnisearch.ingest.plan import Target
    from omnisearch.storage.store import Store

_LINES, _BYTES = 512, 8 << 20  # that become jobs together
_WAITING = 256  # jobs
_EVENTS = 8_192
_SHOWN = 5  # columns that are not used
_ENDLESS = 1 << 62  # a row is encoded as it is decoded: nothing of it waits


class TableRun:
    """Reads, makes and stores, side by side."""

    def __init__(
        self, target: Target, store: Store, table: Table, columns: Columns, options: Options
    ) -> None:
        self._target, self._store, self._options = target, store, options
        self._table, self._columns = table, columns
        self._bounds = bounds.of(options)
        self._begun, self._stop = time.monotonic(), Stop()
        self._languages = Languages()
        self._scans = Scans(EXTRACTOR, wanted=options.ocr)
        self._lane: Lane[Job] = Lane(self._stop, most=_WAITING)
        self._events: Lane[Event] = Lane(self._stop, most=_EVENTS)
        self._budget = Budget(self._bounds.copies, self._stop)
        self._storing = Storing(store, self._events, self._stop, table, str(target.encoder().space))
        self._jobs = Jobs(table, columns, store.reading().schema, self._spoil)
        self._count, self._read, self._ended = table.rows.count, 0, False
        self._fault: InputError | None = None
        self._encoding: Encoding | None = None

    def go(self, folder: Folder, show: Show | None) -> None:
        """Run to the end."""
        if not self._table.rows.typed:
            self._survey()
        limits = self._bounds
        pool = decoders(limits)
        tools = Tools(self._columns, folder, pool, limits, self._languages, self._scans, self._stop)
        waiting: Lane[object] = Lane(self._stop)
        room = Budget(_ENDLESS, self._stop)
        encoder = Lazy(self._target.encoder)
        self._encoding = Encoding(encoder, waiting, room, lambda _: None, self._scans)  # type: ignore[arg-type]
        making = Making(tools, self._encoding)
        stages = [
            Stage("read rows", [self._read_rows], self._lane.close),
            Stage("make", [lambda: self._make(making)] * limits.workers, self._events.close),
            Stage("store", [self._storing.run]),
        ]
        watch = Watch(lambda: self.progress, show)
        side_by_side(stages, self._stop, watch, lambda: close(pool))
        if self._fault is not None:
            raise self._fault

    def _survey(self) -> None:
        """Find out as what cells are read; a table of texts is read twice for that."""
        columns, schema = self._columns, self._jobs.schema
        names = {column: name for name, column in columns.meta.items()}
        if columns.rest:
            others = (one for one in self._table.rows.names if one not in columns.without())
            names |= {one: one for one in others if one}
        found = survey.survey(self._table.rows, tuple(names))
        stored = {column: schema.columns.get(name) for column, name in names.items()}
        self._count, self._jobs.kinds = found.count, found.settle(stored)
        self._storing.counts.warnings += found.told(self._table.rows.title, stored)

    def _read_rows(self) -> None:
        """Read to the end, or to where the table is damaged: what is before that is stored."""
        wanted = None if self._columns.rest else self._columns.named
        try:
            for lines in _some(self._table.rows.lines(wanted)):
                self._stop.check()
                for job in self._jobs.of(lines, self._store.reading()):
                    self._budget.take(job.bytes)
                    self._lane.put(job)
                self._read += len(lines)
        except InputError as error:
            self._fault = error
        self._ended = True

    def _make(self, making: Making) -> None:
        while (job := self._lane.get()) is not None:
            try:
                self._events.put(making.event(job))
            finally:
                self._budget.give(job.bytes)

    def _spoil(self, number: int, column: str | None, reason: str) -> None:
        self._events.put(Spoilt(number, column, reason))

    @property
    def _segments(self) -> int:
        return 0 if self._encoding is None else self._encoding.segments

    @property
    def progress(self) -> Progress:
        """Say where the run is."""
        counts, done = self._storing.counts, self._storing.met
        seconds = time.monotonic() - self._begun
        known = self._count if self._count is not None or not self._ended else self._read
        left = None if known is None or not done else seconds / done * max(known - done, 0)
        return Progress(
            files=done,
            of=max(self._read, done) if known is None else known,
            walking=known is None,
            items=counts.stored,
            segments=self._segments,
            bytes=counts.bytes,
            failed=counts.failed,
            seconds=seconds,
            left_s=left,
            unit="row",
        )

    def report(self) -> IngestReport:
        """Settle what has gone, and close the books."""
        counts, jobs = self._storing.counts, self._jobs
        if not self._read:
            counts.warnings.append(f"{self._table.rows.title} has no rows")
        counts.warnings += self._unused()
        if self._table.place is not None:
            known = leaving.Known(
                self._table, (jobs.seen, jobs.torn), jobs.lost, self._storing.emptied
            )
            leaving.settle(self._store, known, counts, self._options)
        heard = self._target.encoder if self._languages.heard else None
        counts.warnings += self._languages.warnings(heard) + self._scans.warnings()
        counts.failures = self._storing.failures()
        seconds = time.monotonic() - self._begun
        return counts.report(seconds, self._store.reading().number)

    def _unused(self) -> list[str]:
        """Tell of columns of which nothing is stored."""
        columns, names = self._columns, self._table.rows.names
        left = sorted(self._jobs.left_out)
        if not columns.rest:
            used = {one.partition(".")[0] for one in columns.named} | set(columns.named)
            left = [name for name in names if name and name not in used]
        if not left:
            return []
        told = ", ".join(left[:_SHOWN]) + (", …" if len(left) > _SHOWN else "")
        why = "no such names" if columns.rest else "meta=* makes all such columns metadata"
        return [f"{self._table.rows.title}: not used: {told} ({why})"]


def _some(lines: Iterable[Line | Broken]) -> Iterator[list[Line | Broken]]:
    """Give lines together, but not too many bytes of them."""
    some, size = list[Line | Broken](), 0
    for line in lines:
        some.append(line)
        size += size_of(line.cells) if isinstance(line, Line) else 0
        if len(some) == _LINES or size >= _BYTES:
            yield some
            some, size = [], 0
    if some:
        yield some
