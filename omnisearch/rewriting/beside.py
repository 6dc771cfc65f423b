"""What a question may bring besides parts and options, checked before anything is read."""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any

from omnisearch.query.given import Given
from omnisearch.rewriting.rewriter import Rewriter, rewritten
from omnisearch.rewriting.rules import Rule, Ruled, rules


class Rewrites(Ruled, total=False):
    """What `query` takes of it."""

    rewriter: Rewriter | None


@dataclass(frozen=True, slots=True)
class Beside:
    """A function that rewrites, and rules."""

    rewriter: Rewriter | None
    rules: Sequence[Rule]

    @classmethod
    def taken(cls, question: MutableMapping[str, Any]) -> Beside:
        """Take it out of what was given."""
        names = [name for name in Rewrites.__annotations__ if name in question]
        found: Rewrites = {name: question.pop(name) for name in names}  # type: ignore[assignment]
        return cls(found.get("rewriter"), rules(found))

    def rewritten(self, question: Given) -> tuple[Given, tuple[str, ...]]:
        """Let the words be rewritten, if somebody does; gives what to say of it, too."""
        return (question, ()) if self.rewriter is None else rewritten(question, self.rewriter)
