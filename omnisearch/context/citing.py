"""Numbers in brackets in an answer: which sources it names, and those struck that are none."""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass

_STRUCK = "?"  # stands where a source was named that is none
_MOST = 200  # numbers that a range may stand for
_GAP = r"[^\S\n]{0,3}"
_MORE = rf"(?:{_GAP}[,;\u2013-]{_GAP}\d{{1,3}}){{0,30}}"
_INSIDE = rf"\^?(?:sources?{_GAP})?\d{{1,3}}{_MORE}(?:\u2020[^\]\u3011\n]{{0,40}})?"
_NAMED = re.compile(rf"\s?[\[\u3010]{_GAP}({_INSIDE}){_GAP}[\]\u3011]", re.IGNORECASE)
_RANGE = re.compile(rf"(\d{{1,3}})(?:{_GAP}[\u2013-]{_GAP}(\d{{1,3}}))?")
_OPEN = re.compile(r"\s?(?:[\[\u3010][^\]\u3011\n]{0,450})?$")  # longer than any that is named


@dataclass(frozen=True, slots=True)
class Checked:
    """An answer without what it names in vain, the sources that it names, and what was struck."""

    text: str
    cited: tuple[int, ...]
    struck: tuple[int, ...]


class CitationChecker:
    """Looks at an answer as it comes; what may be the beginning of a number is held back."""

    def __init__(self, numbers: Container[int]) -> None:
        self._numbers = numbers
        self._held = ""
        self._cited, self._struck = dict[int, None](), dict[int, None]()

    def feed(self, piece: str) -> str:
        """Take the next piece, and give what can be shown by now."""
        whole = self._held + piece
        found = _OPEN.search(whole)
        cut = len(whole) if found is None else found.start()
        self._held = whole[cut:]
        return self._told(whole[:cut])

    def end(self) -> str:
        """Give the rest."""
        rest, self._held = self._held, ""
        return self._told(rest)

    @property
    def cited(self) -> tuple[int, ...]:
        """The sources that were named, each once."""
        return tuple(self._cited)

    @property
    def struck(self) -> tuple[int, ...]:
        """The numbers that were named and are no sources."""
        return tuple(self._struck)

    def _told(self, text: str) -> str:
        return _NAMED.sub(self._kept, text)

    def _kept(self, found: re.Match[str]) -> str:
        """Write the numbers that are sources; where none is, a mark, so that no others meet."""
        numbers = _numbers(found[1])
        good = [one for one in numbers if one in self._numbers]
        bad = [one for one in numbers if one not in self._numbers]
        self._cited.update(dict.fromkeys(good))
        self._struck.update(dict.fromkeys(bad))
        if not bad:
            return found[0]
        blank = found[0][: len(found[0]) - len(found[0].lstrip())]
        return f"{blank}[{', '.join(map(str, good)) or _STRUCK}]"


def checked(answer: str, numbers: Container[int]) -> Checked:
    """Check a whole answer."""
    checker = CitationChecker(numbers)
    text = checker.feed(answer) + checker.end()
    return Checked(text, checker.cited, checker.struck)


def _numbers(inside: str) -> list[int]:
    found = list[int]()
    for first, last in _RANGE.findall(inside):
        end = int(last or first)
        some = range(int(first), min(end, int(first) + _MOST) + 1)
        found += some if some else [int(first), end]
    return found
