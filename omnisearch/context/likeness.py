"""Texts that say the same again: little is new in them, and that is neither a number nor a name.

Told without vectors, since those of two reports that differ in one number are as near as copies.
"""

from __future__ import annotations

import re

_TOGETHER = 4  # words that follow each other
_SAME = 0.8  # of those runs that stand in the other text
_NEW = 0.02  # of the words that do not
_WORD = re.compile(r"\w+")
_TELLING = re.compile(r"\d|[^\W\d_a-z]")  # a digit, or a letter that is not plain and small


class Said:
    """What was said so far."""

    def __init__(self) -> None:
        self._texts: list[tuple[frozenset[str], frozenset[tuple[str, ...]]]] = []

    def repeats(self, text: str) -> bool:
        """Tell whether one of the texts so far says all of this."""
        words = _WORD.findall(text)
        own, runs = frozenset(words), _runs(words)
        return any(_says(own, runs, *other) for other in self._texts)

    def add(self, text: str) -> None:
        """Remember a text."""
        words = _WORD.findall(text)
        self._texts.append((frozenset(words), _runs(words)))


def _runs(words: list[str]) -> frozenset[tuple[str, ...]]:
    several = [words[at:] for at in range(min(_TOGETHER, len(words)))]
    return frozenset(zip(*several, strict=False))


def _says(
    own: frozenset[str],
    runs: frozenset[tuple[str, ...]],
    others: frozenset[str],
    known: frozenset[tuple[str, ...]],
) -> bool:
    new = own - others
    if not own or len(new) > _NEW * len(own) or any(map(_TELLING.search, new)):
        return False
    return len(runs & known) >= _SAME * len(runs)
