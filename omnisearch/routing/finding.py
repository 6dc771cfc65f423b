"""What a rule gives: which words it understood, what of the question they change, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from omnisearch.query.preferring import Order


@dataclass(frozen=True, slots=True)
class Finding:
    """Words from `start` to `end` of a question, and options of `query` that say the same.

    What is `certain` filters, else what passes only counts as surer. What is `spent` says nothing
    of what is looked for.
    """

    rule: str
    start: int
    end: int
    why: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    certain: bool = True
    order: Order | None = None
    spent: bool = False
