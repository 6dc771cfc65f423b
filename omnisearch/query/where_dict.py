"""A condition as a dict, like `{"price": {"$lt": 50}, "$or": [...]}`."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Final

from omnisearch.query.condition import (
    MAX_DEPTH,
    TOO_DEEP,
    Budget,
    Comparison,
    Condition,
    Not,
    Op,
    Operand,
    PathPlace,
    Value,
    joined,
    listed,
)
from omnisearch.values import short

_OPS: Final[Mapping[str, Op]] = {
    "$eq": "=",
    "$ne": "!=",
    "$lt": "<",
    "$lte": "<=",
    "$gt": ">",
    "$gte": ">=",
    "$in": "in",
    "$nin": "in",
    "$like": "like",
    "$has": "has",
    "$null": "null",
}
_JOINS: Final = ("$and", "$or", "$not", "columns")


def parse(tree: Mapping[str, object]) -> Condition:
    """Read a condition; raises a QueryError that names the path to what is wrong."""
    return _all_of(tree, PathPlace("$"), 0, Budget())


def _all_of(tree: object, place: PathPlace, depth: int, budget: Budget) -> Condition:
    if depth > MAX_DEPTH:
        raise place.fault(TOO_DEEP)
    if not isinstance(tree, Mapping):
        raise place.fault(f"expected a dict, found {short(tree)}")
    if not tree:
        raise place.fault("the condition is empty")
    parts = []
    for key, value in tree.items():
        inside = place.inside(key)
        if not isinstance(key, str):
            raise inside.fault(f"the key {short(key)} is not a string")
        if key in ("$and", "$or"):
            parts.append(_joined(key, value, inside, depth + 1, budget))
        elif key == "$not":
            parts.append(Not(_all_of(value, inside, depth + 1, budget)))
        elif key.startswith("$"):
            raise inside.fault(_unknown(key, _JOINS))
        else:
            parts.append(_column(key, value, inside, budget))
    return joined("and", parts)


def _joined(key: str, value: object, place: PathPlace, depth: int, budget: Budget) -> Condition:
    if not isinstance(value, list | tuple) or not value:
        raise place.fault(f"{key} needs a list of conditions, found {short(value)}")
    parts = [_all_of(part, place.inside(at), depth, budget) for at, part in enumerate(value)]
    return joined("and" if key == "$and" else "or", parts)


def _column(name: str, value: object, place: PathPlace, budget: Budget) -> Condition:
    if listed(value) is not None:
        raise place.fault('a list: write {"$in": [...]}')
    if not isinstance(value, Mapping):
        budget.term(place)
        if value is None:
            return Comparison(name, "null", None, place)
        return Comparison(name, "=", Value(value, place), place)
    if not value:
        raise place.fault("the comparison is empty")
    parts = []
    for key, operand in value.items():
        inside = place.inside(key)
        if not isinstance(key, str) or key not in _OPS:
            raise inside.fault(_unknown(key, tuple(_OPS)))
        budget.term(inside)
        parts.append(_comparison(name, key, operand, inside, budget))
    return joined("and", parts)


def _comparison(name: str, key: str, value: object, place: PathPlace, budget: Budget) -> Condition:
    if key == "$null":
        if not isinstance(value, bool):
            raise place.fault(f"$null needs true or false, found {short(value)}")
        found = Comparison(name, "null", None, place)
        return found if value else Not(found)
    if value is None:
        raise place.fault('nothing compares with null: write {"$null": true}')
    operand: Operand = Value(value, place)
    if key in ("$in", "$nin"):
        values = listed(value)
        if values is None:
            raise place.fault(f"{key} needs a list, found {short(value)}")
        places = [place.inside(at) for at in range(len(values))]
        for one in places:
            budget.value(one)
        operand = tuple(Value(one, at) for one, at in zip(values, places, strict=True))
    found = Comparison(name, _OPS[key], operand, place)
    return Not(found) if key == "$nin" else found


def _unknown(key: object, known: tuple[str, ...]) -> str:
    near = get_close_matches(str(key)[:20], known, 1, 0.5)
    hint = f"did you mean {near[0]}?" if near else f"here go {', '.join(known)}"
    return f"{short(key)} is no operator; {hint}"
