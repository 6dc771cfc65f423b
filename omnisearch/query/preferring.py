"""What answers are surer than others, and by which column good ones are ordered.

Neither is an option of a question by itself: the words of one say it (see `omnisearch/routing`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from omnisearch import moments


@dataclass(frozen=True, slots=True)
class Favour:
    """Rows that pass filters, given as options of `query`, gain so many log odds."""

    options: Mapping[str, Any]
    surer: float


@dataclass(frozen=True, slots=True)
class Order:
    """Columns whose product orders good answers; `alone` where nothing else is asked for.

    Good is what has at most `within` log odds less than the best.
    """

    columns: tuple[str, ...]
    largest: bool
    alone: bool = False
    within: float = 0.0


@dataclass(frozen=True, slots=True)
class Understood:
    """Words of a question that were taken for options: by which rule, and for what."""

    words: str
    rule: str
    why: str
    options: Mapping[str, Any] = field(default_factory=dict)
    favours: bool = False  # what passes is surer, others are not left out

    def __str__(self) -> str:
        return f"“{self.words}” is taken for {self.why}{' (preferred)' if self.favours else ''}"

    def as_json(self) -> dict[str, Any]:
        """Give plain data; times as text."""
        options = {name: _plain(value) for name, value in self.options.items()}
        told = {"words": self.words, "rule": self.rule, "why": self.why}
        return {**told, "options": options, "favours": self.favours}


def _plain(value: object) -> Any:  # noqa: ANN401
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, datetime):  # as metadata has it
        return moments.written(value)
    return value if isinstance(value, str | int | float | bool | None) else str(value)
