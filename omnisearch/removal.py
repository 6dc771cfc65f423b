"""What is deleted stays deleted: rows go, and their files are left alone by every later run.

Nothing here touches a file of the user's.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from omnisearch.errors import InputError
from omnisearch.ingest.places import upwards, within
from omnisearch.locations import Location, Root, given, joined, shown
from omnisearch.storage import changes, maintenance
from omnisearch.storage.batch import Change
from omnisearch.storage.ledger import Ledger
from omnisearch.storage.wholes import counted

if TYPE_CHECKING:
    from omnisearch.ingest.options import PathLike
    from omnisearch.storage.generation import Generation
    from omnisearch.storage.store import Prepare, Store


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What is left alone from now on: files, and the items and rows that go with them."""

    files: int
    items: int
    rows: int


@dataclass(frozen=True, slots=True)
class _Removal:
    """Places that go: below a root each, and whole roots."""

    places: frozenset[Location]
    roots: frozenset[int]

    def takes(self, location: Location) -> bool:
        """Tell whether a file goes."""
        return location.root in self.roots or within(location, self.places)


def delete(store: Store, chosen: Callable[[Generation], list[str]], *, purge: bool = False) -> int:
    """Delete rows; files of which nothing is left are ignored from now on. Counts the rows."""

    def found(now: Generation) -> list[str]:
        names = chosen(now)
        _ignore(store, _whole(now, names))
        return names

    return maintenance.delete(store, found, purge=purge)


def forget(
    store: Store, paths: Sequence[PathLike], *, purge: bool = False, dry_run: bool = False
) -> Forgotten:
    """Delete what is stored of files and folders; a root that is named is no root any more."""
    ledger = store.read_ledger()
    removal = _removal(paths, ledger.roots)
    found = _counted(store.reading(), ledger, removal)
    if dry_run:
        return found
    if purge:
        maintenance.check_purge(store)
    _forget_in(store, ledger, removal)
    store.write(_removing(removal, ledger))
    if purge:
        maintenance.purge_deleted(store)
    return found


def _removal(paths: Sequence[PathLike], roots: Sequence[Root]) -> _Removal:
    places: set[Location] = set()
    whole: set[int] = set()
    for path in paths:
        real = os.path.realpath(given(path))
        root = max(
            (one for one in roots if real == one.path or real.startswith(_inside(one))),
            key=lambda one: len(one.path),
            default=None,
        )
        if root is None:
            known = ", ".join(shown(one.path) for one in roots) or "none"
            raise InputError(f"{shown(real)} is in no folder that was taken in (these: {known})")
        if real == root.path:
            whole.add(root.number)
        else:
            places.add(Location(root.number, real[len(root.path) :].lstrip(b"/")))
    return _Removal(frozenset(places), frozenset(whole))


def _inside(root: Root) -> bytes:
    """Give how every path below a root begins."""
    return root.path.rstrip(b"/") + b"/"


def _touched(now: Generation, removal: _Removal) -> dict[str, list[Location]]:
    """Give the items that lose files, and which."""
    found: dict[str, list[Location]] = {}
    for text in now.items.locations:
        place = Location.parse(text)
        item = now.items.of_location(text)
        if item is not None and removal.takes(place):
            found.setdefault(item, []).append(place)
    return found


def _counted(now: Generation, ledger: Ledger, removal: _Removal) -> Forgotten:
    touched = _touched(now, removal)
    known = {place for lost in touched.values() for place in lost}
    known.update(filter(removal.takes, map(Location.parse, ledger.failures)))
    files = len(known) + _unknown(ledger, removal, known)
    gone = [now.items[item] for item, lost in touched.items() if _nothing_left(now, item, lost)]
    rows = counted(now, [row for one in gone for row in one.rows])
    return Forgotten(files, len(gone), rows)


def _unknown(ledger: Ledger, removal: _Removal, known: set[Location]) -> int:
    """Count places that are there, though the collection did not know anything in them."""
    ignored = frozenset(map(Location.parse, ledger.ignored))
    filled = {above for place in known for above in upwards(place)}
    paths = {root.number: root.path for root in ledger.roots}
    return sum(
        os.path.lexists(joined(paths[place.root], place.path))
        for place in removal.places - filled
        if not within(place, ignored)
    )


def _nothing_left(now: Generation, item: str, lost: Sequence[Location]) -> bool:
    return len(now.items[item].locations) == len(lost)


def _removing(removal: _Removal, ledger: Ledger) -> Prepare:
    """Delete items that lose every file, and take the places from the others."""
    from omnisearch.ingest.relocation import Relocation

    roots, time = {root.number: root for root in ledger.roots}, datetime.now(UTC)

    def name_of(place: Location) -> bytes:
        return joined(roots[place.root].path, place.path).rpartition(b"/")[2]

    def revising(lost: Sequence[Location]) -> Callable[[Mapping[str, Any]], Mapping[str, Any]]:
        one = Relocation(lost=set(lost))
        return lambda row: one.revise(row, lambda _: None, name_of, time)

    def prepare(now: Generation) -> Change | None:
        touched = _touched(now, removal)
        gone = [item for item, lost in touched.items() if _nothing_left(now, item, lost)]
        rows = [row for item in gone for row in now.items[item].rows]
        kept = {item: revising(lost) for item, lost in touched.items() if item not in set(gone)}
        revised = changes.revising(kept)(now)
        if revised is None:
            return changes.deleting(lambda _: rows)(now)
        return Change((*rows, *revised.deleted), revised.added)

    return prepare


def _forget_in(store: Store, ledger: Ledger, removal: _Removal) -> None:
    """Keep in the ledger what is to be left alone."""
    failures = {
        text: one
        for text, one in ledger.failures.items()
        if not removal.takes(Location.parse(text))
    }
    ignored = {
        text for text in ledger.ignored if Location.parse(text).root not in removal.roots
    } | {str(place) for place in removal.places}
    roots = tuple(root for root in ledger.roots if root.number not in removal.roots)
    left_out = tuple(
        one
        for one in ledger.left_out
        if one.location is None or not removal.takes(Location.parse(one.location))
    )
    kept = replace(ledger, roots=roots, ignored=frozenset(ignored))
    store.write_ledger(replace(kept, failures=failures, left_out=left_out))


def _whole(now: Generation, names: Sequence[str]) -> set[str]:
    """Give the locations of items of which every row goes."""
    chosen = set(names)
    found: set[str] = set()
    for item in {name.partition("#")[0] for name in names if "#" in name}:
        stored = now.items.get(item)
        if stored is not None and stored.locations and chosen.issuperset(stored.rows):
            found.update(stored.locations)
    return found


def _ignore(store: Store, locations: set[str]) -> None:
    if locations:
        ledger = store.read_ledger()
        store.write_ledger(replace(ledger, ignored=ledger.ignored | locations))
