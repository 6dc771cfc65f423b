"""Rules as retrieval takes them: each part encoded as a question of its own, in the sandbox."""

from __future__ import annotations

from collections.abc import Sequence
from weakref import WeakKeyDictionary

from omnisearch.errors import QueryError
from omnisearch.query.asked import Asked, Asking, Reference, asked
from omnisearch.query.given import given
from omnisearch.query.options import Wish
from omnisearch.rewriting.rules import Rule
from omnisearch.storage.origin import OWN_VECTORS


def said_of(references: Sequence[Reference]) -> tuple[str, ...]:
    """Say once what a person did not expect of the files that hits are held against."""
    told = [
        f"{'deny' if one.deny else 'allow'}: {remark}"
        for one in references
        for remark in one.asked.remarks
    ]
    return tuple(dict.fromkeys(told))


class References:
    """Encodes rules; one that somebody holds is encoded once for each space."""

    def __init__(self) -> None:
        self._known = WeakKeyDictionary[Rule, tuple[str, Asked]]()

    def of(self, asking: Asking, rules: Sequence[Rule]) -> tuple[Reference, ...]:
        """Encode the rules of one question."""
        if rules and asking.now.sealed.manifest.space == OWN_VECTORS:
            raise QueryError(
                "deny, allow and policy: vectors of your own have no confidence, since no encoder "
                "made them; leave these out"
            )
        return tuple(
            Reference(self._asked(asking, rule), rule.effect == "deny", rule.at, rule.why)
            for rule in rules
        )

    def _asked(self, asking: Asking, rule: Rule) -> Asked:
        space = asking.now.sealed.manifest.space
        known = self._known.get(rule)
        if known is not None and known[0] == space:
            return known[1]
        found = asked(asking, given([rule.part]), Wish())
        self._known[rule] = space, found
        return found
