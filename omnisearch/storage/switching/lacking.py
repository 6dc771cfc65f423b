"""What a space goes without: lines of the ledger that name the space, so that a switch needs none.

They are written while the space is built, and brought along when it takes the place of another.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, replace
from typing import Self

from omnisearch.locations import Location
from omnisearch.storage.generation import Generation
from omnisearch.storage.ledger import Ledger, LeftOut
from omnisearch.storage.store import Store


@dataclass(frozen=True, slots=True)
class Forgotten:
    """Tells which files a collection was told to forget."""

    roots: Set[int]
    ignored: Set[Location]

    @classmethod
    def of(cls, ledger: Ledger) -> Self:
        """Take it from a ledger."""
        known = frozenset(root.number for root in ledger.roots)
        return cls(known, frozenset(map(Location.parse, ledger.ignored)))

    def has(self, text: str) -> bool:
        """Tell whether a location, or one that it lies in, is left alone."""
        place = Location.parse(text)
        if place.root not in self.roots or Location(place.root, b"") in self.ignored:
            return True
        path = place.path
        while path and Location(place.root, path) not in self.ignored:
            path = path.rpartition(b"/")[0]
        return bool(path)


def lacking(now: Generation, ledger: Ledger) -> list[LeftOut]:
    """List what was left out of the space of a generation and has not come back since.

    Another item may have come in its file's place, or the file was to be forgotten.
    """
    space, forgotten = now.sealed.manifest.space, Forgotten.of(ledger)
    return [
        one
        for one in ledger.left_out
        if one.space == space and not _is_back(now, one)
        if one.location is None or not forgotten.has(one.location)
    ]


def brought(store: Store, other: Store) -> Ledger:
    """Give the ledger of a collection with what the space that comes goes without."""
    now, new, ledger = store.reading(), other.reading(), store.read_ledger()
    here = (one for one in ledger.left_out if one.space == now.sealed.manifest.space)
    return replace(ledger, left_out=(*here, *lacking(new, other.read_ledger())))


def _is_back(now: Generation, one: LeftOut) -> bool:
    if one.item in now.items:
        return True
    return one.location is not None and now.items.of_location(one.location) is not None
