"""Questions as hurried fingers type them: one word has a mistake, or two."""

from __future__ import annotations

import re

import numpy as np

_WORD = re.compile(r"[A-Za-z]{5,}")
_TWICE = 0.2  # of the words have two mistakes
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_BESIDE = {
    row[at]: row[max(0, at - 1) : at] + row[at + 1 : at + 2]
    for row in _ROWS
    for at in range(len(row))
}


def mistyped(text: str, rng: np.random.Generator) -> str | None:
    """Write one word of five letters or more wrongly; None where there is none."""
    words = list(_WORD.finditer(text))
    if not words:
        return None
    chosen = words[int(rng.integers(len(words)))]
    word = chosen[0]
    for _ in range(2 if rng.random() < _TWICE else 1):
        word = _slip(word, rng)
    return text[: chosen.start()] + word + text[chosen.end() :]


def _slip(word: str, rng: np.random.Generator) -> str:
    """Leave a letter out, hit a key beside it or that as well, or swap it with the next one."""
    at = int(rng.integers(len(word) - 1))
    near = _BESIDE.get(word[at].lower(), "e")
    key = near[int(rng.integers(len(near)))]
    kind = int(rng.integers(4))
    if kind == 0:
        return word[:at] + word[at + 1 :]
    if kind == 1:
        return word[:at] + key + word[at + 1 :]
    if kind == 2:
        return word[:at] + key + word[at:]
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
