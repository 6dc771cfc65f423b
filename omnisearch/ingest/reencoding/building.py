"""A collection beside another one is brought to hold the same, by another encoder.

It may be stopped anywhere: what it holds by then is what the next pass finds done.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from omnisearch.ingest import bounds, wholes
from omnisearch.ingest.commits import Commits
from omnisearch.ingest.decoders import close, decoders
from omnisearch.ingest.ingest import run_of
from omnisearch.ingest.located import Located
from omnisearch.ingest.pipeline import Pipeline
from omnisearch.ingest.places import Handles
from omnisearch.ingest.plan import Plan, Target
from omnisearch.ingest.reencoding import carrying
from omnisearch.ingest.reencoding.contents import GONE, Contents, Sorting, places_of
from omnisearch.ingest.reencoding.report import Unable
from omnisearch.ingest.reencoding.words import Spoken
from omnisearch.ingest.report import Progress
from omnisearch.ingest.stages import Show
from omnisearch.locations import Location, joined
from omnisearch.storage import leftovers
from omnisearch.storage.ledger import Ledger

if TYPE_CHECKING:
    from omnisearch.ingest.options import Options
    from omnisearch.ingest.run import Run
    from omnisearch.storage.generation import Generation
    from omnisearch.storage.store import Store

_SKIPPED = "no reader that is installed takes its file"


@dataclass(slots=True)
class Building:
    """Fills `target` with what `source` holds; counts what it encoded."""

    source: Store
    target: Target
    options: Options
    from_words: bool
    show: Show | None = None
    segments: int = 0
    by_words: int = 0
    warnings: list[str] = field(default_factory=list)
    _reached: tuple[int, tuple[Unable, ...]] = (-1, ())  # which generation, and what lacks of it
    _tried: dict[str, str] = field(default_factory=dict)  # items that were read in vain, and why

    def contents(self, now: Generation, done: Container[str] = frozenset()) -> Contents:
        """Sort what a generation holds, but for files of items that are done."""
        ledger, encoder = self.source.read_ledger(), self.target.encoder()
        with Handles(ledger.roots) as handles:
            return Sorting(now, ledger, encoder, self.from_words, done).sorted(handles)

    def catch_up(self, now: Generation) -> tuple[Unable, ...]:
        """Bring the other collection to what a generation holds; gives what it lacks."""
        if now.number != self._reached[0]:
            self._reached = now.number, self._caught_up(now)
        return self._reached[1]

    def _caught_up(self, now: Generation) -> tuple[Unable, ...]:
        store, ledger = self.target.store(), self.source.read_ledger()
        own = store.read_ledger().left_out
        store.write_ledger(replace(ledger, failures={}, left_out=own))
        carrying.drop(store, now)
        there = store.reading().items
        contents = self.contents(now, there)
        places = [
            Location(entry.root, entry.path)
            for item, entries in contents.files.items()
            if item not in self._tried
            for entry in entries
        ]
        if places:
            self._read(places, contents.done)
        spoken = [item for item in contents.words if item in contents.records or item not in there]
        refused = self._speak(now, spoken)
        wholes.settle(store, wanted=ledger.whole, partial=False)
        carrying.carry(store, now)
        carrying.drop(store, now)
        return tuple(self._unable(now, contents, refused))

    def _read(self, places: Sequence[Location], done: int) -> None:
        """Take files in as they are now, by the stages of every run."""
        with ExitStack() as stack:
            stack.enter_context(leftovers.trimmable())
            pool = decoders(bounds.of(self.options))
            stack.callback(lambda: close(pool))
            store = self.target.store()
            plan = Plan((), store.read_ledger())
            run = run_of(self.target, store, plan, self.options, stack)
            walk = Located(run, places, done)
            commits = Commits(run, plan.ledger)
            try:
                Pipeline(run, walk, pool).go(commits, self.show, lambda: close(pool))
            finally:
                self.segments += run.counts.segments
            commits.close()
            self.warnings += run.scans.warnings()
            self._note(run, places)

    def _note(self, run: Run, places: Iterable[Location]) -> None:
        """Keep why files did not become what is stored of them."""
        now = self.source.reading()
        for place in places:
            item = now.items.of_location(str(place))
            if item is not None:
                seen = run.catalog.get(place.root, place.path)
                self._tried[item] = _SKIPPED if seen is None else seen.reason

    def _speak(self, now: Generation, items: Sequence[str]) -> Mapping[str, str]:
        spoken = Spoken(self.target.store(), now, self.target.encoder)
        tell = _teller(self.show, len(items), spoken)
        try:
            return spoken.take(items, tell)
        finally:
            self.by_words += spoken.encoded

    def _unable(
        self, now: Generation, contents: Contents, refused: Mapping[str, str]
    ) -> Iterable[Unable]:
        """List the items that are not there, nor another one in their place."""
        there, ledger = self.target.store().reading().items, self.source.read_ledger()
        located = places_of(now)
        for item in now.items:
            places = located.get(item, ())
            if item in there or any(there.of_location(str(place)) for place in places):
                continue
            known = contents.unable.get(item)
            if known is not None:
                yield known
                continue
            why = refused.get(item) or self._tried.get(item) or GONE
            yield Unable(item, _path(ledger, places[0]) if places else None, why)


def _path(ledger: Ledger, place: Location) -> bytes | None:
    root = ledger.root(place.root)
    return None if root is None else joined(root.path, place.path)


def _teller(show: Show | None, of: int, spoken: Spoken) -> Callable[[int], None]:
    """Show how many items are encoded by their words."""
    begun = time.monotonic()

    def tell(done: int) -> None:
        if show is not None:
            took = time.monotonic() - begun
            left = took / done * (of - done)
            show(Progress(done, of, False, done, spoken.encoded, 0, 0, took, left))

    return tell
