"""Random tables and random conditions on them, as a dict and as text that means the same."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from omnisearch.values import Kind

Row = dict[str, Any]
Tree = dict[str, Any]

ODD_NAME = 'a "b" c.é'
KINDS: dict[str, Kind] = {
    "n": "int",
    "many": "int",
    "w": "float",  # integers at first, floats later
    "f.x": "float",
    "flag": "bool",
    ODD_NAME: "string",
    "when": "timestamp",
    "tags": "strings",
    "extra": "json",
}
_NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
_TEXTS = ["", "a", "ab", "ab%", "a_b", "b", "B", "it's", "é", "\uffff", "\U0001f600", "\\", "\0"]
POOLS: dict[str, list[Any]] = {
    "n": [-3, -1, 0, 1, 2, 7, 2**53, 2**53 + 1, 2**63 - 1, -(2**63)],
    "many": list(range(300)),
    "w": [-2, 0, 1, 3],
    "f.x": [-1.5, -0.0, 0.0, 1.0, 2.5, 9007199254740992.0, 1e300, -1e-300, 7.0],
    "flag": [True, False],
    ODD_NAME: _TEXTS,
    "when": [
        _NOON,
        _NOON.astimezone(timezone(timedelta(hours=5, minutes=30))),
        _NOON + timedelta(microseconds=1),
        datetime(2026, 5, 1, tzinfo=UTC),
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    ],
    "tags": [[], ["a"], ["a", "b"], ["b", "b"], ["", "é", "a"], ["it's"]],
    "extra": [{"a": 1}, [1, "x"], {}, [{"deep": [None]}]],
}
_COMPARISONS = ("$eq", "$ne", "$lt", "$lte", "$gt", "$gte")
_SIGNS = dict(zip(_COMPARISONS, ("=", "!=", "<", "<=", ">", ">="), strict=True))


def random_rows(rng: random.Random, count: int) -> list[Row]:
    """Draw rows in which a third of the values are missing or null, and few are alone."""
    names = rng.sample(sorted(POOLS), rng.randint(1, len(POOLS)))
    pools = {name: rng.sample(POOLS[name], rng.randint(1, len(POOLS[name]))) for name in names}
    rows: list[Row] = []
    for _ in range(count):
        row = {name: rng.choice(pools[name]) for name in names if rng.random() < 0.8}
        rows.append({name: None if rng.random() < 0.1 else value for name, value in row.items()})
    return rows


def random_tree(rng: random.Random, names: Sequence[str], depth: int = 3) -> Tree:
    """Draw a condition on some of these columns."""
    if depth == 0 or rng.random() < 0.4:
        name = rng.choice(names)
        return {name: _comparison(rng, name)}
    word = rng.choice(("$and", "$or", "$not"))
    if word == "$not":
        return {"$not": random_tree(rng, names, depth - 1)}
    return {word: [random_tree(rng, names, depth - 1) for _ in range(rng.randint(2, 4))]}


def _comparison(rng: random.Random, name: str) -> Tree:
    kind = KINDS[name]
    if kind == "json" or rng.random() < 0.1:
        return {"$null": rng.random() < 0.5}
    if kind == "strings":
        return {"$has": rng.choice(["a", "b", "é", "", "nowhere", "it's"])}
    if kind == "bool":
        return {rng.choice(("$eq", "$ne")): rng.random() < 0.5}
    if kind == "string" and rng.random() < 0.3:
        prefix = rng.choice([*_TEXTS, "nowhere"])
        return {"$like": "".join(f"\\{one}" if one in "%_\\" else one for one in prefix) + "%"}
    if rng.random() < 0.25:
        values = [_value(rng, name) for _ in range(rng.choice((1, 3, 20, 80)))]
        return {rng.choice(("$in", "$nin")): values}
    return {rng.choice(_COMPARISONS): _value(rng, name)}


def _value(rng: random.Random, name: str) -> Any:
    kind = KINDS[name]
    if name == "many":
        return rng.randrange(-1, 301)
    if kind in ("int", "float"):
        value: int | float = rng.choice([*POOLS["n"], *POOLS["w"], *POOLS["f.x"], 0.5, 4, 6.999])
        return value
    value = rng.choice([*POOLS[name], *(["zz", "aa"] if kind == "string" else [])])
    if isinstance(value, datetime):
        return rng.choice((value, value.isoformat()))
    return value


def as_text(tree: Tree, rng: random.Random) -> str:
    """Write a condition as text, with spaces and parentheses as they come."""
    ((name, inner),) = tree.items()
    if name == "$not":
        return f"{_word('not', rng)} {_wrapped(inner, rng)}"
    if name in ("$and", "$or"):
        return f" {_word(name[1:], rng)} ".join(_wrapped(part, rng) for part in inner)
    ((op, value),) = inner.items()
    quoted = '"' + name.replace('"', '""') + '"'
    column = quoted if name == ODD_NAME or rng.random() < 0.2 else name
    return column + rng.choice((" ", "\n ", "\t")) + _operation(op, value, rng)


def _wrapped(tree: Tree, rng: random.Random) -> str:
    text = as_text(tree, rng)
    joined = next(iter(tree)) in ("$and", "$or", "$not")
    return f"({text})" if joined or rng.random() < 0.2 else text


def _operation(op: str, value: Any, rng: random.Random) -> str:
    if op == "$null":
        return _word("is null" if value else "is not null", rng)
    if op in ("$in", "$nin"):
        listed = rng.choice((",", " , ")).join(map(_literal, value))
        return f"{_word('in' if op == '$in' else 'not in', rng)} ({listed})"
    if op in ("$like", "$has"):
        return f"{_word(op[1:], rng)} {_literal(value)}"
    sign = "<>" if op == "$ne" and rng.random() < 0.5 else _SIGNS[op]
    return f"{sign}{rng.choice(('', ' '))}{_literal(value)}"


def _word(word: str, rng: random.Random) -> str:
    return rng.choice((word, word.upper(), word.title()))


def _literal(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        value = value.isoformat()
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return repr(value)
