"""What a run would do and take, without doing it: a few files are tried, in a scratch collection.

The trial teaches what a file of each kind costs here; the rest is told by names and sizes. What is
slow to begin (decoders, an encoder, the first file of a kind in each) is begun before it is timed.
"""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from copy import deepcopy
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from omnisearch.ingest import memory
from omnisearch.ingest.commits import Commits
from omnisearch.ingest.costs import Forecast, Roots, cost_in
from omnisearch.ingest.decoders import close, decoders
from omnisearch.ingest.entries import Entry
from omnisearch.ingest.ingest import rules_of, run_of
from omnisearch.ingest.located import Located
from omnisearch.ingest.options import IngestOptions, Options, PathLike
from omnisearch.ingest.pipeline import Pipeline
from omnisearch.ingest.plan import Plan, Target, planned
from omnisearch.ingest.run import Run, Skipped
from omnisearch.ingest.walking import Walking
from omnisearch.locations import Location
from omnisearch.storage import leftovers
from omnisearch.storage.catalog import folder_of
from omnisearch.storage.ledger import Ledger

if TYPE_CHECKING:
    from omnisearch.ingest.report import Progress
    from omnisearch.ingest.stages import Show

_TRIED, _MOST = 6, 64  # files of each kind, at least and at most
_TRIED_S = 1.0  # of each kind, as told: fewer small ones tell more of the start than of themselves
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
    first, timed = _chosen(run, entries)
    trial = _Trial(run, scratch, show)
    for entry in entries:
        trial.forecast.expect(entry)
    if timed:
        with trial:
            trial.carry_out(_places(first), _places(timed))
    return _told(run, entries, [*first, *timed], trial)


class _Trial:
    """Runs over a few files that keep nothing; decoders and the encoder stay between them."""

    def __init__(self, run: Run, scratch: Target, show: Show | None) -> None:
        self._scratch, self._options, self._show = scratch, run.options, show
        roots = tuple(run.roots.values())
        self._plan = Plan((), Ledger(roots, regions=run.regions, whole=run.whole))
        self._pool = decoders(run.bounds)
        self.forecast = Forecast(run.roots)  # that of the run has what was walked
        self.begun_s = 0.0  # until decoders and the encoder were there
        self.memory_bytes = self.disk_bytes = 0

    def __enter__(self) -> None:
        """Start nothing yet: what fails to start is closed, too."""

    def __exit__(self, *raised: object) -> None:
        """Measure what was taken on the disk, and end the decoders."""
        close(self._pool)
        store = self._scratch.existing()
        if store is not None:
            shutil.rmtree(folder_of(store.root, store.identity.collection), ignore_errors=True)
            files = (path for path in store.root.rglob("*") if path.is_file())
            self.disk_bytes = sum(path.stat().st_size for path in files)

    def carry_out(self, first: Sequence[Location], timed: Sequence[Location]) -> None:
        """Begin all that is slow to begin, and then time files; copies of the first teach none."""
        begun = time.monotonic()
        pool = self._pool()
        self._scratch.encoder()
        pool.layers()
        self.begun_s = time.monotonic() - begun
        self._scratch.store().write_ledger(self._plan.ledger)
        cold = deepcopy(self.forecast)
        if first:
            self._take(first, cold)
        self._take(timed, self.forecast)
        if self.forecast.left_s is None:
            self.forecast = cold

    def _take(self, places: Sequence[Location], forecast: Forecast) -> None:
        """Take files in, by the stages of every run."""

        def end() -> None:
            if run.stop.reason is not None:
                close(self._pool)

        with ExitStack() as stack:
            stack.enter_context(leftovers.trimmable())
            store = self._scratch.store()
            run = run_of(self._scratch, store, self._plan, self._options, stack)
            run.forecast = forecast
            commits = Commits(run, self._plan.ledger)
            Pipeline(run, Located(run, places, 0), self._pool).go(commits, self._watch, end)

    def _watch(self, progress: Progress) -> None:
        self.memory_bytes = max(self.memory_bytes, memory.taken())
        if self._show is not None:
            self._show(progress)


def _walked(run: Run, plan: Plan, options: Options) -> list[Entry]:
    """Give what would be read."""
    Walking(run, plan, rules_of(options)).run()
    run.agenda.close()
    entries: list[Entry] = []
    while (entry := run.agenda.get()) is not None:
        entries.append(entry)
    return entries


def _places(entries: Iterable[Entry]) -> list[Location]:
    return [Location(one.root, one.path) for one in entries]


def _chosen(run: Run, entries: Iterable[Entry]) -> tuple[list[Entry], list[Entry]]:
    """Choose a few files of each kind, always the same: for each worker to begin with, and others.

    They are chosen by chance; where all are long, it is the shortest.
    """
    kinds: dict[str, list[Entry]] = {}
    workers, roots = run.bounds.workers, run.roots
    for entry in entries:
        kinds.setdefault(cost_in(roots, entry).kind, []).append(entry)
    first: list[Entry] = []
    timed: list[Entry] = []
    for some in kinds.values():
        short = [one for one in some if _told_s(roots, one) <= _LONG_S]
        mixed = random.Random(0).sample(short, min(workers + _MOST, len(short)))
        begin = min(workers, len(mixed) // 2)
        first += mixed[:begin]
        timed += _few(roots, mixed[begin:]) or [min(some, key=lambda one: one.size)]
    return first, timed


def _few(roots: Roots, entries: Iterable[Entry]) -> list[Entry]:
    """Take files until they are enough to be timed."""
    found: list[Entry] = []
    told = 0.0
    for entry in entries:
        if len(found) >= _TRIED and told >= _TRIED_S:
            break
        found.append(entry)
        told += _told_s(roots, entry)
    return found


def _told_s(roots: Roots, entry: Entry) -> float:
    return cost_in(roots, entry).seconds(entry.size)


def _told(run: Run, entries: Sequence[Entry], chosen: Sequence[Entry], trial: _Trial) -> Estimate:
    seconds_of = partial(_told_s, run.roots)
    whole, told = (sum(map(seconds_of, some)) for some in (entries, chosen))
    left, pace, left_s = trial.forecast.left, trial.forecast.pace, trial.forecast.left_s
    share = whole / told if told else 0.0
    kinds: dict[str, KindEstimate] = {}
    for entry in entries:
        kind = cost_in(run.roots, entry).kind
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
        seconds=None if left_s is None else trial.begun_s + left_s,
        disk_bytes=round(trial.disk_bytes * share),
        memory_bytes=trial.memory_bytes,
        kinds=kinds,
    )
