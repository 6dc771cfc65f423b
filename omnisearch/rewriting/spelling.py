"""Words of a question that nothing here says, and that are spelt nearly like one that is said.

What stands in quotes, has digits or signs in it, is in capitals, or of a script other than Latin is
left alone: names and codes are as they are. So is a word that the encoder knows whole: that nothing
here says it makes it no mistake. A repair of two letters may be of a right word that is rare: it is
looked for, where the word itself finds nothing, but what the question means is left as it is.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np

from omnisearch.encoder.parts import Part, Text
from omnisearch.query.asked import Asking, words_of
from omnisearch.query.given import Given
from omnisearch.query.options import Wish
from omnisearch.query.snippets import small_in
from omnisearch.storage.generation import Generation
from omnisearch.storage.origin import OWN_VECTORS
from omnisearch.storage.words import tokens
from omnisearch.storage.words.near import Near, near
from omnisearch.storage.words.quotes import QUOTED
from omnisearch.storage.words.stems import stem

Known = Callable[[str], bool]
_SHORTEST = 4  # letters: of shorter words too many are alike
_TWICE = 7  # letters from which on two edits leave a word what it is
_LONGEST = 1_000  # characters: more is a text to compare with, and nobody's typing
_WORDS = 32  # of a question that are looked at
_EDIT = 4.0  # log of how much more often a word is said that is meant though one edit farther
_FIRST = 2.0  # the same for another first letter, which is seldom mistaken
_CHUNK = re.compile(r"\S+")
_SIGNS = ".,;:!?()[]{}'\"\u2018\u2019\u201c\u201d\u2026\u00ab\u00bb"
_LETTERS = r"[a-z\u00df-\u00f6\u00f8-\u024f]+"
_LATIN = re.compile(rf"{_LETTERS}(?:['\u2019-]{_LETTERS})*")


@dataclass(frozen=True, slots=True)
class Spelt:
    """A question with its words repaired, if they are to be; the words, and what to say of them.

    `question` is what is encoded; `looked_for` has further repairs, for BM25 alone.
    """

    question: Given
    looked_for: Given
    words: Mapping[str, str] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()


def respelt(asking: Asking, question: Given, wish: Wish) -> Spelt:
    """Put words that are said here in the place of mistakes, or only say which these are."""
    typed = [part for part in question.parts if isinstance(part, Text) and _is_typed(part)]
    if wish.spelling == "off" or not typed:
        return Spelt(question, question)
    words = " ".join(part.text for part in typed)
    found = suggestions(asking.now, words, _known(asking, wish, words))
    if wish.spelling == "suggest":
        told = (
            f'nothing says "{one}": did you mean "{meant.term}"?' for one, meant in found.items()
        )
        return Spelt(question, question, _terms(found), tuple(told))
    sure = {one: meant for one, meant in found.items() if meant.edits == 1}
    if words_of(question, wish.mode) is None:  # nothing is looked for
        found = sure
    whole = sure if wish.mode != "words" else found
    told = (_told(one, meant.term, one in whole) for one, meant in found.items())
    encoded, looked_for = (_repaired(question, _terms(some)) for some in (whole, found))
    return Spelt(encoded, looked_for, _terms(found), tuple(told))


def suggestions(now: Generation, words: str, known: Known) -> dict[str, Near]:
    """Give for each word that nothing says the one that may be meant."""
    found: dict[str, Near] = {}
    for term in list(dict.fromkeys(term for term, _, _ in _touchable(words)))[:_WORDS]:
        if not _is_said(now, term) and not known(term):
            meant = _meant(now, term)
            if meant is not None:
                found[term] = meant
    return found


def _terms(found: Mapping[str, Near]) -> dict[str, str]:
    return {one: meant.term for one, meant in found.items()}


def _told(one: str, meant: str, whole: bool) -> str:
    if whole:
        return f'nothing says "{one}": asked with "{meant}"'
    return f'nothing says "{one}": looked for "{meant}", meaning as written'


def _is_typed(part: Text) -> bool:
    return part.weight > 0 and len(part.text) <= _LONGEST


def _known(asking: Asking, wish: Wish, words: str) -> Known:
    """Say what tells a word: the encoder, where it is read for the question, and small words."""
    small = cache(lambda: small_in(tokens.terms(words)))  # most questions need none
    encoded = wish.mode != "words" and asking.now.sealed.manifest.space != OWN_VECTORS

    def known(term: str) -> bool:
        return stem(term) in small() or (encoded and asking.encoder().tokens(term) == 1)

    return known


def _repaired(question: Given, found: Mapping[str, str]) -> Given:
    if not found:
        return question
    return replace(question, parts=tuple(_respelt(part, found) for part in question.parts))


def _respelt(part: Part, found: Mapping[str, str]) -> Part:
    if not isinstance(part, Text) or not _is_typed(part):
        return part
    text = part.text
    for term, start, end in reversed(list(_touchable(text))):
        if term in found:
            text = f"{text[:start]}{found[term]}{text[end:]}"
    return replace(part, text=text)


def _touchable(words: str) -> Iterator[tuple[str, int, int]]:
    """Give the words that may be mistakes: as terms, with where they stand."""
    quoted = [match.span() for match in QUOTED.finditer(words)]
    shouted = words.isupper()
    for chunk in _CHUNK.finditer(words):
        written = chunk[0].strip(_SIGNS)
        start = chunk.start() + chunk[0].find(written)
        if any(first <= start < last for first, last in quoted):
            continue
        if not _LATIN.fullmatch(written.casefold()) or (written.isupper() and not shouted):
            continue
        for term, first, last in tokens.places(written):
            if len(term) >= _SHORTEST:
                yield term, start + first, start + last


def _is_said(now: Generation, term: str) -> bool:
    if now.shown is None:
        return now.words.says(term)
    return bool(np.any(now.shown[now.words.saying(term)]))


def _meant(now: Generation, term: str) -> Near | None:
    """Choose a word that is said: the more edits, the more often it has to be."""
    likely = [
        one
        for one in near(now.words, term, 1 if len(term) < _TWICE else 2)
        if one.rows and one.term.isalpha() and len(one.term) >= _SHORTEST - 1
    ]
    likely.sort(key=lambda one: (-_worth(term, one), one.term))
    return next((one for one in likely if _is_said(now, one.term)), None)


def _worth(term: str, one: Near) -> float:
    edits = 0.5 if stem(one.term) == stem(term) else one.edits
    return math.log(one.rows) - _EDIT * edits - _FIRST * (one.term[0] != term[0])
