"""What a run would do and take, without doing it: a few files are tried, in a scratch collection.

The trial teaches what a file of each kind costs here; the rest is told by names and sizes.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from omnisearch.ingest import memory
from omnisearch.ingest.costs import Forecast, cost_of
from omnisearch.ingest.entries import Entry
from omnisearch.ingest.ingest import conducted, rules_of, run_of
from omnisearch.ingest.options import IngestOptions, Options, PathLike
from omnisearch.ingest.plan import Plan, Target, planned
from omnisearch.ingest.run import Run, Skipped
from omnisearch.ingest.walking import Walking
from omnisearch.locations import Location
from omnisearch.storage.catalog import folder_of

if TYPE_CHECKING:
    from omnisearch.ingest.pipeline import Show
    from omnisearch.ingest.report import Progress

_TRIED = 6  # files of each kind
_LONG_S = 10.0  # a file that takes longer is tried only where there is no other


@dataclass(frozen=True, slots=True)
class KindEstimate:
    """Files of one kind, by their names; `seconds` is None where none of them was tried."""

    files: int
    bytes: int
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run would read, and about how long and how much that takes."""

    files: int
    bytes: int
    unchanged: int
    skipped: int
    failed: int
    seconds: float | None
    disk_bytes: int
    memory_bytes: int
    kinds: Mapping[str, KindEstimate] = field(default_factory=dict)


def estimate(
    target: Target,
    scratch: Target,
    paths: Sequence[PathLike],
    asked: IngestOptions,
    show: Show | None,
) -> Estimate:
    """Walk, and try a few files in a scratch collection, which is the caller's to remove."""
    options = Options.of(asked)
    store = target.existing() or scratch.store()
    plan = planned(target, paths, options)
    options = replace(options, regions=plan.ledger.regions)
    with ExitStack() as stack:
        run = run_of(target, store, plan, options, stack)
        entries = _walked(run, plan, options)
    return tried(run, entries, scratch, show)


def tried(run: Run, entries: Sequence[Entry], scratch: Target, show: Show | None) -> Estimate:
    """Try a few of the files that a run would read, and tell what all of them take."""
    chosen = _chosen(entries)
    for entry in entries:
        run.forecast.expect(entry)
    return _told(run, entries, chosen, _Trial(scratch, run.options, run.forecast), show)


class _Trial:
    """A run over a few files that keeps nothing."""

    def __init__(self, scratch: Target, options: Options, forecast: Forecast) -> None:
        self._scratch, self.forecast = scratch, forecast
        self._options = replace(options, include=(), listed=(), since=None, prune=False, force=True)
        self.memory_bytes = self.disk_bytes = 0

    def carry_out(self, paths: Sequence[bytes], show: Show | None) -> None:
        """Take the files in, watch the memory, and measure what they take on the disk."""

        def watch(progress: Progress) -> None:
            self.memory_bytes = max(self.memory_bytes, memory.taken())
            if show is not None:
                show(progress)

        store = self._scratch.store()
        try:
            conducted(self._scratch, paths, self._options, self.forecast, watch)
        finally:
            shutil.rmtree(folder_of(store.root, store.identity.collection), ignore_errors=True)
        files = (path for path in store.root.rglob("*") if path.is_file())
        self.disk_bytes = sum(path.stat().st_size for path in files)


def _walked(run: Run, plan: Plan, options: Options) -> list[Entry]:
    """Give what would be read."""
    Walking(run, plan, rules_of(options)).run()
    run.agenda.close()
    entries: list[Entry] = []
    while (entry := run.agenda.get()) is not None:
        entries.append(entry)
    return entries


def _chosen(entries: Iterable[Entry]) -> list[Entry]:
    """Choose a few files of each kind by chance, always the same; of long ones the shortest."""
    kinds: dict[str, list[Entry]] = {}
    for entry in entries:
        kinds.setdefault(cost_of(entry.path).kind, []).append(entry)
    found: list[Entry] = []
    for some in kinds.values():
        short = [one for one in some if cost_of(one.path).seconds(one.size) <= _LONG_S]
        least = min(some, key=lambda one: one.size)
        found += random.Random(0).sample(short, min(_TRIED, len(short))) or [least]
    return found


def _told(
    run: Run, entries: Sequence[Entry], chosen: Sequence[Entry], trial: _Trial, show: Show | None
) -> Estimate:
    if chosen:
        trial.carry_out([run.path(Location(one.root, one.path)) for one in chosen], show)
    whole, told = (
        sum(cost_of(one.path).seconds(one.size) for one in some) for some in (entries, chosen)
    )
    left, pace = trial.forecast.left, trial.forecast.pace
    share = whole / told if told else 0.0
    kinds: dict[str, KindEstimate] = {}
    for entry in entries:
        kind = cost_of(entry.path).kind
        before = kinds.get(kind, KindEstimate(0, 0, None))
        seconds = left[kind] / pace if kind in left else None
        kinds[kind] = KindEstimate(before.files + 1, before.bytes + entry.size, seconds)
    events = run.events.get_within(0)
    skipped = sum(isinstance(event, Skipped) for event in events) + run.counts.skipped
    return Estimate(
        files=len(entries),
        bytes=sum(entry.size for entry in entries),
        unchanged=run.counts.unchanged,
        skipped=skipped,
        failed=len(events) + run.counts.skipped - skipped + run.counts.failed,
        seconds=trial.forecast.left_s,
        disk_bytes=round(trial.disk_bytes * share),
        memory_bytes=trial.memory_bytes,
        kinds=kinds,
    )
