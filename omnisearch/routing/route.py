"""From the words of a question to its options: each rule is asked, and what was given wins.

What nothing stored would pass is not taken for a filter: the words meant something else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final, cast

from omnisearch.errors import QueryError
from omnisearch.query.options import QueryOptions
from omnisearch.query.preferring import Favour, Order, Understood
from omnisearch.routing import settings
from omnisearch.routing.columns import numbers, values
from omnisearch.routing.dates import dates
from omnisearch.routing.extremes import extremes
from omnisearch.routing.finding import Finding
from omnisearch.routing.folders import folders
from omnisearch.routing.joining import is_half
from omnisearch.routing.kinds import kinds
from omnisearch.routing.known import Known
from omnisearch.routing.negation import is_negated, is_quoted
from omnisearch.routing.question import LONGEST, Question
from omnisearch.routing.spelling import spelling
from omnisearch.routing.steps import steps
from omnisearch.routing.vocabulary import KIND_ALONE, LITTLE

Rule = Callable[[Question, Known], Iterable[Finding]]
RULES: Final[tuple[Rule, ...]] = (
    spelling,
    folders,
    extremes,
    numbers,
    dates,
    values,
    kinds,
    steps,
)
_FILTERS: Final = ("modality", "where", "path", "after", "before")
_DATES: Final = frozenset(("after", "before"))  # one that is given speaks for both
_WHOLE: Final = ("kinds", "steps")  # speak of the question, whatever else its words say


@dataclass(frozen=True, slots=True)
class Route:
    """What the words of a question come to; `text` is what is still to be looked for."""

    text: str
    options: Mapping[str, Any]
    favours: tuple[Favour, ...] = ()
    order: Order | None = None
    understood: tuple[Understood, ...] = ()


def route(text: str, known: Known, today: date, given: Mapping[str, Any]) -> Route:
    """Read a question; `given` are the options that it came with, which no word changes."""
    found = list[Finding]()
    if len(text) > LONGEST:
        return Route(text, {})
    asked = Question.of(text, today)
    for rule in RULES:
        for one in _said(asked, known, rule):
            fit = _fitting(one, found, known, given)
            if fit is not None:
                found.append(fit)
        if found and found[0].rule == "spelling":
            break
    return _route(asked, found)


def _said(asked: Question, known: Known, rule: Rule) -> Iterator[Finding]:
    """Leave out what is said not to be, what is quoted, and halves of what is said."""
    some = [*rule(asked, known)]
    for one in some:
        if one.rule == "spelling":  # speaks of the whole question, as it is spelt
            yield one
        elif not (
            is_negated(asked, one) or is_quoted(asked, one) or is_half(asked, one, known, some)
        ):
            yield one


def _fitting(
    one: Finding, before: Sequence[Finding], known: Known, given: Mapping[str, Any]
) -> Finding | None:
    """Leave out what was given or understood already, and filters that nothing passes."""
    over = any(one.start < other.end and other.start < one.end for other in before)
    changes = _still(one.changes, before, given)
    if (over and one.rule not in _WHOLE) or (one.changes and not changes and one.order is None):
        return None
    if given.get("fuse") == "rrf" and (not one.certain or "follow" in changes):
        return None  # ranks are not made surer
    if "mode" in changes and given.get("min_score") is not None:
        return None  # spelling gives no score
    filters = {name: value for name, value in changes.items() if name in _FILTERS}
    if filters and one.certain and not _passes(known, filters, before, given):
        if one.order is None:
            return None
        changes = {name: value for name, value in changes.items() if name not in filters}
    if filters and not one.certain and not known.tells_apart(cast(QueryOptions, filters)):
        return None
    return replace(one, changes=changes)


def _still(
    changes: Mapping[str, Any], before: Sequence[Finding], given: Mapping[str, Any]
) -> dict[str, Any]:
    """Leave out options that were given or understood; conditions are put together."""
    taken = {name for name, value in given.items() if value is not None}
    taken |= _DATES if taken & _DATES else set()
    for other in before:
        if other.certain:
            taken |= other.changes.keys() - {"where"}
    return {name: value for name, value in changes.items() if name not in taken}


def _passes(
    known: Known, filters: Mapping[str, Any], before: Sequence[Finding], given: Mapping[str, Any]
) -> bool:
    """Tell whether something passes, with all else that filters."""
    own = {name: given[name] for name in (*_FILTERS, "params") if given.get(name) is not None}
    others = [
        {name: value for name, value in one.changes.items() if name in _FILTERS}
        for one in before
        if one.certain
    ]
    try:
        return known.passes(cast(QueryOptions, _merged([own, *others, filters])))
    except QueryError:  # two that exclude each other
        return False


def _merged(some: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Put options together; conditions must all hold."""
    found, where = dict[str, Any](), list[Any]()
    for one in some:
        found.update({name: value for name, value in one.items() if name != "where"})
        if one.get("where") is not None:
            where.append(one["where"])
    if where:
        found["where"] = where[0] if len(where) == 1 else {"$and": where}
    return found


def _route(asked: Question, found: Sequence[Finding]) -> Route:
    options, favours = list[Mapping[str, Any]](), list[Favour]()
    told, chosen = list[Understood](), settings.CHOSEN
    for one in found:
        surer = None if one.certain else chosen.surer(one.rule)
        if surer is None:
            options.append(one.changes)
        else:
            favours.append(Favour(one.changes, surer))
        words = asked.text[one.start : one.end].strip()
        told.append(Understood(words, one.rule, one.why, one.changes, favours=surer is not None))
    rest = _rest(asked, [one for one in found if one.spent and one.rule in chosen.strip])
    return Route(
        rest if _says(rest) else asked.text,
        _merged(options),
        tuple(favours),
        _order(asked, found, chosen),
        tuple(told),
    )


def _order(asked: Question, found: Sequence[Finding], chosen: settings.Settings) -> Order | None:
    """Order by what was found first; nothing else is asked for where no word is left."""
    orders = [one.order for one in found if one.order is not None]
    if not orders:
        return None
    left = KIND_ALONE.sub(" ", _rest(asked, [one for one in found if one.spent]))
    return replace(orders[0], alone=not _says(left), within=chosen.within)


def _rest(asked: Question, spent: Sequence[Finding]) -> str:
    """Give the words that are left."""
    kept = list(asked.text)
    for one in spent:
        kept[one.start : one.end] = " " * (one.end - one.start)
    return " ".join("".join(kept).split()).strip(" ,;:")


def _says(text: str) -> bool:
    """Tell whether a text has a word to look for."""
    words = Question.of(text, date.min).words()
    return any(word.casefold() not in LITTLE for word, _, _ in words)
