"""Finished items as rows of the collection, every row with all columns of its item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from omnisearch.ingest import scans
from omnisearch.ingest.drafts import Draft, Row
from omnisearch.ingest.regions import standing
from omnisearch.ingest.relocation import DATE, NameOf, derived
from omnisearch.ingest.wholes import joined
from omnisearch.locations import Location
from omnisearch.schema import EXTRACTOR, LOCATIONS, MISSING
from omnisearch.storage.batch import Segments
from omnisearch.storage.generation import Generation
from omnisearch.storage.items import Stored

_TAKEN = ("image.taken", "video.taken")


def segments_of(
    drafts: Sequence[Draft], now: Generation, version: int, name_of: NameOf, *, whole: bool
) -> Segments:
    """Give the rows of items, with means of long ones if `whole`.

    One that an older extractor stored keeps its other locations. Rows that are added to stored
    ones have the columns of those.
    """
    pairs = [(draft, row) for draft in drafts for row in draft.rows]
    stood = standing(now, [draft.item for draft in drafts if draft.stored])
    shared: dict[str, dict[str, Any]] = {}
    for draft in drafts:
        places = {LOCATIONS: _places(draft, now.items.get(draft.item))}
        told = stood[draft.item] if draft.stored else _columns(draft, version)
        shared[draft.item] = {**told, **places, MISSING: None}
    first = {draft.item: _first(draft, shared[draft.item]) for draft in drafts}
    made = Segments(
        ids=[row.id for _, row in pairs],
        items=[draft.item for draft, _ in pairs],
        views=[row.view for _, row in pairs],
        modalities=[row.segment.modality for _, row in pairs],
        vectors=np.stack([row.vector for _, row in pairs]),
        metadata=[
            _row(row, shared[draft.item], first[draft.item], name_of) for draft, row in pairs
        ],
    )
    return joined(made) if whole else made


def _places(draft: Draft, before: Stored | None) -> list[str]:
    places = {spot.location for spot in draft.found}
    if before is not None:
        places |= {Location.parse(text) for text in before.locations}
    return [str(place) for place in sorted(places)]


def _columns(draft: Draft, version: int) -> dict[str, Any]:
    """Give the columns that all rows of an item share."""
    taken = [draft.columns[name] for name in _TAKEN if name in draft.columns]
    return {
        **draft.columns,
        **({DATE: taken[0]} if taken else {}),
        "file.type": draft.type,
        "file.bytes": draft.found[0].entry.size,
        "file.truncated": draft.truncated,
        EXTRACTOR: scans.partly(version) if draft.wordless else version,
    }


def _first(draft: Draft, columns: Mapping[str, Any]) -> tuple[Location, int | None]:
    """Give the location that names the item, and when that file changed."""
    first = Location.parse(columns[LOCATIONS][0])
    times = {spot.location: spot.entry.mtime_ns for spot in draft.found}
    return first, times.get(first)


def _row(
    row: Row, columns: Mapping[str, Any], first: tuple[Location, int | None], name_of: NameOf
) -> dict[str, Any]:
    whole = {**columns, **row.columns}
    location, time = first
    found = {**whole, **derived(whole, name_of(location), time)}
    return {name: value for name, value in found.items() if value is not None}
