"""Answers that a good hit leads to: it says a name that the question does not, and they say it too.

"Where is the boat that she sold?" finds who sold which boat; where that boat lies, only its name
tells. What has such a name counts as surer, and may be an answer though it is none by itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from omnisearch.query.candidates import Segments
from omnisearch.storage.generation import Generation
from omnisearch.storage.words import tokens
from omnisearch.storage.words.stems import stem

Floats = npt.NDArray[np.float32]
Positions = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

LEADS = 10  # hits that may lead on
_SURER = 1.0  # log odds that the one other segment with a name gains; of two, each half
_FEW = 3  # segments that say a name, at most: others are no lead
_NAMES = 32  # of a hit
_LETTERS = 3
_READ = 20_000  # characters of a hit
_WORD = re.compile(r"\w+")


class Led(NamedTuple):
    """Segments by the row that each is known by, and the log odds that they gain."""

    keys: Positions
    gains: Floats

    @classmethod
    def none(cls) -> Led:
        """Lead nowhere."""
        return cls(np.zeros(0, np.int64), np.zeros(0, np.float32))


def led(now: Generation, question: str, leads: Positions, allowed: Mask | None) -> Led:
    """Find what shares a name with one of some rows, that the question has not."""
    asked = {stem(term) for term in tokens.terms(question)}
    found: dict[int, float] = {}
    known: dict[str, list[int]] = {}
    segments = Segments.of(now, leads)
    owners = segments.keys[segments.places(leads)].tolist()
    for own, row in zip(owners, leads.tolist(), strict=True):
        for name in names(_said(now, row), asked):
            if name not in known:
                known[name] = _saying(now, name)
            for key in known[name]:
                if key != own and (allowed is None or allowed[key]):
                    found[key] = max(found.get(key, 0.0), _SURER / (len(known[name]) - 1))
    keys = np.array(sorted(found), np.int64)
    return Led(keys, np.array([found[key] for key in keys.tolist()], np.float32))


def names(text: str, asked: set[str]) -> Sequence[str]:
    """List the words with a capital that are not `asked`, by stems, each once."""
    capital = " ".join(word for word in _WORD.findall(text[:_READ]) if word[0].isupper())
    fit = (
        term
        for term in dict.fromkeys(tokens.terms(capital))
        if len(term) >= _LETTERS and not term.isdigit() and stem(term) not in asked
    )
    return [term for term, _ in zip(fit, range(_NAMES), strict=False)]


def _said(now: Generation, position: int) -> str:
    """Read what a row says, alone: a whole record takes ten times as long."""
    cells, row = now.locate(position)
    return cells.segment(row)[1] or ""


def _saying(now: Generation, name: str) -> list[int]:
    """Give the segments that say a name; none where that is one alone, or they are many."""
    rows = now.words.saying(name)
    if now.shown is not None:
        rows = rows[now.shown[rows]]
    if not 1 < len(rows) <= 2 * _FEW:  # two rows of a segment may say it
        return []
    keys: list[int] = Segments.of(now, rows).keys.tolist()
    return keys if 1 < len(keys) <= _FEW else []
