"""What may be said of a question besides its parts, checked before anything is read."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import date, datetime
from difflib import get_close_matches
from typing import Any, Final, Literal, get_args

from omnisearch.errors import QueryError
from omnisearch.query import checks
from omnisearch.query.filters import Where
from omnisearch.query.preferring import Favour, Order, Understood
from omnisearch.query.rewording import Reworded, Spelling, Way, ways
from omnisearch.records import Modality
from omnisearch.reranking import wanted
from omnisearch.reranking.wanted import Rerank, Wanted

Mode = Literal["hybrid", "vector", "words"]
Combine = Literal["joint", "sum", "rank"]
Fuse = Literal["confidence", "rrf"]
GroupBy = Literal["item", "none"]
RouteBy = Literal["auto", "none"]
Moment = str | date | datetime


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


_CHECKS: Final[Mapping[str, Any]] = {
    "k": checks.count,
    "offset": checks.count,
    "modality": checks.modality,
    "path": checks.paths,
    "after": checks.moment,
    "before": checks.moment,
    "mode": checks.choice(*get_args(Mode)),
    "combine": lambda one, name: (
        None if one is None else checks.one_of(one, name, get_args(Combine))
    ),
    "fuse": checks.choice(*get_args(Fuse)),
    "min_confidence": checks.share,
    "min_score": checks.score,
    "group_by": checks.choice(*get_args(GroupBy)),
    "collapse": checks.collapse,
    "diverse": checks.diverse,
    "follow": checks.flag,
    "rerank": wanted.rerank,
    "rerank_depth": wanted.depth,
    "rerank_deadline": wanted.deadline,
    "route": checks.choice(*get_args(RouteBy)),
    "today": checks.moment,
    "expand": ways,
    "spelling": checks.choice(*get_args(Spelling)),
    "cursor": checks.text,
    "recall": checks.share,
    "explain": checks.flag,
}
