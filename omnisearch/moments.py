"""Times as microseconds since 1970 in UTC. A time without a zone is refused everywhere."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_ISO = re.compile(
    r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?)?", re.ASCII
)


def micros(moment: datetime) -> int:
    """Count microseconds since 1970."""
    if moment.utcoffset() is None:
        raise ValueError(f"{moment} has no time zone: add tzinfo=datetime.timezone.utc")
    return (moment - _EPOCH) // _MICROSECOND


FIRST = micros(datetime.min.replace(tzinfo=UTC))
LAST = micros(datetime.max.replace(tzinfo=UTC))


def moment(count: int) -> datetime:
    """Turn microseconds since 1970 back into a time."""
    return _EPOCH + timedelta(microseconds=count)


def written(moment: datetime) -> str:
    """Write a time in UTC as ISO 8601."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def parse(text: str) -> int:
    """Read an ISO date, which is its midnight in UTC, or a date and time with a zone."""
    match = _ISO.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not like '2026-05-01' or '2026-05-01T10:00:00Z'")
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is not a time: {error}") from error
    if match[1] is None:
        found = found.replace(tzinfo=UTC)
    elif match[4] is None:
        raise ValueError(f"{text!r} has no time zone: end it with Z or +hh:mm")
    return micros(found)
