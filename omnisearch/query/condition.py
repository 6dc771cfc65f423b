"""A condition on metadata as a tree, the same whether it came as text or as a dict.

Each part remembers its place in what the user wrote, so that an error can point at it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol, TypeAlias

import numpy as np

from omnisearch.errors import QueryError
from omnisearch.values import short

MAX_DEPTH = 16  # bounds the recursion of everything that walks a tree
MAX_TERMS = 1_000
MAX_VALUES = 10_000  # in all lists of one condition together
TOO_DEEP = f"more than {MAX_DEPTH} levels of nesting"
_WINDOW = 100  # characters of a long line that an error shows

Op = Literal["=", "!=", "<", "<=", ">", ">=", "in", "like", "has", "null"]


class Place(Protocol):
    """Where something stands in what the user wrote."""

    def fault(self, message: str) -> QueryError:
        """Make an error that points here."""
        ...


class TextPlace(NamedTuple):
    """Characters of a condition written as text."""

    text: str
    start: int
    end: int

    def fault(self, message: str) -> QueryError:
        """Show the line and a caret under the place."""
        first = self.text.rfind("\n", 0, self.start) + 1
        last = self.text.find("\n", self.start)
        line = self.text[first : last if last >= 0 else len(self.text)]
        at = self.start - first
        skipped = max(0, at - _WINDOW // 2) if len(line) > _WINDOW else 0
        shown = line[skipped : skipped + _WINDOW]
        clean = "".join(one if one.isprintable() else " " for one in shown)
        width = max(1, min(self.end - self.start, len(shown) - (at - skipped)))
        return QueryError(f"{message}\n  {clean}\n  {' ' * (at - skipped)}{'^' * width}")


@dataclass(frozen=True, slots=True)
class PathPlace:
    """A value inside a condition written as a dict."""

    path: str

    def fault(self, message: str) -> QueryError:
        """Name the path."""
        return QueryError(f"{message} (at {self.path})")

    def inside(self, key: object) -> PathPlace:
        """Go one step down, to a key of a dict or a number in a list."""
        if isinstance(key, int):
            return PathPlace(f"{self.path}[{key}]")
        plain = isinstance(key, str) and key.removeprefix("$").replace(".", "_").isidentifier()
        return PathPlace(f"{self.path}.{key}" if plain else f"{self.path}[{short(key)}]")


@dataclass(frozen=True, slots=True)
class Value:
    """A constant."""

    value: object
    place: Place = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A name that the call gives a value."""

    name: str
    place: Place = field(compare=False, repr=False)


Operand: TypeAlias = Value | Parameter | tuple[Value | Parameter, ...] | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """A column against a value; against several for `in`, against none for `null`."""

    column: str
    op: Op
    operand: Operand
    place: Place = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite; what is unknown stays unknown."""

    part: Condition


@dataclass(frozen=True, slots=True)
class Joined:
    """Several conditions, of which all or any must hold."""

    word: Literal["and", "or"]
    parts: tuple[Condition, ...]


Condition: TypeAlias = Comparison | Not | Joined


def joined(word: Literal["and", "or"], parts: list[Condition]) -> Condition:
    """Join conditions; one alone stays itself."""
    return parts[0] if len(parts) == 1 else Joined(word, tuple(parts))


def listed(value: object) -> list[object] | None:
    """Take what may stand for a list as one; None where it is something else."""
    if isinstance(value, np.ndarray) and value.ndim:
        return list(value.tolist())
    return list(value) if isinstance(value, list | tuple | set | frozenset) else None


class Budget:
    """Counts what a condition is made of, and refuses what is too large to be meant."""

    def __init__(self) -> None:
        self._terms = 0
        self._values = 0

    def term(self, place: Place) -> None:
        """Allow one more comparison."""
        self._terms += 1
        if self._terms > MAX_TERMS:
            raise place.fault(f"more than {MAX_TERMS} comparisons")

    def value(self, place: Place) -> None:
        """Allow one more value in a list."""
        self._values += 1
        if self._values > MAX_VALUES:
            raise place.fault(f"more than {MAX_VALUES} values in lists")
