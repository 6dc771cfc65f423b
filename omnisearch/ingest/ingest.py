"""A run from the first to the last step: roots, books, pipeline, and the report that adds up."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

from omnisearch.ingest import bounds, regions, roots, sidecar, wholes
from omnisearch.ingest.commits import Commits
from omnisearch.ingest.decoders import close, decoders
from omnisearch.ingest.extraction import EXTRACTOR
from omnisearch.ingest.following.changed import Changed
from omnisearch.ingest.languages import Languages
from omnisearch.ingest.lazy import Lazy
from omnisearch.ingest.options import IngestOptions, Options, PathLike
from omnisearch.ingest.pipeline import Pipeline
from omnisearch.ingest.places import Handles
from omnisearch.ingest.plan import Plan, Target, planned
from omnisearch.ingest.report import IngestReport
from omnisearch.ingest.rules import Rules
from omnisearch.ingest.run import Run
from omnisearch.ingest.scans import Scans
from omnisearch.ingest.sidecar import Sidecar
from omnisearch.ingest.stages import Show
from omnisearch.ingest.walking import Walking
from omnisearch.locations import Location
from omnisearch.media.pool.pool import Pool
from omnisearch.schema import Schema
from omnisearch.storage import changes, leftovers
from omnisearch.storage.catalog import Catalog, folder_of

if TYPE_CHECKING:
    from omnisearch.storage.generation import Generation
    from omnisearch.storage.store import Store


def ingest(
    target: Target, paths: Sequence[PathLike], asked: IngestOptions, show: Show | None = None
) -> IngestReport:
    """Bring a collection up to date with files; what is finished when it is stopped is kept."""
    options = Options.of(asked)
    return carried_out(target, planned(target, paths, options), options, show)


def carried_out(
    target: Target,
    plan: Plan,
    options: Options,
    show: Show | None = None,
    *,
    kept: Lazy[Pool] | None = None,
) -> IngestReport:
    """Carry out what is planned; decoders that are `kept` are closed only when it fails."""
    begun, known = time.monotonic(), target.ledger()
    beside = _described(target, plan, options)
    with ExitStack() as stack:
        stack.enter_context(leftovers.trimmable())
        pool = kept or decoders(bounds.of(options))
        if kept is None:
            stack.callback(lambda: close(pool))
        if plan.ledger.roots != known.roots:
            pool()  # starts while the encoder is loaded
            target.encoder()  # refused now where it is another one, before anything is written
        store = target.existing() or target.store()
        store.check_no_transaction()  # a run commits many times, from a thread of its own
        if plan.ledger != known:
            store.write_ledger(plan.ledger)
        run = run_of(target, store, plan, options, stack)
        run.counts.warnings += plan.warnings
        _carry_out(run, plan, pool, show, keep=kept is not None)
        if not run.counts.withheld:
            _note_devices(run, plan)
        if not plan.ledger.regions:
            regions.drop(store)
        run.counts.means = wholes.settle(store, wanted=plan.ledger.whole, partial=plan.partial)
        if options.prune and not run.counts.withheld:
            _prune(run)
        if beside is not None:
            run.counts.warnings += beside.apply(store)
        heard = target.encoder if run.languages.heard else None
        run.counts.warnings += run.languages.warnings(heard) + run.scans.warnings()
        return run.counts.report(time.monotonic() - begun, store.reading().number)


def _described(target: Target, plan: Plan, options: Options) -> Sidecar | None:
    if options.metadata is None:
        return None
    store = target.existing()
    schema = Schema() if store is None else store.reading().schema
    return sidecar.read(options.metadata, plan.ledger.roots, schema)


def run_of(target: Target, store: Store, plan: Plan, options: Options, stack: ExitStack) -> Run:
    """Put a run together; what it holds open is closed with the stack."""
    identity = store.identity.collection
    catalog = stack.enter_context(Catalog(folder_of(store.root, identity), identity))
    failures = {Location.parse(text): one for text, one in plan.ledger.failures.items()}
    return Run(
        store=store,
        catalog=catalog,
        options=options,
        handles=stack.enter_context(Handles(plan.ledger.roots)),
        roots={root.number: root for root in plan.ledger.roots},
        encoder=Lazy(target.encoder),
        failures=failures,
        bounds=bounds.of(options),
        version=EXTRACTOR,
        languages=Languages(),
        scans=Scans(EXTRACTOR, wanted=options.ocr),
        regions=plan.ledger.regions,
        whole=plan.ledger.whole,
        lacking=regions.lacking(store.reading()) if plan.ledger.regions else set(),
    )


def rules_of(options: Options) -> Rules:
    """Say what of a root is looked at."""
    return Rules(
        excludes=options.exclude,
        hidden=options.hidden,
        ignore_files=options.ignore,
        follow_symlinks=options.follow_symlinks,
        one_file_system=options.one_file_system,
    )


def _carry_out(run: Run, plan: Plan, pool: Lazy[Pool], show: Show | None, *, keep: bool) -> None:
    rules = rules_of(run.options)
    walking = Walking(run, plan, rules)
    walk = Changed(run, plan, walking, rules) if plan.partial else walking
    commits = Commits(run, plan.ledger)

    def end() -> None:
        if not keep or run.stop.reason is not None:
            close(pool)

    Pipeline(run, walk, pool).go(commits, show, end)
    commits.close()


def _note_devices(run: Run, plan: Plan) -> None:
    """Keep on which devices the roots are now, where their files were found as they were."""
    visited = {visit.root.number for visit in plan.visits}
    ledger = run.store.read_ledger()
    now = tuple(
        replace(root, device=device)
        if root.number in visited and (device := roots.device_of(root)) is not None
        else root
        for root in ledger.roots
    )
    if now != ledger.roots:
        run.store.write_ledger(replace(ledger, roots=now))


def _prune(run: Run) -> None:
    """Delete the rows of items that no file has any more."""

    def missing(now: Generation) -> list[str]:
        items = [found for item in now.items if (found := now.items[item]).missing]
        run.counts.pruned = len(items)
        return [row for item in items for row in item.rows]

    run.store.write(changes.deleting(missing))
