"""Which candidates are taken: the best that fit, each thing once, no item before all others.

What follows each other in an item becomes one passage. Of a long one, a part is taken that has the
words of the question, so that no page takes all the room.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from omnisearch.context import quoting
from omnisearch.context.candidates import Candidate
from omnisearch.context.excerpts import excerpt
from omnisearch.context.likeness import Said
from omnisearch.context.parts import Room
from omnisearch.query.snippets import Snippets
from omnisearch.records import Hit, PageSpan, RegionSpan, Span, TextSpan, TimeSpan

SIDE = 448  # pixels of a picture, at most
_PATCH = 28  # pixels of a side that cost a token: models take 26 to 32, or less for all of it
_FIRST = 3  # passages that are quoted at length
_EACH, _LATER = 5, 20  # which part of the room one of them takes, and one of the others
_ITEM = 2.5  # which part an item takes while others wait
_SHORT = 96  # tokens that any may take
_MISSES = 3  # that follow each other end the search, where there is room for short passages only
_PASSAGE = 256  # tokens that it may always take
_MARK = "0063"  # of four digits none is more tokens
_HEAD = 10  # tokens of the name of a source, at least
_LEAST = 24  # characters of a part of a passage that is worth a quotation
_NEAR, _GAP_S = 4, 2.0  # characters, and seconds, between passages that follow each other
_DENSE, _USUAL = 10, 4.3  # letters of a token: no text has more, and what most have
_LONGER = 6  # tokens by which the name of a source may grow with its span
_BEGINNING = Snippets()  # of what has no word of the question
_GUESS = 0.95  # of the letters that fit, if a part is as dense as the whole


@dataclass(slots=True, eq=False)
class Taken:
    """What one number stands for: one segment, or some of an item that follow each other."""

    hit: Hit
    texts: list[tuple[Span | None, str]]
    tokens: int
    pixels: int = 0  # tokens of its picture, 0 where it is not shown

    def extend(self, texts: Sequence[tuple[Span | None, str]], tokens: int) -> None:
        """Take in what follows, or stands before."""
        self.texts.extend(texts)
        self.tokens += tokens

    @property
    def text(self) -> str:
        """Give what they say, in their order."""
        ordered = sorted(self.texts, key=lambda one: _begin(one[0]))
        said, behind = list[str](), 0
        for span, text in ordered:
            if isinstance(span, TextSpan):
                twice = behind - span.start  # passages overlap
                if 0 < twice and len(text) == span.end - span.start:
                    text = text[twice:].lstrip()
                behind = max(behind, span.end)
            said.append(text)
        return "\n".join(text for text in said if text)

    @property
    def span(self) -> Span | None:
        """Give from where to where they go."""
        first, *others = (span for span, _ in self.texts)
        for span in others:
            first = _joined(first, span) or first
        return first


class _Fitted(NamedTuple):
    """A text that fits, what it costs with its picture, and the passage that it goes on with."""

    text: str
    cost: int
    pixels: int
    follows: Taken | None


class Choice:
    """What was taken so far, and what room is left."""

    def __init__(self, room: Room, snippets: Snippets) -> None:
        self.room, self._snippets = room, snippets
        self._count = cache(room.count)
        self.rules = self._count(f"{quoting.rules(_MARK)}\n\n")
        self.left = room.tokens - self.rules
        self._around = self._count(f"\n<<{_MARK}\n\n{_MARK}>>\n\n")
        self.taken = list[Taken]()
        self._said, self._items = Said(), dict[str, int]()
        self._shown = self._drawn = 0  # pictures, and their tokens

    def take(self, candidates: Iterable[Candidate]) -> None:
        """Take what fits, those of an item that has had its share behind all others."""
        later, missed = list[Candidate](), 0
        for one in candidates:
            left = self.left
            if left < self._around + _HEAD or missed == _MISSES:
                break
            if not self._offer(one, self.room.tokens / _ITEM):
                later.append(one)
            missed = missed + 1 if left < _SHORT and self.left == left else 0
        for one in later:
            self._offer(one, math.inf)

    def _offer(self, one: Candidate, share: float) -> bool:
        """Take one if it is of use and fits; tells whether that is settled."""
        if self._is_there(one):
            return True
        before = self._items.get(one.hit.item, 0)
        if before and before + self._count(one.words) > share:
            return False
        pixels = self._pixels(one)
        fitted = self._fitted(one, pixels)
        if fitted is None and pixels:
            fitted = self._fitted(one, 0)
        if fitted is not None:
            self._add(one, fitted)
        return True

    def _is_there(self, one: Candidate) -> bool:
        """Tell whether it is shown or said already."""
        if one.repeated or any(_covers(held, one.hit) for held in self.taken):
            return True
        return bool(one.words) and one.hit.modality != "image" and self._said.repeats(one.words)

    def _follows(self, one: Candidate) -> Taken | None:
        """Find the passage that this one stands before or behind."""
        return next(
            (
                held
                for held in self.taken
                if held.hit.item == one.hit.item
                and not held.pixels
                and _joined(held.span, one.hit.span) is not None
            ),
            None,
        )

    def _pixels(self, one: Candidate) -> int:
        """Say how many tokens its picture takes; 0 where it is not shown."""
        if not one.visible or self._shown >= self.room.media:
            return 0
        tokens = picture_tokens(one.hit)
        half = self.room.tokens // 2
        return tokens if self._drawn + tokens <= half and tokens <= self.left else 0

    def _fitted(self, one: Candidate, pixels: int) -> _Fitted | None:
        """Give as much of its text as fits; None where that is not worth it."""
        follows = None if pixels else self._follows(one)
        words = one.words if one.telling or pixels else ""
        told = "" if follows else quoting.facts(one.hit)
        whole = "\n".join(part for part in (words, told) if part)
        if not (whole or pixels):
            return None
        most = min(self.left - pixels, self._most())
        long = len(whole) > most * _DENSE
        if not long and (cost := self._cost(one.hit, whole, follows)) <= most:
            return _Fitted(whole, cost + pixels, pixels, follows)
        own = self._cost(one.hit, "", follows)
        dense = _USUAL if long else (1 + len(whole)) / (1 + max(cost - own, 0))
        snippets = self._snippets if one.telling and "bm25" in one.hit.parts else _BEGINNING
        letters = int(_GUESS * dense * (most - own))
        while letters >= _LEAST:
            text = excerpt(snippets, whole, letters)
            if (cost := self._cost(one.hit, text, follows)) <= most:
                return _Fitted(text, cost + pixels, pixels, follows)
            letters = letters * 3 // 4
        cost = self._cost(one.hit, "", None)
        return _Fitted("", cost + pixels, pixels, None) if pixels and cost <= most else None

    def _most(self) -> int:
        """Say how many tokens the next passage may take: the first ones more, so that many fit."""
        if len(self.taken) < _FIRST:
            return max(self.room.tokens // _EACH, _PASSAGE)
        return max(self.room.tokens // _LATER, _SHORT)

    def _cost(self, hit: Hit, text: str, follows: Taken | None) -> int:
        """Count a text with what stands around it; tokens do not go on beyond a line."""
        if follows is not None:
            return self._count(text) + _LONGER
        named = quoting.head(len(self.taken) + 1, hit)
        return self._count(f"{named}\n{text}") + self._around

    def _add(self, one: Candidate, fitted: _Fitted) -> None:
        self.left -= fitted.cost
        self._items[one.hit.item] = self._items.get(one.hit.item, 0) + fitted.cost
        if one.words:
            self._said.add(one.words)
        if fitted.follows is not None:
            fitted.follows.extend([(one.hit.span, fitted.text)], fitted.cost)
            self._close_up(fitted.follows)
            return
        self._drawn, self._shown = self._drawn + fitted.pixels, self._shown + bool(fitted.pixels)
        self.taken.append(Taken(one.hit, [(one.hit.span, fitted.text)], fitted.cost, fitted.pixels))

    def _close_up(self, grown: Taken) -> None:
        """Make two passages one that a third has brought together."""
        for other in [held for held in self.taken if _follow(held, grown)]:
            first, last = sorted((grown, other), key=self.taken.index)
            first.extend(last.texts, last.tokens)
            self.taken.remove(last)
            grown = first


def _follow(one: Taken, other: Taken) -> bool:
    """Tell whether two passages of an item follow each other."""
    together = one is not other and one.hit.item == other.hit.item
    alone = not one.pixels and not other.pixels
    return together and alone and _joined(one.span, other.span) is not None


def picture_tokens(hit: Hit) -> int:
    """Bound what a picture costs: a token for each 28 by 28 pixels, as models with tiles do."""
    kind = "video" if hit.modality == "video" else "image"
    wide, high = (hit.metadata.get(f"{kind}.{side}") for side in ("width", "height"))
    if not (isinstance(wide, int) and isinstance(high, int) and wide > 0 and high > 0):
        wide = high = SIDE
    if isinstance(hit.span, RegionSpan):
        wide, high = wide * hit.span.box[2], high * hit.span.box[3]
    scale = min(1.0, SIDE / max(wide, high))
    across, down = (max(1, math.ceil(side * scale / _PATCH)) for side in (wide, high))
    return across * down


def _covers(held: Taken, hit: Hit) -> bool:
    """Tell whether a place was taken already, for the most part: a page stands for its boxes."""
    if held.hit.item != hit.item:
        return False
    for span, _ in held.texts:
        match span, hit.span:
            case PageSpan(page, box), PageSpan(other, another) if page == other:
                if box is None or another is None or box == another:
                    return True
            case TimeSpan(start, end), TimeSpan(begin, stop):
                if min(end, stop) - max(start, begin) > (stop - begin) / 2:
                    return True
            case RegionSpan(), RegionSpan():
                return True
            case (a, b) if a == b:
                return True
    return False


def _joined(one: Span | None, other: Span | None) -> Span | None:
    """Give the span of two that follow each other; None where something lies between."""
    match one, other:
        case TextSpan(start, end), TextSpan(begin, stop):
            if max(start, begin) - min(end, stop) <= _NEAR:
                return TextSpan(min(start, begin), max(end, stop))
        case TimeSpan(start_s, end_s), TimeSpan(begin_s, stop_s):
            if max(start_s, begin_s) - min(end_s, stop_s) <= _GAP_S:
                return TimeSpan(min(start_s, begin_s), max(end_s, stop_s))
        case PageSpan(page, _), PageSpan(another, _) if page == another:
            return PageSpan(page)
    return None


def _begin(span: Span | None) -> tuple[float, ...]:
    match span:
        case TextSpan(start, _):
            return (start,)
        case TimeSpan(start_s, _):
            return (start_s,)
        case PageSpan(_, (x, y, _, _)):
            return (y, x)
    return ()
