"""A question in words: what to look up, and what must stand together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from omnisearch.storage.words import tokens
from omnisearch.storage.words.quotes import QUOTED
from omnisearch.storage.words.stems import stem

MOST_WORDS = 1_000  # of one question; what is longer is a document


@dataclass(frozen=True, slots=True)
class Wanted:
    """A term to look up: as it is spelt, by its beginning, or in every form of its stem."""

    term: str
    how: Literal["spelt", "start", "stem"] = "spelt"


@dataclass(frozen=True, slots=True)
class Asked:
    """Words of which any may be there, and phrases which all must."""

    words: tuple[Wanted, ...] = ()
    phrases: tuple[tuple[Wanted, ...], ...] = ()


def ask(text: str, *, stems: bool = False) -> Asked:
    """Read a question; what stands in quotes must be there, word behind word."""
    loose = QUOTED.sub(" ", text).replace('"', " ")
    quoted = [match[0][1:-1] for match in QUOTED.finditer(text)]
    words = dict.fromkeys(_wanted(loose, stems)[:MOST_WORDS])
    phrases = [tuple(_wanted(inside, stems)[:MOST_WORDS]) for inside in quoted]
    return Asked(tuple(words), tuple(dict.fromkeys(phrase for phrase in phrases if phrase)))


def _wanted(text: str, stems: bool) -> list[Wanted]:
    found = []
    before = ""
    for term in tokens.terms(text):
        alone = len(term) == 1 and tokens.is_unspaced(term)
        if alone and before[1:] == term:  # the last character of a run, which a pair has already
            before = term
            continue
        before = term
        if alone:
            found.append(Wanted(term, "start"))
        else:
            found.append(Wanted(stem(term), "stem") if stems else Wanted(term))
    return found
