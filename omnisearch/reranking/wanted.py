"""Which reranker judges which hits: what may be said of that, checked before anything is loaded."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final, TypeAlias, get_args

import numpy as np

from omnisearch.errors import QueryError
from omnisearch.records import Hit, Modality
from omnisearch.reranking.question import Question
from omnisearch.values import short

Reranker: TypeAlias = str | Callable[[Question, Sequence[Hit]], Sequence[float]]
Rerank: TypeAlias = Reranker | Mapping[Modality, Reranker | None] | None

LATE, CROSS, NONE = "late", "cross:", "none"
DEPTH = 50  # hits that are judged: below them few right ones lie, and each costs as much as another
MOST = 10_000  # more would be read into memory for one answer
DEADLINE_S = 10.0  # longer than a small model takes for 50 passages on one core, and no one waits
MODALITIES: Final[tuple[Modality, ...]] = get_args(Modality)
_FORMS = "late, cross:MODEL, none, or in Python a function (question, hits) -> scores"


@dataclass(frozen=True, slots=True, repr=False)
class Wanted:
    """The reranker of each modality that is named, and of all others; None leaves hits in place."""

    named: Mapping[Modality, Reranker | None]
    others: Reranker | None = None

    def of(self, modality: Modality | None) -> Reranker | None:
        """Give the reranker of a modality."""
        if modality is not None and modality in self.named:
            return self.named[modality]
        return self.others

    def __repr__(self) -> str:
        """Name rerankers as they are called: a cursor is of the same question by that."""
        told = {name: None if one is None else named(one) for name, one in self.named.items()}
        return f"{sorted(told.items())} {None if self.others is None else named(self.others)}"


def named(reranker: Reranker) -> str:
    """Say what a reranker is called."""
    if isinstance(reranker, str):
        return reranker
    kind = reranker if hasattr(reranker, "__qualname__") else type(reranker)
    return f"{kind.__module__}.{kind.__qualname__}"


def rerank(value: object, name: str) -> Wanted | None:
    """Check what is to judge hits: one reranker for all, or one for some modalities."""
    if isinstance(value, Mapping):
        for one in value:
            if one not in MODALITIES:
                near = get_close_matches(str(one), MODALITIES, 1)
                hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(MODALITIES)}"
                raise QueryError(f"{name} has no modality {short(one)}: {hint}")
        found = Wanted({kind: _one(one, name) for kind, one in value.items()})
        return found if any(found.named.values()) else None
    others = _one(value, name)
    return None if others is None else Wanted({}, others)


def depth(value: object, name: str) -> int:
    """Check how many hits are judged."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise TypeError(f"{name} is {short(value)}: a whole number of hits")
    if not 1 <= value <= MOST:
        raise QueryError(f"{name} is {value:,}: give 1 to {MOST:,}")
    return int(value)


def deadline(value: object, name: str) -> float | None:
    """Check how many seconds may pass; None and infinity are no end."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        raise TypeError(f"{name} is {short(value)}: a number of seconds, or None for no end")
    seconds = float(value)
    if math.isnan(seconds) or seconds <= 0:
        raise QueryError(f"{name} is {seconds:g}: give more than 0 seconds, or None for no end")
    return None if math.isinf(seconds) else seconds


def _one(value: object, name: str) -> Reranker | None:
    if value is None or value == NONE:
        return None
    if isinstance(value, str):
        return _known(value, name)
    if isinstance(value, type) or not callable(value):
        raise TypeError(f"{name} is {short(value)}: {_FORMS}")
    return value


def _known(value: str, name: str) -> str:
    if value == LATE:
        return value
    kind, colon, model = value.partition(":")
    if colon and f"{kind}:" == CROSS:
        if not model.strip():
            raise QueryError(f"{name} is {value!r}: a folder or an id of the hub is to follow")
        return value
    if kind in MODALITIES:
        raise QueryError(f"{name} is {value!r}: did you mean {{{kind!r}: {model or LATE!r}}}?")
    near = get_close_matches(kind.lower(), (LATE, NONE, CROSS[:-1]), 1)
    if not near:
        raise QueryError(f"{name} is {short(value)}: there are {_FORMS}")
    meant = f"{CROSS}{model or 'MODEL'}" if near[0] == CROSS[:-1] else near[0]
    raise QueryError(f"{name} is {short(value)}: did you mean {meant}?")
