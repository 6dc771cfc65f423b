"""One run of ingest: what its stages share. Whoever changes `counts` or `drafts` holds `lock`."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from omnisearch.ingest.agenda import Agenda
from omnisearch.ingest.costs import Forecast
from omnisearch.ingest.drafts import Draft, Fault, Spot
from omnisearch.ingest.encoding import Task
from omnisearch.ingest.entries import Entry
from omnisearch.ingest.queues import Budget, Lane, Stop
from omnisearch.ingest.report import Counts, Progress
from omnisearch.ingest.scans import partly
from omnisearch.locations import Location, Root, joined

if TYPE_CHECKING:
    from omnisearch.encoder.encoder import Encoder
    from omnisearch.ingest.bounds import Bounds
    from omnisearch.ingest.languages import Languages
    from omnisearch.ingest.lazy import Lazy
    from omnisearch.ingest.options import Options
    from omnisearch.ingest.places import Handles
    from omnisearch.ingest.scans import Scans
    from omnisearch.storage.catalog import Catalog
    from omnisearch.storage.ledger import Failure
    from omnisearch.storage.store import Store

WAITING = 200_000  # files that are known and not read yet; then the walk waits


@dataclass(frozen=True, slots=True)
class Found:
    """A file with the content of an item that is stored."""

    item: str
    spot: Spot


@dataclass(frozen=True, slots=True)
class Failed:
    """A file that could not be taken in; `digest` where it could be read at least."""

    spot: Spot
    fault: Fault
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that is no case for us; what is not `kept` is looked at again in the next run."""

    spot: Spot
    reason: str
    digest: str | None = None
    kept: bool = True


@dataclass(frozen=True, slots=True)
class Lost:
    """A file that is gone."""

    location: Location


Event = Draft | Found | Failed | Skipped | Lost


@dataclass(slots=True)
class Run:
    """A run; the store is ready to be written, the roots are in its ledger."""

    store: Store
    catalog: Catalog
    options: Options
    handles: Handles
    roots: Mapping[int, Root]
    encoder: Lazy[Encoder]
    failures: dict[Location, Failure]  # that are known
    bounds: Bounds
    version: int  # of the extractor
    languages: Languages
    scans: Scans
    regions: bool = False  # of pictures, too
    whole: bool = True  # long texts and documents have the mean of their passages
    lacking: set[str] = field(default_factory=set)  # pictures whose regions nobody looked for
    stop: Stop = field(default_factory=Stop)
    lock: threading.RLock = field(default_factory=threading.RLock)
    counts: Counts = field(default_factory=Counts)
    drafts: dict[str, Draft] = field(default_factory=dict)  # by item, until they are stored
    empty: dict[str, list[Location]] = field(default_factory=dict)  # places of items that arrived
    vacated: set[Location] = field(default_factory=set)  # from where files have moved
    begun: float = field(default_factory=time.monotonic)
    walking: bool = True
    encoded: int = 0  # segments
    finished: int = 0  # files that only wait to be committed
    failing: int = 0  # of them
    now: bytes = b""
    forecast: Forecast = field(init=False)
    agenda: Lane[Entry] = field(init=False)
    tasks: Lane[Task] = field(init=False)
    events: Lane[Event] = field(init=False)
    copies: Budget = field(init=False)
    budget: Budget = field(init=False)

    def __post_init__(self) -> None:
        self.forecast = Forecast(self.roots)
        self.agenda = Lane(self.stop, Agenda(self.roots), WAITING)
        self.tasks, self.events = Lane(self.stop), Lane(self.stop)
        # two, since whoever holds a copy waits for room for its segments
        self.copies = Budget(self.bounds.copies, self.stop)
        self.budget = Budget(self.bounds.segments, self.stop)

    def path(self, location: Location) -> bytes:
        """Give the absolute path of a file."""
        return joined(self.roots[location.root].path, location.path)

    def dismiss(self, draft: Draft) -> None:
        """Leave a draft, unless the same bytes are read under another name by now; hold `lock`."""
        if self.drafts.get(draft.item) is draft:
            del self.drafts[draft.item]

    def stored(self, item: str) -> bool:
        """Tell whether an item is stored, by this extractor, as far as it can read."""
        return item not in self.lacking and bool(self.rows(item))

    def rows(self, item: str) -> frozenset[str]:
        """Name the rows of an item that this extractor would make again just so."""
        found = self.store.reading().items.get(item)
        known = (self.version,) if self.scans.ready else (self.version, partly(self.version))
        kept = found is not None and found.extractor in known
        return frozenset(found.rows) if found is not None and kept else frozenset()

    @property
    def progress(self) -> Progress:
        """Say where the run is."""
        with self.lock:
            counts = self.counts
            left = self.forecast.left_s
            return Progress(
                files=counts.settled + self.finished,
                of=counts.seen,
                walking=self.walking,
                items=counts.stored,
                segments=self.encoded,
                bytes=counts.bytes,
                failed=counts.failed + self.failing,
                seconds=time.monotonic() - self.begun,
                left_s=None if self.walking else left,
                now=self.now,
            )
