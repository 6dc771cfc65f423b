"""Passages of a text: blocks that belong together, joined and cut to about 200 tokens each.

A passage begins where a section does, else with the last words of the one before, so that what is
said across a cut is found. Tokens are estimated: the process that cuts has no tokenizer.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import itemgetter

ROOM = 200  # tokens by the estimate, 160 to 250 by the tokenizer of omni-mini, which reads 254
_OVERLAP = 30  # a sentence
_LEAST = ROOM // 3  # a section that is shorter goes into one passage with its neighbours
_UNIT = ROOM - _OVERLAP  # of one sentence, line or row
_LONGEST_UNIT = 1_000  # characters; what goes on without an end is cut at a blank
_LONGEST_HEADING = 120
_TOKEN = re.compile(r"[A-Za-z]+|\d+|[^\W\d_]+|[^\w\s]|_")
# runs are taken whole and from their first sign on, so that none is gone through twice
_SENTENCE = re.compile(
    "(?<![.!?])[.!?]++[\"')\\]]*+\\s+|[\u3002\uff01\uff1f]++\\s*|\n[^\\S\n]*+\n\\s*"
)
_LINE = re.compile("\n")


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of a text that belongs together: a paragraph, a row, a function.

    `said` is what it says, where that is not the text itself, and `places` pairs where something
    begins in `said` and in the text.
    """

    start: int
    end: int
    said: str | None = None
    places: Sequence[tuple[int, int]] = ()
    begins: bool = False  # a section
    heading: str = ""  # over it, told again where its section goes on in another passage
    lines: bool = False  # it is cut where lines end, not sentences


@dataclass(frozen=True, slots=True)
class Passage:
    """Code points from `start` to `end` of a text, and what they say."""

    start: int
    end: int
    words: str


@dataclass(frozen=True, slots=True)
class _Unit:
    """A sentence, a line or a row: what no passage cuts."""

    start: int
    end: int
    said: str
    tokens: int


def tokens(text: str) -> int:
    """Estimate how many tokens a text has."""
    return sum(map(_cost, _TOKEN.findall(text)))


def _cost(word: str) -> int:
    """Estimate how many tokens a word, a number or a sign is."""
    length, first = len(word), word[0]
    if not first.isascii():
        return length
    if first.isdigit():
        return (length + 1) // 2
    return 1 + (length - 4) // 4 if length > 9 else 1


def passages(text: str, blocks: Iterable[Block]) -> Iterator[Passage]:
    """Join and cut blocks, which come in the order of the text."""
    held = _Held()
    for block in blocks:
        units = _units(text, block)
        first = list(_filling(units))  # of a block without an end, no more than is needed
        full = held.tokens + sum(unit.tokens for unit in first) > ROOM
        if held.tokens >= _LEAST and (block.begins or full):
            yield from held.passage(overlap=not block.begins)
        for unit in chain(first, units):
            if held.fresh and held.tokens + unit.tokens > ROOM:
                yield from held.passage(overlap=True)
            held.add(unit, block.heading)
    yield from held.passage(overlap=False)


def _filling(units: Iterator[_Unit]) -> Iterator[_Unit]:
    """Give units until they fill a passage."""
    size = 0
    for unit in units:
        yield unit
        size += unit.tokens
        if size > ROOM:
            return


class _Held:
    """The passage that is being filled."""

    def __init__(self) -> None:
        self.tokens = 0
        self.fresh = 0  # units that stand in no passage yet
        self.heading = ""
        self._units: list[_Unit] = []
        self._next = ""

    def add(self, unit: _Unit, heading: str) -> None:
        """Take a unit; blanks at the beginning say nothing."""
        if not self._units and unit.said.isspace():
            return
        self._units.append(unit)
        self.tokens += unit.tokens
        self.fresh += 1
        self._next = heading

    def passage(self, *, overlap: bool) -> Iterator[Passage]:
        """Give what is held, unless none of it is new, and keep its last words if asked."""
        units, heading = self._units, self.heading
        said = "".join(unit.said for unit in units).strip()
        if self.fresh and any(sign.isprintable() for sign in said):  # most invisible ones are none
            words = f"{heading}\n{said}" if heading and not said.startswith(heading) else said
            yield Passage(*_trimmed(units), words)
        self._units = _last(units) if overlap else []
        self.heading = self._next if overlap else ""
        self.fresh = 0
        self.tokens = sum(unit.tokens for unit in self._units) + tokens(self.heading)


def heading_of(text: str) -> str:
    """Make a line of a heading, short enough to be told again."""
    return " ".join(text.split())[:_LONGEST_HEADING]


def _last(units: list[_Unit]) -> list[_Unit]:
    """Choose the units at the end that are told again."""
    kept: list[_Unit] = []
    size = 0
    for unit in reversed(units[1:]):
        size += unit.tokens
        if size > _OVERLAP:
            break
        kept.insert(0, unit)
    return kept


def _trimmed(units: list[_Unit]) -> tuple[int, int]:
    """Leave blanks at both ends out of a span, where words are the text itself."""
    full = [unit for unit in units if unit.said.strip()]
    first, last = full[0], full[-1]
    start, end = first.start, last.end
    if len(first.said) == first.end - first.start:
        start += len(first.said) - len(first.said.lstrip())
    if len(last.said) == last.end - last.start:
        end -= len(last.said) - len(last.said.rstrip())
    return start, end


def _units(text: str, block: Block) -> Iterator[_Unit]:
    """Cut a block into what no passage cuts."""
    said = text[block.start : block.end] if block.said is None else block.said
    for start, end in _pieces(said, _LINE if block.lines else _SENTENCE):
        part = said[start:end]
        yield _Unit(_place(block, start), _place(block, end), part, tokens(part))


def _place(block: Block, at: int) -> int:
    """Tell where in the text something stands that a block says."""
    if block.said is None:
        return block.start + at
    if at >= len(block.said):
        return block.end
    number = bisect_right(block.places, at, key=itemgetter(0)) - 1
    said, place = block.places[number] if number >= 0 else (0, block.start)
    return min(place + at - said, block.end)


def _pieces(text: str, ends: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    """Give start and end of sentences or lines, one behind the other."""
    start = 0
    for found in ends.finditer(text):
        yield from _short(text, start, found.end())
        start = found.end()
    yield from _short(text, start, len(text))


def _short(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Cut what is too long for a passage, where a line or a word ends if there is such a place."""
    while start < end:
        stop = min(end, start + _LONGEST_UNIT)
        if stop - start > _UNIT:  # else it has no more tokens than characters
            stop = _fitting(text, start, stop)
        if stop < end:
            least = (start + stop) // 2
            stop = text.rfind("\n", least, stop) + 1 or text.rfind(" ", least, stop) + 1 or stop
        yield start, stop
        start = stop


def _fitting(text: str, start: int, stop: int) -> int:
    """Find how far a unit may go."""
    left = _UNIT
    for found in _TOKEN.finditer(text, start, stop):
        left -= _cost(found[0])
        if left < 0:
            return max(found.start(), start + _UNIT)
    return stop
