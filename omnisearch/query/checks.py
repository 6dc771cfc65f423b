"""What each option of a question may be, and the message where it is something else."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from difflib import get_close_matches
from typing import Any, Final, get_args

import numpy as np

from omnisearch import moments
from omnisearch.errors import QueryError
from omnisearch.records import Modality
from omnisearch.values import short

MODALITIES: Final[tuple[Modality, ...]] = get_args(Modality)
MOST = 1 << 31  # hits: more than any collection has rows
_LIKE = 8  # bits of 64 in which near-duplicates differ at most, unless the question says otherwise
_BITS = 64
_DIVERSE = 0.5  # as much weight on being unlike as on being right
_PERIOD = re.compile(r"\d{4}(-\d\d)?", re.ASCII)  # a year, or a month of it


def count(value: object, name: str) -> int:
    """Give how many hits, as far as a collection can have."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise TypeError(f"{name} is {short(value)}: a whole number of hits")
    least = 0 if name == "offset" else 1
    if value < least:
        raise QueryError(f"{name} is {value}: give {least} or more")
    return min(int(value), MOST)


def modality(value: object, name: str) -> tuple[Modality, ...] | None:
    """Give the kinds that are searched; None is every one."""
    if value is None:
        return None
    some = [value] if isinstance(value, str) else value
    if not isinstance(some, Sequence | set | frozenset):
        raise TypeError(f"{name} is {short(value)}: one of {', '.join(MODALITIES)}, or a list")
    if not some:
        raise QueryError(f"{name} is an empty list: leave it out to search all of them")
    return tuple(dict.fromkeys(one_of(one, name, MODALITIES) for one in some))


def one_of(value: object, name: str, allowed: Sequence[Any]) -> Any:  # noqa: ANN401
    """Give the word if it is allowed; the message has the nearest that is."""
    if not isinstance(value, str):
        raise TypeError(f"{name} is {short(value)}: one of {', '.join(allowed)}")
    if value not in allowed:
        near = get_close_matches(value.lower(), allowed, 1, 0.5)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(allowed)}"
        raise QueryError(f"{name} is {short(value)}: {hint}")
    return value


def choice(*allowed: str) -> Any:  # noqa: ANN401
    """Give the check of an option that is one of a few words."""
    return lambda value, name: one_of(value, name, allowed)


def paths(value: object, name: str) -> tuple[str, ...]:
    """Give the patterns that a path is to match."""
    if value is None:
        return ()
    some = [value] if isinstance(value, str) else value
    if not isinstance(some, Sequence) or not all(isinstance(one, str) for one in some):
        raise TypeError(f"{name} is {short(value)}: a pattern such as 'photos/**/*.jpg', or a list")
    if not some or not all(some):
        raise QueryError(f"{name} is {short(value)}: leave it out to search every path")
    return tuple(some)


def moment(value: object, name: str) -> int | None:
    """Give microseconds since 1970; a year or a month is its first day."""
    if value is None:
        return None
    try:
        match value:
            case str() if _PERIOD.fullmatch(value):  # its first day
                return moments.parse(value + "-01" * (3 - len(value.split("-"))))
            case str():
                return moments.parse(value)
            case datetime():
                return moments.micros(value)
            case date():
                return moments.micros(datetime.combine(value, time(tzinfo=UTC)))
    except ValueError as error:
        raise QueryError(f"{name}: {error}") from error
    raise TypeError(f"{name} is {short(value)}: a date such as '2026-05-01'")


def share(value: object, name: str) -> float | None:
    """Give a probability, or how much is to be found."""
    if value is None:
        return None
    share = _number(value, name)
    if name == "recall" and not 0 < share <= 1:
        raise QueryError(f"recall is {value}: a share above 0, 1 at most")
    if math.isnan(share) or not 0 <= share <= 1:
        raise QueryError(f"{name} is {value}: a probability, 0 to 1")
    return share


def score(value: object, name: str) -> float | None:
    """Give the least that the metric is to say."""
    if value is None:
        return None
    score = _number(value, name)
    if math.isnan(score):
        raise QueryError(f"{name} is NaN: give a score")
    return score


def _number(value: object, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        raise TypeError(f"{name} is {short(value)}: a number")
    return float(value)


def collapse(value: object, name: str) -> int | None:
    """Give in how many bits near-duplicates differ at most; None keeps them."""
    if value is None or value is False:
        return None
    if value is True:
        return _LIKE
    if not isinstance(value, int | np.integer):
        raise TypeError(f"{name} is {short(value)}: True, or in how many of {_BITS} bits")
    if not 0 <= value < _BITS // 2:
        raise QueryError(f"{name} is {value}: 0 to {_BITS // 2 - 1} bits of {_BITS}")
    return int(value)


def diverse(value: object, name: str) -> float | None:
    """Give the weight of being unlike the hits above; None orders by odds alone."""
    if value is None or value is False:
        return None
    return _DIVERSE if value is True else share(value, name)


def text(value: object, name: str) -> str | None:
    """Give the place where an earlier answer ended."""
    if not isinstance(value, str | None):
        raise TypeError(f"{name} is {short(value)}: what `hits.cursor` gave")
    return value


def flag(value: object, name: str) -> bool:
    """Give yes or no."""
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} is {short(value)}: True or False")
    return bool(value)
