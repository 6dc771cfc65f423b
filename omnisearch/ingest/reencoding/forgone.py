"""What the state before a change holds and the collection does not: left out then, or deleted."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from omnisearch.errors import InputError
from omnisearch.ingest.reencoding.contents import places_of
from omnisearch.ingest.reencoding.report import Unable
from omnisearch.locations import Location, joined, shown
from omnisearch.storage import switching
from omnisearch.storage.identity import read_identity
from omnisearch.storage.store import Store

if TYPE_CHECKING:
    from omnisearch.storage.generation import Generation
    from omnisearch.storage.ledger import Ledger
    from omnisearch.storage.switching import Waiting

WHY = "the state before the last change holds it, and the collection does not"
_LISTED = 3


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
        return ()
    now, ledger = store.reading(), store.read_ledger()
    kept = Store(before.path, read_identity(before.path))
    try:
        return tuple(_missing(kept.reading(), now, ledger))
    finally:
        kept.close()


def _missing(then: Generation, now: Generation, ledger: Ledger) -> list[Unable]:
    found, located = [], places_of(then)
    for item in then.items:
        places = located.get(item, ())
        if item in now.items or any(now.items.of_location(str(place)) for place in places):
            continue
        there = [path for place in places if (path := _path(ledger, place)) is not None]
        if there or not places:
            found.append(Unable(item, there[0] if there else None, WHY))
    return found


def _path(ledger: Ledger, place: Location) -> bytes | None:
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
    listed = ", ".join(shown(one.path) if one.path else one.item for one in missing[:_LISTED])
    more = f" and {len(missing) - _LISTED:,} more" if len(missing) > _LISTED else ""
    items = "1 item" if len(missing) == 1 else f"{len(missing):,} items"
    raise InputError(
        f"{items} of the state that is kept of {name} ({listed}{more}) would be dropped: they were "
        "left out at the last change, or deleted since. `omnisearch reencode --rollback --force` "
        "brings them back, without what was written since (`omnisearch ingest` takes its files in "
        "again); --leave-out goes on without them"
    )
