"""A collection that rules can speak of: songs with a time, an artist, a rating and tags."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import omnisearch as om
from omnisearch.routing.known import Known

SONGS = {
    "dunes": ("A song of sand and wind.", "Nadia Quist", 4.5, ["slow"], "2024-05-03"),
    "harbour": ("A song of ships in fog.", "Nadia Quist", 3.0, ["slow", "sea"], "2024-06-11"),
    "harbours": ("Ships in fog, once more.", "Walter Hruby", 2.0, ["sea"], "2023-05-09"),
    "bread": (
        "A song of rye and yeast: ERR_4092 at line two.",
        "Noor",
        5.0,
        ["quick"],
        "2025-01-14",
    ),
    "stone": ("Basalt comes from the quarry.", "Noor", 1.0, [], "2022-11-30"),
}


def made(place: Path) -> om.Collection:
    """Make the collection."""
    col = om.open(place)
    col.add(
        [
            om.Item(
                name,
                text=text,
                metadata={
                    "artist": artist,
                    "rating": rating,
                    "tags": tags,
                    "sung": datetime.fromisoformat(day).replace(tzinfo=UTC),
                },
            )
            for name, (text, artist, rating, tags, day) in SONGS.items()
        ]
    )
    return col


def known(col: om.Collection) -> Known:
    """Look at it as rules do."""
    now, _ = col.query("song", k=1).rows
    return Known(now)
