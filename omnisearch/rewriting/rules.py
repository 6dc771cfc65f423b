"""Rules: what hits must not be near, or must be near, and from which confidence on that is near."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import KW_ONLY, dataclass
from os import PathLike
from pathlib import Path
from typing import Any, Literal, TypedDict, get_args

from omnisearch.encoder.parts import PARTS, Part, Row, Text, as_part
from omnisearch.errors import QueryError
from omnisearch.media.source import FILES, named
from omnisearch.values import short

Effect = Literal["deny", "allow"]
EFFECTS: tuple[Effect, ...] = get_args(Effect)
AT = 0.5  # a hit that is as near is as likely a right answer to the part as not
_SHORT = 40  # characters of words that stand for a reason


@dataclass(frozen=True, eq=False)
class Rule:
    """What hits must not be near (`deny`), or one of what they must be near (`allow`).

    Near is what would be an answer to the part with a confidence of `at` or more. `reason` stands
    beside the count of what a rule withheld.
    """

    effect: Effect
    part: Part | str
    _: KW_ONLY
    at: float = AT
    reason: str = ""

    def __post_init__(self) -> None:
        if self.effect not in EFFECTS:
            raise QueryError(f"a rule is {self.effect!r}: deny or allow")
        object.__setattr__(self, "part", checked(self.part))
        object.__setattr__(self, "at", threshold(self.at, "at"))
        if not isinstance(self.reason, str):
            raise TypeError(f"reason is {short(self.reason)}: a text")

    @property
    def why(self) -> str:
        """Say why something is withheld by it."""
        return self.reason or f"near {_named(as_part(self.part))}"


class Ruled(TypedDict, total=False):
    """What hits are held against, beside a question."""

    deny: Any
    allow: Any
    policy: str | PathLike[str] | Sequence[Rule] | None


def rules(given: Ruled) -> Sequence[Rule]:
    """Collect all rules of a question."""
    return [*_policy(given.get("policy")), *_of_parts(given)]


def _of_parts(given: Ruled) -> Iterator[Rule]:
    for effect in EFFECTS:
        value = given.get(effect)
        if value is None:
            continue
        some = value if isinstance(value, list | tuple) else [value]
        if not some:
            raise QueryError(f"{effect} is an empty list: leave it out, or give a part")
        yield from (Rule(effect, one) for one in some)


def _policy(value: object) -> Sequence[Rule]:
    if value is None:
        return []
    if isinstance(value, str | PathLike):
        from omnisearch.rewriting.policy import read_policy

        return read_policy(Path(value))
    if not isinstance(value, Sequence) or not all(isinstance(one, Rule) for one in value):
        raise TypeError(f"policy is {short(value)}: a file of rules, or a list of om.Rule")
    return value


def checked(part: object) -> Part:
    """Take a reference: one part with something in it."""
    if isinstance(part, Row):
        raise TypeError("a rule has one part: give each part of the Row a rule of its own")
    if not isinstance(part, (str, *PARTS)):
        kinds = ", ".join(kind.__name__ for kind in PARTS)
        raise TypeError(f"{type(part).__name__} is no part: give a string, {kinds}")
    found = as_part(part)  # type: ignore[arg-type]
    if isinstance(found, Text) and not found.text.strip():
        raise QueryError("a text that hits are held against has no words: give some")
    if found.weight != 1:
        raise QueryError(
            f"a rule has no weight, and this part has {found.weight:g}: at= says how near is near"
        )
    return found


def threshold(value: object, name: str) -> float:
    """Take a confidence above 0, and below 1, which nothing reaches."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{name} is {short(value)}: a number above 0 and below 1")
    if not (math.isfinite(value) and 0 < value < 1):
        raise QueryError(f"{name} is {value}: a confidence above 0 and below 1, such as {AT}")
    return float(value)


def _named(part: Part) -> str:
    if isinstance(part, Text):
        words = " ".join(part.text.split())
        return repr(words if len(words) <= _SHORT else f"{words[:_SHORT]}…")
    source = part.source
    if isinstance(source, str | Path):
        return Path(source).name
    return named(source) if isinstance(source, FILES) else f"the {part.modality} that was given"
