"""What was found becomes durable: whole items, one generation for many, then the books.

One thread writes. A generation comes after 4,096 rows or 30 seconds, and sooner where nothing more
is coming just now. Catalog and counts follow what is durable, never the other way round.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from omnisearch.ingest.drafts import Draft, Fault, Spot
from omnisearch.ingest.encoding import ENCODE
from omnisearch.ingest.regions import counting
from omnisearch.ingest.relocation import Relocation
from omnisearch.ingest.report import FailedFile
from omnisearch.ingest.rows import segments_of
from omnisearch.ingest.run import Event, Failed, Found, Lost, Run, Skipped
from omnisearch.locations import Location, plain
from omnisearch.schema import REGIONS
from omnisearch.storage import changes
from omnisearch.storage.batch import Change
from omnisearch.storage.generation import Generation
from omnisearch.storage.ledger import Failure, Ledger
from omnisearch.storage.sightings import Outcome, Sighting
from omnisearch.storage.store import Prepare

ROWS, OLDEST_S, IDLE_S = 4096, 30.0, 1.0
FIRST_S = 2.0  # a person who waits can ask something soon
NOTHING = "nothing in it can be searched"


class Commits:
    """Takes events until there are no more."""

    def __init__(self, run: Run, ledger: Ledger) -> None:
        self._run, self._ledger = run, ledger
        self._before = run.store.reading().items  # what is stored where, as the run begins
        self._waiting: list[Event] = []
        self._rows = 0
        self._since = self._last = time.monotonic()
        self._returned: set[str] = set()  # items that had no file any more
        self._arrived: Counter[str] = Counter()
        self._left: Counter[str] = Counter()
        self._gone: Counter[str] = Counter()

    def run(self) -> None:
        """Commit until nothing more comes."""
        lane = self._run.events
        while not lane.over:
            self._take(lane.get_within(0.2))
            if self._run.stop.asked:
                break
            if self._due():
                self.commit()
        self._take(lane.get_within(0))
        self.commit()

    def _take(self, events: Iterable[Event]) -> None:
        now = time.monotonic()
        for event in events:
            if not self._waiting:
                self._since = now
            self._last = now
            self._waiting.append(event)
            self._rows += len(event.rows) if isinstance(event, Draft) else 1
            self._run.finished += _files(event)
            self._foresee(event)

    def _foresee(self, event: Event) -> None:
        """Let progress know at once what failed, and how long files take."""
        run = self._run
        failed = event.fault if isinstance(event, Draft | Failed) else None
        run.failing += _files(event) if failed is not None else 0
        if isinstance(event, Draft):
            with run.lock:
                run.forecast.learn(event.found[0].entry, event.took_s)

    def _due(self) -> bool:
        if not self._waiting:
            return False
        now = time.monotonic()
        idle = now - self._last >= IDLE_S
        oldest = OLDEST_S if self._run.counts.stored else FIRST_S
        return self._rows >= ROWS or idle or now - self._since >= oldest

    def commit(self) -> None:
        """Make durable what waits."""
        events, self._waiting, self._rows = self._waiting, [], 0
        if not events:
            return
        drafts = [event for event in events if isinstance(event, Draft)]
        with self._run.lock:
            for draft in drafts:
                draft.closed = True
        for draft in drafts:
            if draft.fault is None and draft.skipped is None and not (draft.rows or draft.stored):
                draft.fault = Fault(ENCODE, draft.unread or NOTHING)
        good = [draft for draft in drafts if draft.fault is None and draft.skipped is None]
        moved = self._relocations(events, good)
        self._write(good, moved)
        self._settle(events)
        with self._run.lock:
            for draft in drafts:
                self._run.dismiss(draft)
                self._run.lacking.discard(draft.item)

    def _relocations(self, events: Sequence[Event], good: Sequence[Draft]) -> dict[str, Relocation]:
        """Collect what items gain and lose; a file that changed is lost to what it was."""
        moved: dict[str, Relocation] = {}
        for event in events:
            match event:
                case Found():
                    self._arrive(event, moved)
                case Lost():
                    self._leave(event.location, None, moved)
                case Failed() if event.digest is not None:
                    self._leave(event.spot.location, event.digest, moved)
                case Skipped() if event.kept:
                    self._leave(event.spot.location, event.digest, moved)
                case Draft():
                    for spot in event.found:
                        self._leave(spot.location, event.item, moved)
                        if event.stored and event.fault is None:
                            gained = moved.setdefault(event.item, Relocation()).gained
                            gained[spot.location] = spot.entry.mtime_ns
        return moved

    def _arrive(self, event: Found, moved: dict[str, Relocation]) -> None:
        location = event.spot.location
        gained = moved.setdefault(event.item, Relocation()).gained
        gained[location] = event.spot.entry.mtime_ns
        self._leave(location, event.item, moved)

    def _leave(self, location: Location, item: str | None, moved: dict[str, Relocation]) -> None:
        """Take a location from whatever was there before, unless it is still that."""
        before = self._before.of_location(str(location))
        if before is not None and before != item:
            moved.setdefault(before, Relocation()).lost.add(location)
            self._left[before] += 1

    def _write(self, good: Sequence[Draft], moved: dict[str, Relocation]) -> None:
        """Write rows and places as one generation."""
        if not good and not moved:
            return
        store = self._run.store
        now = datetime.now(UTC)
        revised = {item: self._revising(one, now) for item, one in moved.items()}
        added = {draft.item: draft for draft in good if draft.stored}
        counted = {item: counting(draft.columns.get(REGIONS, 0)) for item, draft in added.items()}
        made = [draft for draft in good if draft.rows]
        with store.transaction():
            if made:
                store.write(self._keeping(made))
            for one in (revised, counted):
                if one:
                    store.write(changes.revising(one))

    def _revising(
        self, one: Relocation, now: datetime
    ) -> Callable[[Mapping[str, Any]], Mapping[str, Any]]:
        return lambda row: one.revise(row, self._time_of, self._name_of, now)

    def _keeping(self, good: Sequence[Draft]) -> Prepare:
        """Store items in place of what an older extractor made of them."""

        def prepare(now: Generation) -> Change | None:
            made = segments_of(good, now, self._run.version, self._name_of, whole=self._run.whole)
            encoder = self._run.encoder.made
            rows = replace(made, space=None if encoder is None else str(encoder.space))
            stored = [now.items.get(draft.item) for draft in good if not draft.stored]
            gone = [row for one in stored if one is not None for row in one.rows]
            return changes.keeping(rows, gone=gone)(now)

        return prepare

    def _time_of(self, location: Location) -> int | None:
        seen = self._run.catalog.get(location.root, location.path)
        return None if seen is None else seen.mtime_ns

    def _name_of(self, location: Location) -> bytes:
        return self._run.path(location).rpartition(b"/")[2]

    # the books, once everything is durable

    def _settle(self, events: Sequence[Event]) -> None:
        ledger = self._ledger
        with self._run.lock:
            self._run.finished = self._run.failing = 0
            for event in events:
                match event:
                    case Draft():
                        self._settle_draft(event)
                    case Found():
                        self._settle_found(event)
                    case Failed():
                        self._fail(event.spot, event.fault, event.digest)
                    case Skipped():
                        self._skip(event)
                    case Lost():
                        gone = self._before.of_location(str(event.location))
                        self._gone.update([gone] if gone else [])
                        self._run.catalog.forget(event.location.root, [event.location.path])
                        self._run.failures.pop(event.location, None)
            failures = {str(place): one for place, one in self._run.failures.items()}
        if failures != ledger.failures:
            self._ledger = replace(ledger, failures=failures)
            self._run.store.write_ledger(self._ledger)

    def _settle_draft(self, draft: Draft) -> None:
        counts = self._run.counts
        first, *copies = draft.found
        if draft.fault is not None:
            for spot in draft.found:
                self._fail(spot, draft.fault_of(spot) or draft.fault, draft.item)
            return
        if draft.skipped is not None:
            for spot in draft.found:
                self._skip(Skipped(spot, draft.skipped, draft.item, kept=draft.kept))
            return
        places = [self._before.of_location(str(spot.location)) for spot in draft.found]
        arrived = sum(place != draft.item for place in places) if draft.stored else 0
        self._arrived[draft.item] += arrived
        counts.stored += not arrived
        counts.duplicate += len(copies) + bool(arrived)
        counts.segments += draft.segments
        counts.truncated += draft.truncated
        counts.types[draft.type] += 1
        if draft.notes:
            path = self._run.path(first.location)
            counts.note(path, [plain(note) for note in draft.notes])
        for spot in draft.found:
            counts.bytes += spot.entry.size
            self._remember(spot, "stored", draft.item)

    def _settle_found(self, event: Found) -> None:
        """Count a copy, a file that is where it was with another time, or one that is back."""
        location, known = event.spot.location, self._before.get(event.item)
        back = known is not None and known.missing and event.item not in self._returned
        if back or self._before.of_location(str(location)) == event.item:
            self._returned.update([event.item] if back else [])
            self._run.counts.unchanged += 1
        else:
            self._run.counts.duplicate += 1
            self._arrived[event.item] += 1
        self._run.counts.bytes += event.spot.entry.size
        self._remember(event.spot, "stored", event.item)

    def _fail(self, spot: Spot, fault: Fault, digest: str | None) -> None:
        run, entry, location = self._run, spot.entry, spot.location
        known = run.failures.get(location)
        new = known is None or (known.size, known.mtime_ns) != (entry.size, entry.mtime_ns)
        path, reason = run.path(location), plain(fault.reason)  # it may tell names
        run.counts.fail(FailedFile(path, fault.stage, reason, new=new))
        at = datetime.now(UTC)
        sizes = entry.size, entry.mtime_ns
        failure = Failure(str(location), fault.stage, reason, digest, *sizes, at)
        run.failures[location] = failure
        self._put(spot, "failed", digest, reason)

    def _skip(self, event: Skipped) -> None:
        self._run.counts.skip(event.reason)
        if event.kept:
            self._remember(event.spot, "skipped", event.digest, event.reason)
        else:
            self._run.forecast.settle(event.spot.entry)

    def _remember(self, spot: Spot, outcome: Outcome, digest: str | None, reason: str = "") -> None:
        self._run.failures.pop(spot.location, None)
        self._put(spot, outcome, digest, reason)

    def _put(self, spot: Spot, outcome: Outcome, digest: str | None, reason: str) -> None:
        run, entry = self._run, spot.entry
        run.forecast.settle(entry)
        stat = entry.size, entry.mtime_ns, entry.ctime_ns, entry.inode, spot.read_at_ns
        seen = Sighting(*stat, outcome, digest or "", run.version, reason)
        run.catalog.put(entry.root, entry.path, seen)

    def close(self) -> None:
        """Tell moves from copies: what lost a place in this run and gained one has moved."""
        counts, moved = self._run.counts, self._arrived & self._left
        counts.moved = moved.total()
        counts.duplicate -= counts.moved
        counts.unchanged += counts.moved
        counts.missing = (self._gone - moved).total()


def _files(event: Event) -> int:
    """Count the files that an event settles."""
    if isinstance(event, Draft):
        return len(event.found)
    return 0 if isinstance(event, Lost) else 1
