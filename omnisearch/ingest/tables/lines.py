"""Rows as readers give them, or the reason why one cannot be read: it costs that row only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Line:
    """A row, counted from 1, and its cells by column."""

    number: int
    cells: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Broken:
    """A row that cannot be read, and the column that is at fault if it is one.

    `cells` are those that can be read all the same: they may tell which item it is.
    """

    number: int
    reason: str
    column: str | None = None
    cells: Mapping[str, Any] = field(default_factory=dict)


class RowError(Exception):
    """A row that cannot be an item, for a reason that is told with its number and column."""

    def __init__(self, column: str | None, reason: str) -> None:
        super().__init__(reason)
        self.column, self.reason = column, reason


class Rows(Protocol):
    """The rows of a table, which may be read more than once if they come from a file."""

    title: str  # how messages call the table
    names: tuple[str, ...]  # columns, as far as they are known before all rows are read
    count: int | None  # rows; None where only reading them tells
    typed: bool  # cells are values; else they are texts whose kinds are guessed

    def lines(self, wanted: Sequence[str] | None) -> Iterator[Line | Broken]:
        """Read from the start, only some columns where they are named."""


def top(wanted: Sequence[str] | None, names: Sequence[str]) -> list[str] | None:
    """Name the columns that hold what is wanted, nested or not."""
    if wanted is None:
        return None
    known = frozenset(names)
    return list(dict.fromkeys(w if w in known else w.partition(".")[0] for w in wanted))
