"""Texts that say the same again: little is new in them, and that is neither a number nor a name.

Told without vectors, since those of two reports that differ in one number are as near as copies.
"""

from __future__ import annotations

import re
from functools import cached_property

_TOGETHER = 4  # words that follow each other
_SAME = 0.8  # of those runs that stand in the other text
_NEW = 0.02  # of the words that do not
_WORD = re.compile(r"\w+")
_TELLING = re.compile(r"\d|[^\W\d_a-z]")  # a digit, or a letter that is not plain and small


class Said:
    """What was said so far."""

    def __init__(self) -> None:
        self._texts: list[_Text] = []

    def repeats(self, text: str) -> bool:
        """Tell whether one of the texts so far says all of this."""
        one = _Text(text)
        return any(other.says(one) for other in self._texts)

    def add(self, text: str) -> None:
        """Remember a text."""
        self._texts.append(_Text(text))


class _Text:
    """The words of a text; its runs are made where the words do not settle it."""

    def __init__(self, text: str) -> None:
        self._listed = _WORD.findall(text)
        self.words = frozenset(self._listed)

    @cached_property
    def runs(self) -> frozenset[tuple[str, ...]]:
        several = [self._listed[at:] for at in range(min(_TOGETHER, len(self._listed)))]
        return frozenset(zip(*several, strict=False))

    def says(self, other: _Text) -> bool:
        """Tell whether it says all of another."""
        new = other.words - self.words
        if not other.words or len(new) > _NEW * len(other.words):
            return False
        if any(map(_TELLING.search, new)):
            return False
        return len(other.runs & self.runs) >= _SAME * len(other.runs)
