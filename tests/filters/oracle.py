"""What a condition means, row by row in plain Python: true, false, or None for unknown."""

from __future__ import annotations

import operator
from datetime import datetime
from typing import Any

from tests.filters.trees import Row, Tree

_COMPARE = {
    "$eq": operator.eq,
    "$ne": operator.ne,
    "$lt": operator.lt,
    "$lte": operator.le,
    "$gt": operator.gt,
    "$gte": operator.ge,
}


def holds(tree: Tree, row: Row) -> bool | None:
    """Decide one condition for one row."""
    ((name, inner),) = tree.items()
    if name == "$not":
        return _opposite(holds(inner, row))
    if name in ("$and", "$or"):
        found = {holds(part, row) for part in inner}
        decisive = name == "$or"
        if decisive in found:
            return decisive
        return None if None in found else not decisive
    ((op, value),) = inner.items()
    return _compared(row.get(name), op, value)


def _opposite(found: bool | None) -> bool | None:
    return None if found is None else not found


def _compared(stored: Any, op: str, value: Any) -> bool | None:
    if op == "$null":
        return (stored is None) is bool(value)
    if stored is None:
        return None
    if isinstance(stored, datetime):
        value = [_time(one) for one in value] if isinstance(value, list) else _time(value)
    if op == "$in":
        return any(stored == one for one in value)
    if op == "$nin":
        return not any(stored == one for one in value)
    if op == "$has":
        return value in stored
    if op == "$like":
        return bool(stored.startswith(_prefix(value)))
    return bool(_COMPARE[op](stored, value))


def _time(value: datetime | str) -> datetime:
    return datetime.fromisoformat(value) if isinstance(value, str) else value


def _prefix(pattern: str) -> str:
    assert pattern.endswith("%")
    return pattern[:-1].replace("\\%", "%").replace("\\_", "_").replace("\\\\", "\\")
