"""What files say of themselves, as typed columns; what cannot be understood is left out.

Times are microseconds since 1970 in UTC. One without a zone is taken as UTC, unless the satellites
told their time as well.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from omnisearch.ingest.extraction.segment import Column
from omnisearch.moments import micros

_LONGEST = 500  # characters of a title or a name
_DATE = re.compile(r"(\d{4})[:./-]?(\d\d)[:./-]?(\d\d)(?:[T ]*(\d\d):?(\d\d)(?::?(\d\d))?)?")
_ZONE = re.compile(r"\s*(?:\.\d+)?\s*(Z|[+-]\d\d:?\d\d|[+-]\d\d'\d\d'?)")
_FIRST = datetime(1800, 1, 1, tzinfo=UTC)
_CLOCK = timedelta(minutes=15)  # zones are so far apart
_MAKE, _MODEL, _DESCRIPTION, _CHANGED, _XP_TITLE = 0x010F, 0x0110, 0x010E, 0x0132, 0x9C9B
# when it was taken, digitised, changed; each with the tag of its zone
_TAKEN = ((0x9003, 0x9011), (0x9004, 0x9012), (_CHANGED, 0x9010))
# the first has the zone of the place; the others are in UTC
_FILMED = ("com.apple.quicktime.creationdate", "creation_time", "date", "date_recorded")
# what cameras write where people would write a title
_NO_TITLE = re.compile(r"(?i)(olympus|sony|samsung|kodak|minolta|default|digital camera|dcim|\W*$)")

# what programs write: the name of what was printed, or nothing that is one
_NO_DOCUMENT = re.compile(r"(?i)(untitled|untitled document|microsoft word - .*|\W*)$")


def words(value: object) -> str | None:
    """Make one line of what a file says; nothing of what is empty or no text."""
    if isinstance(value, bytes):
        value = value.decode("utf-16-le" if value[1:2] == b"\0" else "utf-8", "replace")
    if not isinstance(value, str):
        return None
    plain = "".join(one if one.isprintable() else " " for one in value[: 4 * _LONGEST])
    return " ".join(plain.split())[:_LONGEST] or None


def of_picture(tags: Mapping[Any, Any], width: int, height: int) -> dict[str, Column]:
    """Give the columns of a picture."""
    make, model = words(tags.get(_MAKE)), words(tags.get(_MODEL))
    known = bool(make and model and model.lower().startswith(make.split()[0].lower()))
    camera = model if known else " ".join(one for one in (make, model) if one)
    latitude, longitude = place(tags.get("gps"))
    return without_none(
        {
            "image.width": width,
            "image.height": height,
            "image.camera": camera or None,
            "image.title": _title(tags),
            "image.latitude": latitude,
            "image.longitude": longitude,
            "image.taken": taken(tags),
        }
    )


def of_sound(tags: Mapping[str, str], seconds: float | None) -> dict[str, Column]:
    """Give the columns of a sound: what ID3, Vorbis and MPEG-4 call by the same names."""
    artist = next((tags[name] for name in ("artist", "album_artist") if tags.get(name)), None)
    date = next((tags[name] for name in ("date", "year", "tdrc", "tyer") if tags.get(name)), None)
    return without_none(
        {
            "audio.seconds": _seconds(seconds),
            "audio.title": words(tags.get("title")),
            "audio.artist": words(artist),
            "audio.album": words(tags.get("album")),
            "audio.year": year(date),
        }
    )


def of_film(
    tags: Mapping[str, str], seconds: float | None, shown: tuple[int, int, float | None]
) -> dict[str, Column]:
    """Give the columns of a film."""
    width, height, rate = shown
    at = next((tags[name] for name in _FILMED if moment(tags.get(name)) is not None), None)
    return without_none(
        {
            "video.seconds": _seconds(seconds),
            "video.width": width,
            "video.height": height,
            "video.rate": round(rate, 3) if rate is not None and 0 < rate < 100_000 else None,
            "video.title": words(tags.get("title")),
            "video.taken": moment(at),
        }
    )


def of_document(tags: Mapping[str, str], pages: int) -> dict[str, Column]:
    """Give the columns of a PDF."""
    title = words(tags.get("Title"))
    return without_none(
        {
            "doc.pages": pages,
            "doc.title": None if title and _NO_DOCUMENT.match(title) else title,
            "doc.author": words(tags.get("Author")),
            "doc.created": moment((tags.get("CreationDate") or "").removeprefix("D:")),
        }
    )


def place(gps: object) -> tuple[float, float] | tuple[None, None]:
    """Give latitude and longitude in degrees; both or none, and never 0, 0."""
    if not isinstance(gps, Mapping):
        return None, None
    latitude = _degrees(gps.get(2), gps.get(1), "NS", 90.0)
    longitude = _degrees(gps.get(4), gps.get(3), "EW", 180.0)
    if latitude is None or longitude is None or latitude == longitude == 0.0:
        return None, None
    return latitude, longitude


def taken(tags: Mapping[Any, Any]) -> int | None:
    """Give when a picture was taken."""
    for at, zone in _TAKEN:
        date = words(tags.get(at))
        if date is None:
            continue
        offset = words(tags.get(zone)) or ""
        found = moment(f"{date} {offset}".strip())
        if found is None:
            continue
        return found if offset else found - _ahead(found, tags.get("gps"))
    return None


def moment(text: object) -> int | None:
    """Read a date, with or without a time and a zone, as files write it."""
    said = words(text)
    found = _DATE.match(said) if said else None
    if said is None or found is None:
        return None
    with suppress(ValueError, OverflowError):
        when = datetime(*(int(one or 0) for one in found.groups()), tzinfo=UTC)  # type: ignore[arg-type, misc]
        zone = _ZONE.match(said, found.end())
        when = when.replace(tzinfo=_zone(zone[1])) if zone else when
        if _FIRST <= when < datetime.now(UTC) + timedelta(days=366):
            return micros(when)
    return None


def year(text: object) -> int | None:
    """Give the year of a date."""
    found = re.match(r"\s*(1[5-9]\d\d|20\d\d)(?!\d)", words(text) or "")
    return int(found[1]) if found else None


def without_none(columns: Mapping[str, Column | None]) -> dict[str, Column]:
    """Leave out what is not known."""
    return {name: value for name, value in columns.items() if value is not None}


def _seconds(seconds: float | None) -> float | None:
    return round(seconds, 3) if seconds is not None and 0 < seconds < 1e9 else None


def _title(tags: Mapping[Any, Any]) -> str | None:
    for key in (_XP_TITLE, "Title", _DESCRIPTION, "Description"):
        found = words(tags.get(key))
        if found and not _NO_TITLE.match(found):
            return found
    return None


def _degrees(value: object, side: object, sides: str, most: float) -> float | None:
    """Read degrees, minutes and seconds."""
    with suppress(TypeError, ValueError, ZeroDivisionError, OverflowError):
        parts = [float(one) for one in value]  # type: ignore[attr-defined]
        whole = math.fsum(part / 60.0**number for number, part in enumerate(parts[:3]))
        name = (words(side) or "")[:1].upper()
        if parts and math.isfinite(whole) and 0 <= whole <= most and name in sides and name:
            return round(-whole if name == sides[1] else whole, 7)
    return None


def _ahead(local: int, gps: object) -> int:
    """Tell how far a clock was ahead of UTC, by what the satellites said at the same time."""
    told: Mapping[Any, Any] = gps if isinstance(gps, Mapping) else {}
    date, clock = words(told.get(29)), told.get(7)
    with suppress(TypeError, ValueError, ZeroDivisionError, OverflowError):
        hours, minutes, seconds = (int(float(one)) for one in clock or ())
        exact = moment(f"{date} {hours:02}:{minutes:02}:{seconds:02}")
        if exact is not None:
            ahead = round(timedelta(microseconds=local - exact) / _CLOCK) * _CLOCK
            return ahead // timedelta(microseconds=1) if abs(ahead) <= timedelta(hours=14) else 0
    return 0


def _zone(text: str) -> timezone:
    if text == "Z":
        return UTC
    digits = re.sub(r"\D", "", text)
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:4] or 0))
    return timezone(-offset if text[0] == "-" else offset)
