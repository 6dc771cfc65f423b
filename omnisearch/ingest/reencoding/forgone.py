"""What the state before a change holds and the collection does not: left out then, or deleted.

A change to the encoder of that state would drop it, and a change to a third one would replace it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from omnisearch.errors import InputError
from omnisearch.ingest.reencoding.contents import places_of
from omnisearch.ingest.reencoding.report import Unable, named
from omnisearch.locations import Location, Root, joined
from omnisearch.storage import switching
from omnisearch.storage.identity import read_identity
from omnisearch.storage.store import Store

if TYPE_CHECKING:
    from omnisearch.storage.generation import Generation
    from omnisearch.storage.ledger import Ledger, LeftOut
    from omnisearch.storage.switching import Waiting

WHY = "the state before the last change holds it, and the collection does not"
ONLY = "only the state before the last change has it, which this change replaces"
SINCE = "it came after the change"


def taken_up(store: Store, space: str) -> Waiting | None:
    """Give the state before the last change, where a change to its space begins with that."""
    known = switching.spaces(store.root)
    before = known.previous
    if known.next is not None or before is None or before.unreadable is not None:
        return None
    return before if before.space == space else None


def forgone(store: Store, space: str) -> tuple[Unable, ...]:
    """List what goes with that state when it is brought to what the collection holds.

    Files that are gone, or that the collection was told to forget, are missed by nobody.
    """
    before = taken_up(store, space)
    if before is None:
        return replaced(store)
    now, ledger = store.reading(), store.read_ledger()
    with _opened(before) as kept:
        return tuple(_missing(kept.reading(), now, ledger))


def replaced(store: Store) -> tuple[Unable, ...]:
    """List what was left out at the last change, where only the state before it has that yet."""
    before, absent = switching.spaces(store.root).previous, missed(store)
    if before is None or before.unreadable is not None or not absent:
        return ()
    with _opened(before) as kept:
        there = kept.reading().items
        return tuple(replace(one, reason=ONLY) for one in absent if one.item in there)


def newer(store: Store, before: Waiting) -> tuple[Unable, ...]:
    """List what the collection holds and the state before the last change does not."""
    now, ledger = store.reading(), store.read_ledger()
    told = {one.item: one.reason for one in before.left_out}
    with _opened(before) as kept:
        then, located = kept.reading().items, places_of(now)
        return tuple(
            Unable(item, _first(ledger, located.get(item, ())), told.get(item, SINCE))
            for item in now.items
            if item not in then
        )


def missed(store: Store) -> tuple[Unable, ...]:
    """List what was left out of the space of a collection, and has not come back."""
    ledger = store.read_ledger()
    return unable_of(switching.lacking(store.reading(), ledger), ledger.roots)


def unable_of(lines: Iterable[LeftOut], roots: Sequence[Root]) -> tuple[Unable, ...]:
    """Say of items that were left out where their files are."""
    paths = {root.number: root.path for root in roots}
    return tuple(Unable(one.item, _path(one.location, paths), one.reason) for one in lines)


def _path(location: str | None, roots: Mapping[int, bytes]) -> bytes | None:
    if location is None:
        return None
    place = Location.parse(location)
    return joined(roots[place.root], place.path) if place.root in roots else None


@contextmanager
def _opened(before: Waiting) -> Iterator[Store]:
    kept = Store(before.path, read_identity(before.path))
    try:
        yield kept
    finally:
        kept.close()


def _first(ledger: Ledger, places: Sequence[Location]) -> bytes | None:
    root = ledger.root(places[0].root) if places else None
    return None if root is None else joined(root.path, places[0].path)


def _missing(then: Generation, now: Generation, ledger: Ledger) -> list[Unable]:
    found, located = [], places_of(then)
    for item in then.items:
        places = located.get(item, ())
        if item in now.items or any(now.items.of_location(str(place)) for place in places):
            continue
        there = [path for place in places if (path := _still(ledger, place)) is not None]
        if there or not places:
            found.append(Unable(item, there[0] if there else None, WHY))
    return found


def _still(ledger: Ledger, place: Location) -> bytes | None:
    """Say where a file is, unless it is gone or shall not be known."""
    root = ledger.root(place.root)
    if root is None or str(place) in ledger.ignored:
        return None
    path = joined(root.path, place.path)
    return path if os.path.lexists(path) else None


def refuse(missing: Sequence[Unable], name: str) -> None:
    """Drop nothing that was left out before without having been told to."""
    if not missing:
        return
    items = "1 item" if len(missing) == 1 else f"{len(missing):,} items"
    if missing[0].reason == ONLY:
        were = "it was" if len(missing) == 1 else "they were"
        raise InputError(
            f"{items} ({named(missing)}) would go with the state before the last change, which "
            f"this change replaces: {were} left out then. `omnisearch reencode --rollback`, and "
            "this change from there, keeps them; --leave-out goes on without them"
        )
    raise InputError(
        f"{items} of the state that is kept of {name} ({named(missing)}) would be dropped: they "
        "were left out at the last change, or deleted since. `omnisearch reencode --rollback "
        "--force` brings them back, without what was written since (`omnisearch ingest` takes its "
        "files in again); --leave-out goes on without them"
    )
