"""Catalogs with a few sightings in them."""

from __future__ import annotations

import uuid
from pathlib import Path

from omnisearch.storage.catalog import Catalog
from omnisearch.storage.sightings import Sighting

OWNER = uuid.UUID(int=11)
SEEN = Sighting(5, 10**18, 10**18 + 1, 77, 10**18 + 2, "stored", "0a" * 16, 3)


def name(number: int) -> bytes:
    return b"folder %d/picture %d.jpg" % (number // 50, number)


def sight(number: int) -> Sighting:
    return SEEN._replace(size=number, reason="" if number % 3 else "it cannot be read")


def fill(folder: Path, count: int) -> None:
    with Catalog(folder, OWNER) as catalog:
        for number in range(count):
            catalog.put(0, name(number), sight(number))


def known(catalog: Catalog, count: int) -> int:
    """Count what is remembered; what is remembered is right."""
    found = {number: catalog.get(0, name(number)) for number in range(count)}
    kept = {number: seen for number, seen in found.items() if seen is not None}
    assert kept == {number: sight(number) for number in kept}
    return len(kept)
