"""What changes in the rows of an item when its file is found elsewhere too, or no longer.

Everything that a file's name and time decide follows the smallest of its locations, so that it does
not matter in which order copies were met.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from omnisearch import moments
from omnisearch.ingest.drafts import is_part
from omnisearch.ingest.extraction.naming import words_of
from omnisearch.locations import Location, text_of
from omnisearch.schema import LOCATIONS, MISSING, SAID, SPAN, WHOLE

NAME, MODIFIED, DATE = "file.name", "file.modified", "file.date"
TITLES = ("image.title", "audio.title", "video.title", "doc.title")
NameOf = Callable[[Location], bytes]  # the last part of a file's path
TimeOf = Callable[[Location], int | None]  # when a file changed, in ns; None where nobody knows


@dataclass(slots=True)
class Relocation:
    """Where an item was found in this run, with the time of each file, and where no longer."""

    gained: dict[Location, int] = field(default_factory=dict)
    lost: set[Location] = field(default_factory=set)

    def revise(
        self, row: Mapping[str, Any], time_of: TimeOf, name_of: NameOf, now: datetime
    ) -> dict[str, Any]:
        """Give the columns of a row that change; None erases."""
        before = {Location.parse(text) for text in row.get(LOCATIONS) or ()}
        after = sorted((before - self.lost) | self.gained.keys())
        if not after:
            gone = {LOCATIONS: None, MISSING: now}
            return gone if before or row.get(MISSING) is None else {}
        changed: dict[str, Any] = {}
        if set(after) != before:
            changed[LOCATIONS] = [str(one) for one in after]
        if row.get(MISSING) is not None:
            changed[MISSING] = None
        first = after[0]
        time = self.gained.get(first)
        if time is None and (not before or first != min(before)):
            time = time_of(first)
        named = derived(row, name_of(first), time)
        return {**changed, **{key: new for key, new in named.items() if row.get(key) != new}}


def derived(row: Mapping[str, Any], name: bytes, mtime_ns: int | None) -> dict[str, Any]:
    """Give what a name and a time decide in a row; without a time, that stays."""
    text = text_of(name)
    found: dict[str, Any] = {NAME: text}
    said = row.get(SAID)
    whole = row.get(WHOLE) is not None
    part = said is None and (whole or is_part(row.get(SPAN)))  # a file is found by its name once
    if not part and (said is None or said == named(row.get(NAME) or "", row)):
        found[SAID] = named(text, row) or None
    if mtime_ns is not None:
        found[MODIFIED] = moment(mtime_ns)
        if row.get(DATE) is None or row.get(DATE) == row.get(MODIFIED):
            found[DATE] = found[MODIFIED]
    return found


def named(name: str, row: Mapping[str, Any]) -> str:
    """Give the words of a file's name and of the titles in it: what a picture says."""
    said = [words_of(name), *(str(row[title]) for title in TITLES if row.get(title))]
    return " ".join(dict.fromkeys(one for one in said if one))


def moment(time_ns: int) -> datetime:
    """Give a time of the file system; what no calendar holds becomes the nearest it does."""
    return moments.moment(max(min(time_ns // 1000, moments.LAST), moments.FIRST))
