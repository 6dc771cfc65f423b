"""The kinds of columns whose cells are texts: what all of them can be read as."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from omnisearch.ingest.tables.lines import Line, RowError, Rows
from omnisearch.values import Kind, short

# what the CSV reader of Arrow takes for nothing
_NULLS = frozenset(
    (
        "|#N/A|#N/A N/A|#NA|-1.#IND|-1.#QNAN|-NaN|-nan|1.#IND|1.#QNAN|N/A|NA|NULL|NaN|n/a|nan|null"
    ).split("|")
)
_BOOLS = {"true": True, "false": False}
_INT = re.compile(r"[+-]?\d{1,19}")
_FLOAT = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?")
_CODE = re.compile(r"\+|-?0\d")  # 01234 or +41: a number would lose what it begins with
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?)?(Z|[+-]\d\d:?\d\d)?")


def _int(text: str) -> int:
    _check_code(text)
    found = int(text) if _INT.fullmatch(text) else None
    if found is None or not -(2**63) <= found < 2**63:
        raise ValueError("it is no whole number of 64 bits")
    return found


def _float(text: str) -> float:
    _check_code(text)
    found = float(text) if _FLOAT.fullmatch(text) else math.inf
    if not math.isfinite(found):
        raise ValueError("it is no number")
    return found


def _check_code(text: str) -> None:
    if _CODE.match(text) and _FLOAT.fullmatch(text):
        raise ValueError(f"a number would lose the {text.lstrip('-')[0]} that it begins with")


def _bool(text: str) -> bool:
    if text.lower() not in _BOOLS:
        raise ValueError("it is neither true nor false")
    return _BOOLS[text.lower()]


def _moment(text: str) -> datetime:
    if not _MOMENT.fullmatch(text):
        raise ValueError("it is no time, such as 2026-05-01 or 2026-05-01T10:00:00Z")
    found = datetime.fromisoformat(text)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found


def _strings(text: str) -> Any:  # noqa: ANN401
    return json.loads(text) if text.startswith("[") else [text]


_READ: Mapping[Kind, Callable[[str], Any]] = {
    "int": _int,
    "float": _float,
    "bool": _bool,
    "timestamp": _moment,
    "string": str,
    "strings": _strings,
    "json": json.loads,
}
_GUESSED: tuple[Kind, ...] = ("int", "float", "bool", "timestamp")


@dataclass(frozen=True, slots=True)
class Found:
    """The kinds of columns, how many rows there are, and codes that would pass for numbers.

    `codes` are of columns that are numbers but for those: the first one's row, and its text.
    """

    kinds: Mapping[str, Kind]
    count: int
    codes: Mapping[str, tuple[int, str]]

    def settle(self, stored: Mapping[str, Kind | None]) -> dict[str, Kind]:
        """Give the kinds that cells are read as, by what is stored of each column."""
        return {column: _settled(kind, stored.get(column)) for column, kind in self.kinds.items()}

    def told(self, title: str, stored: Mapping[str, Kind | None]) -> list[str]:
        """Say which new columns are text because of a code."""
        return [
            f"{title}: column {column!r} is text, not numbers: row {row:,} has {short(text)}, "
            f"and a number would lose the {text.lstrip('-')[0]} that it begins with"
            for column, (row, text) in self.codes.items()
            if stored.get(column) is None
        ]


def survey(rows: Rows, columns: Sequence[str]) -> Found:
    """Read all of a table for the kinds of some columns."""
    left: dict[str, list[Kind]] = {name: list(_GUESSED) for name in columns}
    some: set[str] = set()
    codes: dict[str, tuple[int, str]] = {}
    count = 0
    for line in rows.lines(columns):
        count += 1
        if isinstance(line, Line):
            _narrow(left, some, codes, line)
    kinds = {n: kinds[0] if n in some and kinds else "string" for n, kinds in left.items()}
    return Found(kinds, count, codes)


def _narrow(
    left: Mapping[str, list[Kind]], some: set[str], codes: dict[str, tuple[int, str]], line: Line
) -> None:
    """Leave out the kinds that a cell cannot be read as."""
    for name, kinds in left.items():
        text = line.cells[name]
        if not text or text in _NULLS:
            continue
        some.add(name)
        if name in codes and not _FLOAT.fullmatch(text):
            del codes[name]
        numbers = bool(kinds) and kinds[0] in ("int", "float")
        if numbers and _CODE.match(text) and _FLOAT.fullmatch(text):
            codes[name] = line.number, text
        while kinds and not _reads(text, kinds[0]):
            kinds.pop(0)


def _reads(text: str, kind: Kind) -> bool:
    try:
        _READ[kind](text)
    except ValueError:
        return False
    return True


def value_of(column: str, text: str, kind: Kind) -> Any:  # noqa: ANN401
    """Read a cell; None where it holds nothing."""
    if not text or (text in _NULLS and kind != "string"):
        return None
    try:
        return _READ[kind](text)
    except (ValueError, RecursionError) as error:
        fault = f"{short(text)} does not go into a column of {kind} ({error})"
        raise RowError(column, fault) from error


def _settled(guessed: Kind, stored: Kind | None) -> Kind:
    """Give the kind that cells are read as: the stored one, but for a whole number that widens."""
    numbers = guessed in ("int", "float") and stored in ("int", "float")
    return guessed if stored is None or numbers else stored
