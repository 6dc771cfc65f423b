"""What a context is made of: parts, each with the place that it is from, and where budgets stand.

A part is plain data, but for its picture, which is made when somebody looks at it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from omnisearch.errors import QueryError
from omnisearch.records import Modality, Span
from omnisearch.values import short

Count = Callable[[str], int]
_LONGEST = 1_000_000  # tokens: more than any model reads, and what is read for it fits in memory


@dataclass(frozen=True, slots=True)
class Citation:
    """A place that can be pointed to; `number` is what stands in brackets."""

    number: int
    id: str
    item: str
    uri: str | None
    span: Span | None
    modality: Modality | None
    confidence: float | None

    def as_json(self) -> dict[str, Any]:
        """Give what is printed, under the names of a hit."""
        span = None if self.span is None else self.span.as_json()
        names = ("number", "id", "item", "uri", "modality", "confidence")
        return {**{name: getattr(self, name) for name in names}, "span": span}


@dataclass(frozen=True, slots=True)
class ContextPart:
    """A passage, a transcript, or a picture with what it says: `text` may be empty there.

    `tokens` counts all that it takes of the budget; `shown` says that a picture belongs to it.
    """

    citation: Citation
    text: str
    tokens: int
    shown: bool = False
    quoted: str = field(default="", repr=False)  # the text between its marks, with its source
    _draw: Callable[[], bytes | None] | None = field(default=None, repr=False, compare=False)

    @property
    def image(self) -> bytes | None:
        """Give a small JPEG, made now; None where there is none, or its file is gone."""
        return None if self._draw is None else self._draw()

    def as_json(self) -> dict[str, Any]:
        """Give what is printed: all but the picture itself."""
        told = {"text": self.text, "tokens": self.tokens, "shown": self.shown}
        return {**self.citation.as_json(), **told}


@dataclass(frozen=True, slots=True)
class Room:
    """How much a context may take: tokens in all, of which pictures have half at most."""

    tokens: int
    media: int
    count: Count = len
    counted: bool = False  # as the user said

    @classmethod
    def of(cls, budget_tokens: object, max_media: object, count: Count | None) -> Room:
        """Check what was given."""
        tokens = _whole("budget_tokens", budget_tokens, 1, _LONGEST)
        media = _whole("max_media", max_media, 0, 1_000)
        if count is not None and not callable(count):
            raise TypeError(f"tokens is {short(count)}: what gives the number of tokens of a text")
        return cls(tokens, media) if count is None else cls(tokens, media, count, counted=True)

    def counting(self, count: Count) -> Room:
        """Count in this way, unless the user has another."""
        return self if self.counted else replace(self, count=count)

    @property
    def candidates(self) -> int:
        """Say how many segments are looked at: as many as fit, if each is a sentence."""
        return min(max(self.tokens // 32, 16), 400)


def _whole(name: str, value: object, least: int, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} is {short(value)}: a whole number")
    if not least <= value <= most:
        raise QueryError(f"{name} is {value:,}: give {least:,} to {most:,}")
    return value
