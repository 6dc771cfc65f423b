"""Whether a text is English, told by the small words that every sentence of a language needs.

Tried on 28 texts of 26 languages and on English prose, lists and documentation in
`tests/ingest/test_language.py`; what has too few words is not judged.
"""

from __future__ import annotations

import json
import re
from functools import cache
from importlib import resources

_WORD = re.compile(r"[^\W\d_]+(?:[-'\u2019][^\W\d_]+)*")
_ENGLISH = "english"
_FEWEST = 8  # words that a text needs, to be judged at all
_MOST = 400  # words that are looked at
_CLEAR = 0.12  # of the words: as few small ones has the tersest prose of a language
_SEVERAL = 3  # different ones: a table has the same letter in each row
_LATIN_ENDS = 0x250  # of the letters; then come Greek, Cyrillic and all others
_FURTHER = range(0x1E00, 0x1F00)  # more letters of Latin, such as those of Vietnamese


def is_english(text: str) -> bool | None:
    """Tell whether a text is English; None where it has too little to tell."""
    sample = text[: 12 * _MOST]
    letters = [one for one in sample if one.isalpha()]
    if len(letters) >= 2 * _FEWEST and 2 * sum(map(_foreign, letters)) > len(letters):
        return False
    words = [found[0].lower() for found in _WORD.finditer(sample)][:_MOST]
    if len(words) < _FEWEST:
        return None
    found = {name: [word for word in words if word in small] for name, small in _small().items()}
    best = max(found.values(), key=len)
    if len(best) < _CLEAR * len(words) or len(set(best)) < _SEVERAL:
        return None
    return len(found[_ENGLISH]) == len(best)


def _foreign(letter: str) -> bool:
    return ord(letter) >= _LATIN_ENDS and ord(letter) not in _FURTHER


@cache
def _small() -> dict[str, frozenset[str]]:
    source = resources.files("omnisearch.ingest").joinpath("languages.json")
    lists: dict[str, str] = json.loads(source.read_text("utf-8"))
    return {name: frozenset(words.split()) for name, words in lists.items()}
