"""What a run looks at: roots and parts of them, and what of these is left alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from omnisearch.errors import InputError
from omnisearch.ingest import roots
from omnisearch.ingest.options import Options, PathLike
from omnisearch.ingest.places import within
from omnisearch.locations import Location, joined, shown
from omnisearch.storage.ledger import Ledger

if TYPE_CHECKING:
    from omnisearch.encoder.encoder import Encoder
    from omnisearch.ingest.roots import Unusable, Visit
    from omnisearch.storage.store import Store


@dataclass(frozen=True, slots=True)
class Target:
    """A collection as a run needs it: `store` makes it where there is none yet."""

    existing: Callable[[], Store | None]
    store: Callable[[], Store]
    encoder: Callable[[], Encoder]

    def ledger(self) -> Ledger:
        """Read the ledger; an empty one while there is no collection."""
        store = self.existing()
        return Ledger() if store is None else store.read_ledger()


@dataclass(frozen=True, slots=True)
class Plan:
    """Which roots are visited, and the ledger that a run begins with."""

    visits: tuple[Visit, ...]
    ledger: Ledger
    warnings: tuple[str, ...] = ()
    unusable: tuple[Unusable, ...] = ()  # of a list
    partial: bool = False  # the visits are single changes, of which there may be many

    def ignored(self) -> dict[int, frozenset[bytes]]:
        """Give the paths that are left alone, by root."""
        found: dict[int, set[bytes]] = {}
        for place in map(Location.parse, self.ledger.ignored):
            found.setdefault(place.root, set()).add(place.path)
        return {root: frozenset(paths) for root, paths in found.items()}


def planned(target: Target, paths: Sequence[PathLike], options: Options) -> Plan:
    """Settle what a run looks at; nothing is written."""
    ledger = target.ledger()
    listed, unusable = roots.sorted_out(options.listed, force=options.force)
    visits: tuple[Visit, ...] = ()
    if paths or listed or not unusable:  # a list of which nothing is left is not "everything"
        visits = roots.visits(paths, ledger.roots, listed=listed, force=options.force)
    if not visits and not unusable:
        raise InputError("nothing was taken in yet: name a folder or a file")
    known = {root.number: root for root in ledger.roots}
    known |= {visit.root.number: visit.root for visit in visits}
    ledger = replace(ledger, roots=tuple(known.values()))
    if options.regions is not None:
        ledger = replace(ledger, regions=options.regions)
    if options.whole is not None:
        ledger = replace(ledger, whole=options.whole)
    ledger, included = _including(ledger, options)
    ignored = {Location.parse(text) for text in ledger.ignored}
    kept: dict[tuple[int, bytes], Visit] = {}
    warnings: list[str] = []
    for visit in (*visits, *included):
        path = joined(visit.root.path, visit.beneath)
        if within(Location(visit.root.number, visit.beneath), ignored):
            warnings.append(
                f"{shown(path)} was deleted from the collection: --include brings it in"
            )
        else:
            kept[visit.root.number, visit.beneath] = visit
            if paths and visit in visits:
                warnings += _left_alone(visit, ignored)
    return Plan(tuple(kept.values()), ledger, tuple(warnings), tuple(unusable))


def _left_alone(visit: Visit, ignored: Set[Location]) -> list[str]:
    """Tell somebody who names a folder that not everything in it will be seen."""
    at = Location(visit.root.number, visit.beneath)
    count = sum(within(one, {at}) for one in ignored)
    if not count:
        return []
    path, paths = shown(joined(visit.root.path, visit.beneath)), f"path{'s' if count > 1 else ''}"
    told = f"{count:,} {paths} below {path} {'were' if count > 1 else 'was'} deleted from the"
    return [f"{told} collection: --include brings in what is named"]


def _including(ledger: Ledger, options: Options) -> tuple[Ledger, tuple[Visit, ...]]:
    """Take paths from those that are left alone; they are visited, too."""
    if not options.include:
        return ledger, ()
    visits = roots.visits(options.include, ledger.roots, force=options.force)
    known, ignored = {root.number: root for root in ledger.roots}, set(ledger.ignored)
    for visit in visits:
        if visit.root.number not in known:
            fault = f"{shown(visit.root.path)} is in no folder that was taken in"
            raise InputError(f"{fault}: name it without --include")
        wanted = Location(visit.root.number, visit.beneath)
        for text in ledger.ignored:
            one = Location.parse(text)
            if within(one, {wanted}) or within(wanted, {one}):
                ignored.discard(text)
    known |= {visit.root.number: visit.root for visit in visits}
    return replace(ledger, roots=tuple(known.values()), ignored=frozenset(ignored)), visits
