"""Text to terms: NFKC, casefold, runs of letters and digits; scripts without spaces in pairs.

In such a run each character begins one term: the pair with the next one, the last one alone. So
whatever is asked for in it is found, a single character by the terms that begin with it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import chain

VERSION = 1  # other terms from the same text: postings are built anew
LONGEST = 64  # characters of a term; what is longer is no word, and is known by its beginning

# Han, Kana, Hangul, Thai, Lao, Burmese, Khmer
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf"
    "\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
# vowel signs and the like, which for Python are no part of a word
_MARKS = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a"
    "\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed\u0900-\u0963\u0966-\u0dff"
    "\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff"
)
_PLAIN = re.compile(r"[a-z0-9]+")
_RUN = re.compile(rf"[{_UNSPACED}]+|(?:[^\W_{_UNSPACED}]|[{_MARKS}])+")
_IS_UNSPACED = re.compile(rf"[{_UNSPACED}]")


def terms(text: str) -> list[str]:
    """List the terms of a text in order; a term's place is its position."""
    if text.isascii():
        return [run[:LONGEST] for run in _PLAIN.findall(text.lower())]
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    runs = _RUN.findall(folded)
    return list(chain.from_iterable(_of_run(run) for run in runs))


def places(text: str) -> Iterator[tuple[str, int, int]]:
    """Give each term with the characters of the text that it comes from: first, behind last."""
    if text.isascii():
        yield from ((found[0][:LONGEST], *found.span()) for found in _PLAIN.finditer(text.lower()))
        return
    for found in _RUN.finditer(text):
        start, run = found.start(), found[0]
        if run.isascii():
            yield run.lower()[:LONGEST], start, found.end()
        elif _IS_UNSPACED.match(run):
            for at in range(len(run)):
                pair = run[at : at + 2]
                yield from ((term, start + at, start + at + len(pair)) for term in terms(pair)[:1])
        else:
            yield from ((term, start, found.end()) for term in terms(run))


def _of_run(run: str) -> list[str]:
    if not _IS_UNSPACED.match(run):
        return [run[:LONGEST]]
    return [run[at : at + 2] for at in range(len(run))]


def is_unspaced(term: str) -> bool:
    """Tell whether a term is of a script without spaces."""
    return _IS_UNSPACED.match(term) is not None
