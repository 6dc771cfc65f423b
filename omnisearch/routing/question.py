"""A question as rules read it: in plain letters, at the same places as in the text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Self

LONGEST = 500  # characters: what is longer is a passage, and asks by what it means
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")


@dataclass(frozen=True, slots=True)
class Question:
    """The words, the same in lower case with plain letters only, and the day that it is."""

    text: str
    plain: str
    today: date

    @classmethod
    def of(cls, text: str, today: date) -> Self:
        """Take a question; other letters than those of English become one that no rule knows."""
        kept = (one if one.isascii() else "~" if one.isalnum() else " " for one in text)
        return cls(text, "".join(kept).lower(), today)

    def words(self) -> list[tuple[str, int, int]]:
        """List the words as they are written, each with its place."""
        return [(found[0], *found.span()) for found in _WORD.finditer(self.text)]
