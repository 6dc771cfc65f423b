"""What may be said of a question besides its parts, checked before anything is read."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from difflib import get_close_matches
from typing import Any, Final, Literal, get_args

import numpy as np

from omnisearch import moments
from omnisearch.errors import QueryError
from omnisearch.query.filters import Where
from omnisearch.query.preferring import Favour, Order, Understood
from omnisearch.query.rewording import Reworded, Spelling, Way, ways
from omnisearch.records import Modality
from omnisearch.reranking import wanted
from omnisearch.reranking.wanted import Rerank, Wanted
from omnisearch.values import short

Mode = Literal["hybrid", "vector", "words"]
Combine = Literal["joint", "sum", "rank"]
Fuse = Literal["confidence", "rrf"]
GroupBy = Literal["item", "none"]
RouteBy = Literal["auto", "none"]
Moment = str | date | datetime

MODALITIES: Final[tuple[Modality, ...]] = get_args(Modality)
MOST = 1 << 31  # hits: more than any collection has rows
_LIKE = 8  # bits of 64 in which near-duplicates differ at most, unless the question says otherwise
_BITS = 64
_DIVERSE = 0.5  # as much weight on being unlike as on being right
_PERIOD = re.compile(r"\d{4}(-\d\d)?", re.ASCII)  # a year, or a month of it


class QueryOptions(Reworded, total=False):
    """Options of `Collection.query`; docs/query.md tells what each does."""

    k: int
    modality: Modality | Sequence[Modality] | None
    where: Where | None
    params: Mapping[str, Any] | None
    path: str | Sequence[str] | None
    after: Moment | None
    before: Moment | None
    mode: Mode
    combine: Combine | None
    fuse: Fuse
    min_confidence: float | None
    min_score: float | None
    group_by: GroupBy
    collapse: bool | int
    diverse: bool | float
    follow: bool
    rerank: Rerank
    rerank_depth: int
    rerank_deadline: float | None
    route: RouteBy
    today: Moment | None
    offset: int
    cursor: str | None
    recall: float | None
    explain: bool


@dataclass(frozen=True, slots=True)
class Wish:
    """The options of one question, checked."""

    k: int = 10
    modality: tuple[Modality, ...] | None = None  # None: all, and rows that have none
    where: Where | None = None
    params: Mapping[str, Any] | None = None
    path: tuple[str, ...] = ()
    after: int | None = None  # microseconds since 1970, itself among them
    before: int | None = None  # and itself not
    mode: Mode = "hybrid"
    combine: Combine | None = None
    fuse: Fuse = "confidence"
    min_confidence: float | None = None
    min_score: float | None = None  # the cosine, or what else the metric gives
    group_by: GroupBy = "item"
    collapse: int | None = None  # bits of 64
    diverse: float | None = None  # the weight of being unlike the hits above
    follow: bool = False
    rerank: Wanted | None = None
    rerank_depth: int = wanted.DEPTH
    rerank_deadline: float | None = wanted.DEADLINE_S
    route: RouteBy = "none"
    today: int | None = None  # microseconds since 1970; None: now
    favours: tuple[Favour, ...] = ()  # this and the next two are what a route understood
    order: Order | None = None
    understood: tuple[Understood, ...] = ()
    expand: tuple[Way, ...] = ()
    spelling: Spelling = "repair"
    offset: int = 0
    cursor: str | None = None
    recall: float | None = None
    explain: bool = False

    @classmethod
    def of(cls, options: QueryOptions) -> Wish:
        """Check options; each message has the value and what is allowed."""
        known = QueryOptions.__annotations__
        for name in options:
            if name not in known:
                near = get_close_matches(name, known, 1, 0.6)
                hint = f"; did you mean {near[0]}?" if near else f": there are {', '.join(known)}"
                raise TypeError(f"query has no option {name!r}{hint}")
        given: dict[str, Any] = dict(options)
        for name, check in _CHECKS.items():
            if name in given:
                given[name] = check(given[name], name)
        for name in ("where", "params"):  # a cursor tells later what was asked now
            if isinstance(given.get(name), Mapping):
                given[name] = deepcopy(given[name])
        wish = cls(**given)
        _check_together(wish)
        for name in ("rerank_depth", "rerank_deadline"):
            if name in given and "rerank" not in given:
                raise QueryError(f"{name} without rerank: say what is to judge the hits, as 'late'")
        return wish

    @property
    def reach(self) -> int:
        """Count the hits up to the last that is asked for."""
        return self.offset + self.k

    @property
    def least(self) -> float:
        """Give the log odds that a hit has at least."""
        return log_odds(self.min_confidence or 0.0)


def log_odds(share: float) -> float:
    """Give the log odds of a confidence from 0 to 1, both among them."""
    return math.log(share / (1 - share)) if 0 < share < 1 else math.inf * (2 * share - 1)


def _check_together(wish: Wish) -> None:
    if wish.params and wish.where is None:
        raise QueryError("params without where: name them in a condition")
    if wish.after is not None and wish.before is not None and wish.after >= wish.before:
        raise QueryError("after is not before `before`: no time lies between them")
    if wish.cursor is not None and wish.offset:
        raise QueryError("cursor and offset: a cursor knows where it goes on, leave offset out")
    if wish.fuse == "rrf" and wish.min_confidence is not None:
        raise QueryError(
            "min_confidence with fuse='rrf': ranks say nothing of how sure a hit is, leave one out"
        )
    if wish.fuse == "rrf" and wish.follow:
        raise QueryError("follow with fuse='rrf': ranks are not made surer, leave one out")
    if wish.mode == "words" and wish.min_score is not None:
        raise QueryError('min_score with mode="words": spelling gives hits no score, leave one out')


def _count(value: object, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise TypeError(f"{name} is {short(value)}: a whole number of hits")
    least = 0 if name == "offset" else 1
    if value < least:
        raise QueryError(f"{name} is {value}: give {least} or more")
    return min(int(value), MOST)


def _modality(value: object, name: str) -> tuple[Modality, ...] | None:
    if value is None:
        return None
    some = [value] if isinstance(value, str) else value
    if not isinstance(some, Sequence | set | frozenset):
        raise TypeError(f"{name} is {short(value)}: one of {', '.join(MODALITIES)}, or a list")
    if not some:
        raise QueryError(f"{name} is an empty list: leave it out to search all of them")
    return tuple(dict.fromkeys(_one_of(one, name, MODALITIES) for one in some))


def _one_of(value: object, name: str, allowed: Sequence[Any]) -> Any:  # noqa: ANN401
    if not isinstance(value, str):
        raise TypeError(f"{name} is {short(value)}: one of {', '.join(allowed)}")
    if value not in allowed:
        near = get_close_matches(value.lower(), allowed, 1, 0.5)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(allowed)}"
        raise QueryError(f"{name} is {short(value)}: {hint}")
    return value


def _choice(*allowed: str) -> Any:  # noqa: ANN401
    return lambda value, name: _one_of(value, name, allowed)


def _paths(value: object, name: str) -> tuple[str, ...]:
    if value is None:
        return ()
    some = [value] if isinstance(value, str) else value
    if not isinstance(some, Sequence) or not all(isinstance(one, str) for one in some):
        raise TypeError(f"{name} is {short(value)}: a pattern such as 'photos/**/*.jpg', or a list")
    if not some or not all(some):
        raise QueryError(f"{name} is {short(value)}: leave it out to search every path")
    return tuple(some)


def _moment(value: object, name: str) -> int | None:
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


def _share(value: object, name: str) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        raise TypeError(f"{name} is {short(value)}: a number")
    share = float(value)
    if name == "recall" and not 0 < share <= 1:
        raise QueryError(f"recall is {value}: a share above 0, 1 at most")
    if math.isnan(share) or not 0 <= share <= 1:
        raise QueryError(f"{name} is {value}: a probability, 0 to 1")
    return share


def _score(value: object, name: str) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        raise TypeError(f"{name} is {short(value)}: a number")
    if math.isnan(float(value)):
        raise QueryError(f"{name} is NaN: give a score")
    return float(value)


def _collapse(value: object, name: str) -> int | None:
    if value is None or value is False:
        return None
    if value is True:
        return _LIKE
    if not isinstance(value, int | np.integer):
        raise TypeError(f"{name} is {short(value)}: True, or in how many of {_BITS} bits")
    if not 0 <= value < _BITS // 2:
        raise QueryError(f"{name} is {value}: 0 to {_BITS // 2 - 1} bits of {_BITS}")
    return int(value)


def _diverse(value: object, name: str) -> float | None:
    if value is None or value is False:
        return None
    return _DIVERSE if value is True else _share(value, name)


def _text(value: object, name: str) -> str | None:
    if not isinstance(value, str | None):
        raise TypeError(f"{name} is {short(value)}: what `hits.cursor` gave")
    return value


def _flag(value: object, name: str) -> bool:
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} is {short(value)}: True or False")
    return bool(value)


_CHECKS: Final[Mapping[str, Any]] = {
    "k": _count,
    "offset": _count,
    "modality": _modality,
    "path": _paths,
    "after": _moment,
    "before": _moment,
    "mode": _choice(*get_args(Mode)),
    "combine": lambda one, name: None if one is None else _one_of(one, name, get_args(Combine)),
    "fuse": _choice(*get_args(Fuse)),
    "min_confidence": _share,
    "min_score": _score,
    "group_by": _choice(*get_args(GroupBy)),
    "collapse": _collapse,
    "diverse": _diverse,
    "follow": _flag,
    "rerank": wanted.rerank,
    "rerank_depth": wanted.depth,
    "rerank_deadline": wanted.deadline,
    "route": _choice(*get_args(RouteBy)),
    "today": _moment,
    "expand": ways,
    "spelling": _choice(*get_args(Spelling)),
    "cursor": _text,
    "recall": _share,
    "explain": _flag,
}
