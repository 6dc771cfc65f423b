"""The walk of a run: what is met is counted, and what is new or changed goes on the agenda."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from omnisearch.ingest import difference, roots
from omnisearch.ingest.difference import Loss, Met, New
from omnisearch.ingest.drafts import Fault, Spot
from omnisearch.ingest.entries import Entry, Refused
from omnisearch.ingest.places import below, within
from omnisearch.ingest.reading import READ
from omnisearch.ingest.report import FailedFile
from omnisearch.ingest.run import Failed, Lost, Run, Skipped
from omnisearch.ingest.scans import partly
from omnisearch.ingest.walk import walk
from omnisearch.locations import Location

if TYPE_CHECKING:
    from omnisearch.ingest.plan import Plan
    from omnisearch.ingest.roots import Visit
    from omnisearch.ingest.rules import Rules
    from omnisearch.storage.items import Items
    from omnisearch.storage.sightings import Sighting


class Walking:
    """Walks every visit of a run, and tells at the end which files are gone."""

    def __init__(self, run: Run, plan: Plan, rules: Rules) -> None:
        self._run, self._plan, self._rules = run, plan, rules
        self._items: Items = run.store.reading().items
        half = self._items.extracted_by(partly(run.version)) if run.scans.ready else frozenset()
        self._half_read: frozenset[str] = half | run.lacking
        since = run.options.since
        self._since_ns = None if since is None else int(since.timestamp() * 1e9)
        self._met: list[tuple[Visit, Met, int]] = []  # and how many are unchanged

    def run(self) -> None:
        """Walk; counts what needs no reading, and puts the rest on the agenda."""
        self._count_unusable()
        taken = [root.path for root in self._run.roots.values()]
        ignored = self._plan.ignored()
        for visit in self._plan.visits:
            apart = ignored.get(visit.root.number, frozenset()) | self._parts(visit)
            if visit.root.kind == "folder":
                others = [path for path in taken if path != visit.root.path]
                apart |= roots.apart(visit.root, others)
            met, unchanged = self.visit(visit, replace(self._rules, apart=apart))
            self._met.append((visit, met, unchanged))
        self._run.walking = False

    def _parts(self, visit: Visit) -> frozenset[bytes]:
        """Give the paths below a visit that are visited by themselves."""
        others = (one for one in self._plan.visits if one.root.number == visit.root.number)
        parts = (one.beneath for one in others if one.beneath != visit.beneath)
        return frozenset(part for part in parts if below(part, visit.beneath))

    def _count_unusable(self) -> None:
        """Count what of a list is no folder and no file."""
        counts = self._run.counts
        with self._run.lock:
            for one in self._plan.unusable:
                counts.seen += 1
                if one.outcome == "failed":
                    counts.fail(FailedFile(one.path, READ, one.reason))
                else:
                    counts.skip(one.reason)

    def visit(self, visit: Visit, rules: Rules) -> tuple[Met, int]:
        """Walk one visit; give what it met, and how many files are just as they were."""
        met, before = Met(), self._run.counts.unchanged
        with self._run.handles.held(visit.root.number) as handle:
            for found in () if handle is None else walk(handle, rules, visit.beneath):
                self._run.stop.check()
                if isinstance(found, Refused):
                    if found.outcome == "gone":
                        continue
                    self._refused(found)
                else:
                    self._entry(found)
                met.add(found.path)
        return met, self._run.counts.unchanged - before

    def _entry(self, entry: Entry) -> None:
        if self._since_ns is not None and entry.mtime_ns < self._since_ns:
            return
        run = self._run
        seen = run.catalog.get(entry.root, entry.path)
        if run.failures and self._fails_still(entry, seen):
            return
        found = difference.compare(entry, seen, self._holds)
        if isinstance(found, New):
            with run.lock:
                run.counts.seen += 1
                run.forecast.expect(entry)
            run.agenda.put(entry)
            return
        with run.lock:
            run.counts.seen += 1
            if found.seen.outcome == "skipped":
                run.counts.skip(found.seen.reason)
            else:
                run.counts.unchanged += 1

    def _fails_still(self, entry: Entry, seen: Sighting | None) -> bool:
        """Count a file that is known to fail and looks as it did.

        What could not even be read is tried again: that costs little, and rights may be others now.
        """
        run = self._run
        location = Location(entry.root, entry.path)
        failure = run.failures.get(location)
        if failure is None or failure.digest is None or run.options.retry_failed:
            return False
        if (failure.size, failure.mtime_ns) != (entry.size, entry.mtime_ns):
            return False
        if seen is not None and seen.extractor != run.version:
            return False
        known = FailedFile(run.path(location), failure.stage, failure.reason, new=False)
        with run.lock:
            run.counts.seen += 1
            run.counts.fail(known)
        return True

    def _holds(self, entry: Entry, seen: Sighting) -> bool:
        """Tell whether the collection agrees with what the catalog remembers."""
        if seen.extractor != self._run.version or seen.item in self._half_read:
            return False
        if seen.outcome == "stored":
            return self._items.of_location(str(Location(entry.root, entry.path))) == seen.item
        return seen.outcome == "skipped"

    def _refused(self, refused: Refused) -> None:
        run = self._run
        with run.lock:
            run.counts.seen += 1
        spot = Spot(Entry(refused.root, refused.path, 0, 0, 0, 0), 0)
        if refused.outcome == "skipped":
            run.events.put(Skipped(spot, refused.reason, kept=False))
        else:
            run.events.put(Failed(spot, Fault(READ, refused.reason)))

    def lost(self) -> Iterator[Lost]:
        """Give what is gone, root by root; what may only be out of reach is held back."""
        known = self._known()
        for visit, met, unchanged in self._met:
            paths = list(self._its(visit, known.get(visit.root.number, ())))
            gone = self._gone(visit, met, paths)
            device = roots.device_of(visit.root)
            loss = Loss(len(paths), len(gone), len(met), unchanged, device)
            why = difference.withheld(visit.root, loss)
            if self.hold_back(why, len(gone), "--force insists that they are gone"):
                continue
            for path in gone:
                yield Lost(Location(visit.root.number, path))
            self._tidy(visit, met)

    def hold_back(self, why: str | None, gone: int, remedy: str) -> bool:
        """Keep what may be out of reach, and say so, unless somebody insists."""
        if why is None or self._run.options.force:
            return False
        files = f"{gone:,} file{'' if gone == 1 else 's'}"
        self._run.counts.warnings.append(f"{why}: {files} kept as they were; {remedy}")
        self._run.counts.withheld = True
        return True

    def _tidy(self, visit: Visit, met: Met) -> None:
        """Forget what was seen of files that were skipped and are gone."""
        catalog, root = self._run.catalog, visit.root.number
        seen = self._its(visit, catalog.paths(root))
        with self._run.handles.held(root) as handle:
            if handle is not None:
                catalog.forget(root, list(difference.gone(handle, met.others(seen))))

    def _gone(self, visit: Visit, met: Met, paths: Sequence[bytes]) -> list[bytes]:
        vacated, root = self._run.vacated, visit.root.number
        others = [path for path in met.others(paths) if Location(root, path) not in vacated]
        with self._run.handles.held(visit.root.number) as handle:
            return others if handle is None else list(difference.gone(handle, others))

    def _known(self) -> Mapping[int, list[bytes]]:
        """Give the paths of everything that the collection or its ledger has, by root."""
        found: dict[int, list[bytes]] = {}
        stored = (Location.parse(text) for text in self._items.locations)
        for location in {*stored, *self._run.failures}:
            found.setdefault(location.root, []).append(location.path)
        return found

    def _its(self, visit: Visit, paths: Iterable[bytes]) -> Iterator[bytes]:
        """Give the paths that a visit looks at, and no other one does."""
        parts = {Location(visit.root.number, part) for part in self._parts(visit)}
        for path in paths:
            if below(path, visit.beneath) and not within(Location(visit.root.number, path), parts):
                yield path
