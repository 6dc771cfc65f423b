"""English stems by the rules of M. F. Porter, "An algorithm for suffix stripping" (1980)."""

from __future__ import annotations

import re
from functools import lru_cache

_PLURALS = (("sses", "ss"), ("ies", "i"), ("ss", "ss"), ("s", ""))
_DOUBLE = {
    "ational": "ate",
    "tional": "tion",
    "enci": "ence",
    "anci": "ance",
    "izer": "ize",
    "abli": "able",
    "alli": "al",
    "entli": "ent",
    "eli": "e",
    "ousli": "ous",
    "ization": "ize",
    "ation": "ate",
    "ator": "ate",
    "alism": "al",
    "iveness": "ive",
    "fulness": "ful",
    "ousness": "ous",
    "aliti": "al",
    "iviti": "ive",
    "biliti": "ble",
}
_FULL = {
    "icate": "ic",
    "ative": "",
    "alize": "al",
    "iciti": "ic",
    "ical": "ic",
    "ful": "",
    "ness": "",
}
_LAST = (
    "al ance ence er ic able ible ant ement ment ent ou ism ate iti ous ive ize sion tion"
).split()
_FORMS = re.compile(r"[a-z]{3,}")


@lru_cache(maxsize=1 << 16)
def stem(word: str) -> str:
    """Give what a word has in common with its other forms; only plain English words change."""
    if not _FORMS.fullmatch(word):
        return word
    word = _endings(_plural(word))
    word = _replaced(_replaced(word, _DOUBLE), _FULL)
    return _tidied(_shortened(word))


def _shape(word: str) -> str:
    """Write a word as consonants (c) and vowels (v); y is a vowel behind a consonant."""
    shape = ""
    for letter in word:
        vowel = letter in "aeiou" or (letter == "y" and shape[-1:] == "c")
        shape += "v" if vowel else "c"
    return shape


def _measure(word: str) -> int:
    """Count how often consonants follow vowels."""
    return _shape(word).count("vc")


def _ends_short(word: str) -> bool:
    """Tell whether a word ends like `hop`, so that an e belongs behind it."""
    return _shape(word[-3:] if len(word) > 3 else word).endswith("cvc") and word[-1] not in "wxy"


def _plural(word: str) -> str:
    for ending, new in _PLURALS:
        if word.endswith(ending):
            return word[: len(word) - len(ending)] + new
    return word


def _endings(word: str) -> str:
    """Take off -eed, -ed and -ing; then y becomes i."""
    if word.endswith("eed"):
        word = word[:-1] if _measure(word[:-3]) > 0 else word
    else:
        for ending in ("ed", "ing"):
            rest = word[: -len(ending)]
            if word.endswith(ending):
                word = _mended(rest) if "v" in _shape(rest) else word
                break
    return word[:-1] + "i" if word.endswith("y") and "v" in _shape(word[:-1]) else word


def _mended(rest: str) -> str:
    """Give back the e that an ending took, or take one of a doubled letter."""
    if rest.endswith(("at", "bl", "iz")):
        return rest + "e"
    if len(rest) > 1 and rest[-1] == rest[-2] and _shape(rest)[-1] == "c" and rest[-1] not in "lsz":
        return rest[:-1]
    return rest + "e" if _measure(rest) == 1 and _ends_short(rest) else rest


def _replaced(word: str, endings: dict[str, str]) -> str:
    """Replace the longest ending of a table, where enough of the word is before it."""
    found = [ending for ending in endings if word.endswith(ending)]
    if not found:
        return word
    ending = max(found, key=len)
    rest = word[: -len(ending)]
    return rest + endings[ending] if _measure(rest) > 0 else word


def _shortened(word: str) -> str:
    found = [ending for ending in _LAST if word.endswith(ending)]
    if not found:
        return word
    ending = max(found, key=len)
    cut = 3 if ending in ("sion", "tion") else len(ending)
    rest = word[:-cut]
    return rest if _measure(rest) > 1 else word


def _tidied(word: str) -> str:
    """Drop a last e, and one of two l."""
    if word.endswith("e"):
        rest = word[:-1]
        measure = _measure(rest)
        if measure > 1 or (measure == 1 and not _ends_short(rest)):
            word = rest
    return word[:-1] if word.endswith("ll") and _measure(word[:-1]) > 1 else word
