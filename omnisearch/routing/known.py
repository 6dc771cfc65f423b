"""What rules may know of a collection, read when one asks; the values of columns are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from omnisearch.query.narrowing import DATE, narrow
from omnisearch.query.options import QueryOptions, Wish
from omnisearch.schema import RESERVED
from omnisearch.storage.columns import Source
from omnisearch.storage.generation import Generation
from omnisearch.storage.ranks import Numbers
from omnisearch.storage.words import tokens
from omnisearch.values import Kind

_MOST = 2_000  # different values: a column with more holds sentences or numbers, and no names
_LONGEST = 80  # bytes of a value that somebody would name
_OURS = ("audio.artist", "audio.album", "doc.author", "image.camera")  # that hold names
_NUMBERS = ("int", "float")
_kept: WeakKeyDictionary[Any, dict[str, Mapping[str, str]]] = WeakKeyDictionary()


class Known:
    """A generation as rules see it."""

    def __init__(self, now: Generation) -> None:
        self._now = now
        self.columns: Mapping[str, Kind] = now.schema.columns
        self.own = [name for name in self.columns if not name.startswith(RESERVED)]

    @property
    def dates(self) -> str | None:
        """Name the column that dates are compared with; of users', the only one of times."""
        if DATE in self.columns:
            return DATE
        times = [name for name in self.own if self.columns[name] == "timestamp"]
        return times[0] if len(times) == 1 else None

    @property
    def named(self) -> Sequence[str]:
        """List the columns whose values are names."""
        some = (*self.own, *(name for name in _OURS if name in self.columns))
        return [name for name in some if self.columns[name] in ("string", "strings")]

    @property
    def counted(self) -> Sequence[str]:
        """List the users' columns of numbers."""
        return [name for name in self.own if self.columns[name] in _NUMBERS]

    def values(self, column: str, words: str) -> list[str]:
        """Give the values of a column that some words spell, in any case."""
        folded = words.casefold()
        found = (_values(part.columns, column).get(folded) for part in self._now.parts)
        return list(dict.fromkeys(one for one in found if one is not None))

    def passes(self, options: QueryOptions) -> bool:
        """Tell whether any row passes filters."""
        return narrow(self._now, Wish.of(options)).total > 0

    def tells_apart(self, options: QueryOptions) -> bool:
        """Tell whether some rows pass filters and others do not."""
        return 0 < narrow(self._now, Wish.of(options)).total < narrow(self._now, Wish()).total

    def says(self, words: str) -> bool:
        """Tell whether some row says each of some words."""
        terms = tokens.terms(words)
        return bool(terms) and all(map(self._now.words.says, terms))

    def within(self, column: str, low: int, high: int) -> bool:
        """Tell whether a row, perhaps a deleted one, has a time from `low` up to `high`."""
        for part in self._now.parts:
            ranks = part.columns.column(column)
            if ranks is None or not isinstance(ranks.keys, Numbers):
                continue
            first, end = np.searchsorted(ranks.keys.array, (low, high))
            if first < end:
                return True
        return False


def _values(source: Source, column: str) -> Mapping[str, str]:
    """Give the few values of a column by how they are spelt without case."""
    known = _kept.setdefault(source, {})
    if column not in known:
        ranks, found = source.column(column), dict[str, str]()
        if ranks is not None and len(ranks.keys) <= _MOST:
            for at in range(len(ranks.keys)):
                key = ranks.keys[at]
                if isinstance(key, bytes) and 1 < len(key) <= _LONGEST:
                    value = key.decode("utf-8", "replace")
                    found[" ".join(value.casefold().split())] = value
        known[column] = found
    return known[column]
