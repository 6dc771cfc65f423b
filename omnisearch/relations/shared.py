"""What segments share that few have: a value of metadata, or rare words."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from omnisearch.query.snippets import small_in
from omnisearch.records import Record
from omnisearch.schema import RESERVED
from omnisearch.storage.generation import Generation
from omnisearch.storage.wholes import segments
from omnisearch.storage.words import tokens
from omnisearch.storage.words.stems import stem

Positions = npt.NDArray[np.int64]

_OURS = frozenset({"image.camera", "audio.artist", "audio.album", "doc.author"})
_SHARE = 0.02  # of the rows: a value or word that more have says little
_FEWEST = 12  # rows, however few there are in all
_LOOKED_AT = 30_000  # characters
_TERMS = 64  # words of a segment that are looked up
_LETTERS = 3  # of a word at least
_TOGETHER = 2  # rare words that two segments share at least
_NAMED = 4  # words that are told

# What a shared value or words are worth at best: they say that two segments have to do with each
# other, and not that they mean the same.
_VALUE, _WORDS = 0.6, 0.6


class Share(NamedTuple):
    """Rows that share something with a segment, how strong that is, and what it is."""

    rows: Positions
    strength: float
    why: str


def values(now: Generation, record: Record) -> Iterator[Share]:
    """Give the rows that have a value of metadata which few have."""
    most = _most(now)
    for name, value in record.metadata.items():
        if name.startswith(RESERVED) and name not in _OURS:
            continue
        some = [value] if isinstance(value, str) else value
        if not isinstance(some, list | tuple):
            continue
        for one in some:
            if not isinstance(one, str) or not one:
                continue
            rows = _having(now, name, one, listed=not isinstance(value, str))
            if 1 < len(rows) <= most:
                yield Share(rows, _VALUE / (1 + math.log2(len(rows) - 1)), f"{name} = {one!r}")


def _having(now: Generation, name: str, value: str, *, listed: bool) -> Positions:
    found = [np.zeros(0, np.int64)]
    key = value.encode("utf-8", "replace")
    for part, start in zip(now.parts, now.starts.tolist(), strict=False):
        column = part.columns.column(name)
        if column is not None:
            mask = column.matching("has" if listed else "=", key, negated=False)
            found.append(np.flatnonzero(mask) + start)
    return _living(now, np.concatenate(found))


def words(now: Generation, record: Record) -> Iterator[Share]:
    """Give the rows that say rare words which the segment says, those with most of them first."""
    if not record.words:
        return
    worth: defaultdict[int, float] = defaultdict(float)
    why: defaultdict[int, list[str]] = defaultdict(list)
    total, most = 0.0, _most(now)
    for term in _terms(record.words):
        rows = _living(now, now.words.saying(term))
        if not 1 < len(rows) <= most:
            continue
        weight = math.log(now.rows / len(rows))
        total += weight
        for row in rows.tolist():
            worth[row] += weight
            why[row].append(term)
    for row, weight in sorted(worth.items(), key=lambda pair: (-pair[1], pair[0])):
        if len(why[row]) >= _TOGETHER:
            told = ", ".join(why[row][:_NAMED])
            yield Share(np.array([row], np.int64), _WORDS * weight / max(total, 1e-9), told)


def _terms(text: str) -> Sequence[str]:
    """List words that may be rare, longer ones first: each is looked up once."""
    seen = list(dict.fromkeys(tokens.terms(text[:_LOOKED_AT])))
    small = small_in(seen)
    fit = [
        one
        for one in seen
        if len(one) >= _LETTERS
        and not one.isdigit()
        and one not in small
        and stem(one) not in small
    ]
    return sorted(fit, key=lambda one: (-len(one), one))[:_TERMS]


def _living(now: Generation, rows: Positions) -> Positions:
    """Leave out deleted rows: what only they share with a segment is no more rare for it."""
    return segments(now, rows if now.alive is None else rows[now.alive[rows]])


def _most(now: Generation) -> int:
    return max(_FEWEST, int(_SHARE * now.live))
