"""Conditions on metadata over columns: checked against their kinds, then asked of every shard.

Logic has three values, and only rows that surely match count. So `not` is pushed down to the
comparisons first (De Morgan holds for three values), and no mask of unknown rows is ever needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Any, Final, Literal, TypeAlias

import numpy as np

from omnisearch import moments
from omnisearch.errors import CorruptCollectionError, QueryError
from omnisearch.query import where, where_dict
from omnisearch.query.condition import (
    MAX_VALUES,
    Comparison,
    Condition,
    Not,
    Op,
    Operand,
    Parameter,
    Value,
    listed,
)
from omnisearch.schema import Schema
from omnisearch.storage import ranks
from omnisearch.storage.columns import Source
from omnisearch.storage.ranks import Mask
from omnisearch.values import Kind, short

Where: TypeAlias = str | Mapping[str, object]

_ORDERED: Final = frozenset[Op](("=", "!=", "<", "<=", ">", ">=", "in", "null"))
_OPS: Final[Mapping[Kind, frozenset[Op]]] = {
    "int": _ORDERED,
    "float": _ORDERED,
    "timestamp": _ORDERED,
    "string": _ORDERED | {"like"},
    "bool": frozenset(("=", "!=", "null")),
    "strings": frozenset(("has", "null")),
    "json": frozenset(("null",)),
}
_TYPES: Final[Mapping[Kind, tuple[type, ...]]] = {
    "int": (int, float),
    "float": (int, float),
    "timestamp": (str, datetime),
    "string": (str,),
    "bool": (bool,),
    "strings": (str,),
}
_CORE: Final[Mapping[Op, tuple[ranks.Op, bool]]] = {
    "=": ("=", False),
    "!=": ("=", True),
    "<": ("<", False),
    "<=": ("<=", False),
    ">": ("<=", True),
    ">=": ("<", True),
    "in": ("in", False),
    "like": ("like", False),
    "has": ("has", False),
    "null": ("null", False),
}
_PREFIXES = r"like matches prefixes only: 'abc%' (write \%, \_ and \\ for those characters)"


@dataclass(frozen=True, slots=True)
class Test:
    """One comparison as columns understand it."""

    column: str
    kind: Kind
    op: ranks.Op
    value: Any
    negated: bool


@dataclass(frozen=True, slots=True)
class Tests:
    """Several, of which all or any must hold."""

    word: Literal["and", "or"]
    parts: tuple[Filter, ...]


Filter: TypeAlias = Test | Tests


def bind(condition: Where, params: Mapping[str, object] | None, schema: Schema) -> Filter:
    """Read a condition, give its parameters their values and check all against the columns."""
    if isinstance(condition, str):
        tree = where.parse(condition)
    elif isinstance(condition, Mapping):
        tree = where_dict.parse(condition)
    else:
        raise TypeError(f"where must be text or a dict, not {type(condition).__name__}")
    binder = _Binder(dict(params or {}), schema)
    bound = binder.bind(tree, False)
    unused = binder.params.keys() - binder.used
    if unused:
        raise QueryError(f"the condition has no parameter :{min(unused, key=str)}")
    return bound


def evaluate(bound: Filter, source: Source) -> Mask:
    """Tell which rows surely match, in a new array."""
    if isinstance(bound, Test):
        return _test(bound, source)
    join = np.logical_and if bound.word == "and" else np.logical_or
    mask = evaluate(bound.parts[0], source)
    for part in bound.parts[1:]:
        join(mask, evaluate(part, source), out=mask)
    return mask


def _test(test: Test, source: Source) -> Mask:
    column = source.column(test.column)
    if column is None:
        return np.full(source.rows, test.op == "null" and not test.negated)
    if column.kind != test.kind and (column.kind, test.kind) != ("int", "float"):
        kinds = f"{column.kind}, the collection has {test.kind}"
        raise CorruptCollectionError(f"column {test.column!r} of a shard is {kinds}")
    return column.matching(test.op, test.value, test.negated)


class _Binder:
    """Walks a condition with the parameters and the schema at hand."""

    def __init__(self, params: dict[str, object], schema: Schema) -> None:
        self.params = params
        self.used: set[str] = set()
        self._schema = schema

    def bind(self, condition: Condition, negated: bool) -> Filter:
        """Push a negation down to the comparisons."""
        if isinstance(condition, Not):
            return self.bind(condition.part, not negated)
        if isinstance(condition, Comparison):
            return self._comparison(condition, negated)
        parts = tuple(self.bind(part, negated) for part in condition.parts)
        both = (condition.word == "and") != negated
        return Tests("and" if both else "or", parts)

    def _comparison(self, found: Comparison, negated: bool) -> Test:
        kind = self._schema.columns.get(found.column)
        if kind is None:
            raise found.place.fault(unknown_column(found.column, self._schema))
        if found.op not in _OPS[kind]:
            allowed = ", ".join(_shown(op) for op in _CORE if op in _OPS[kind])
            fault = f"column {found.column!r} is {kind}, which has {allowed}, not {found.op}"
            raise found.place.fault(fault)
        op, opposite = _CORE[found.op]
        value = self._operand(found, kind)
        return Test(found.column, kind, op, value, negated != opposite)

    def _operand(self, found: Comparison, kind: Kind) -> Any:  # noqa: ANN401
        if found.op == "null":
            return None
        if found.op == "in":
            return [_checked(one, found.column, kind) for one in self._listed(found.operand)]
        assert isinstance(found.operand, Value | Parameter)
        value = self._given(found.operand)
        if found.op == "like":
            value = Value(_prefix(value), value.place)
        return _checked(value, found.column, kind)

    def _given(self, operand: Value | Parameter) -> Value:
        if isinstance(operand, Value):
            return operand
        if operand.name not in self.params:
            near = get_close_matches(operand.name[:64], map(str, self.params), 1, 0.4)
            hint = f"; did you mean :{near[0]}?" if near else ""
            raise operand.place.fault(f"no value for the parameter :{operand.name}{hint}")
        self.used.add(operand.name)
        return Value(self.params[operand.name], operand.place)

    def _listed(self, operand: Operand) -> list[Value]:
        if isinstance(operand, tuple):
            return [self._given(one) for one in operand]
        assert isinstance(operand, Parameter)
        given = self._given(operand)
        values = listed(given.value)
        if values is None:
            raise given.place.fault(f"in needs a list, :{operand.name} is {short(given.value)}")
        if len(values) > MAX_VALUES:
            raise given.place.fault(f"more than {MAX_VALUES} values in lists")
        return [Value(one, given.place) for one in values]


def _shown(op: Op) -> str:
    return "is null" if op == "null" else op


def unknown_column(name: str, schema: Schema) -> str:
    """Say that there is no such column, and which one may have been meant."""
    folded = {column.casefold(): column for column in schema.columns}
    near = get_close_matches(name[:64].casefold(), folded, 1, 0.4)
    if near:
        return f"no column {short(name)}; did you mean {folded[near[0]]!r}?"
    some = ", ".join(map(repr, sorted(schema.columns)[:5]))
    return f"no column {short(name)}; " + (f"there are {some}" if some else "there are none yet")


def _prefix(value: Value) -> str:
    """Take the prefix out of a pattern."""
    pattern = value.value
    if not isinstance(pattern, str):
        raise value.place.fault(f"like needs text, found {short(pattern)}")
    prefix, at = [], 0
    while at < len(pattern) and pattern[at] not in "%_":
        if pattern[at] == "\\":
            at += 1
            if pattern[at : at + 1] not in ("%", "_", "\\"):
                raise value.place.fault(_PREFIXES)
        prefix.append(pattern[at])
        at += 1
    if pattern[at:] != "%":
        raise value.place.fault(_PREFIXES)
    return "".join(prefix)


def _checked(given: Value, column: str, kind: Kind) -> Any:  # noqa: ANN401
    """Turn a value into what the keys of the column compare with."""
    value = given.value.item() if isinstance(given.value, np.generic) else given.value
    if value is None:
        raise given.place.fault("nothing compares with null: write 'is null' or 'is not null'")
    if not isinstance(value, _TYPES[kind]) or (isinstance(value, bool) and kind != "bool"):
        fault = f"column {column!r} is {kind}, {short(value)} is {_named(value)}"
        raise given.place.fault(fault)
    try:
        return _key(value, kind)
    except ValueError as error:
        raise given.place.fault(str(error)) from error


def _named(value: object) -> str:
    name = type(value).__name__
    return {"str": "string", "datetime": "timestamp"}.get(name, name)


def _key(value: Any, kind: Kind) -> int | float | bytes:  # noqa: ANN401
    if kind == "timestamp":
        return moments.parse(value) if isinstance(value, str) else moments.micros(value)
    if isinstance(value, str):
        try:
            return value.encode()
        except UnicodeEncodeError as error:
            raise ValueError(f"{short(value)} is not UTF-8") from error
    if value != value:
        raise ValueError("nothing compares with NaN")
    if isinstance(value, int) and not -(1 << 63) <= value < 1 << 63:
        raise ValueError(f"{short(value)} is beyond 64 bits")
    return float(value) if isinstance(value, float) else int(value)
