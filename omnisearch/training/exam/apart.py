"""Captions against their twins, and what captions alone give away.

Twins are balanced: as many turn "left" into "right" as the other way round. The mean of all media,
which sees nothing, then gets about half of them right; of all twins it gets more.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from omnisearch.training.exam.reader import Floats, Reader
from omnisearch.training.lessons import twins
from omnisearch.training.lessons.pairs import Rows
from omnisearch.training.lessons.twins import Twin
from omnisearch.training.measures import Figures, told_apart

Pairs = Sequence[tuple[int, Twin]]


def flat(every: Sequence[Sequence[Twin]]) -> Pairs:
    """Give each twin with its row."""
    return [(row, twin) for row, some in enumerate(every) for twin in some]


class Apart:
    """Twins of one kind of media, whose texts are read once."""

    def __init__(self, pairs: Pairs, reader: Reader) -> None:
        self.pairs = pairs
        self.balanced = twins.balanced(pairs)
        words = list(dict.fromkeys(text for _, one in pairs for text in (one.right, one.wrong)))
        self._places = {text: place for place, text in enumerate(words)}
        self._vectors = reader.texts(words)

    @property
    def rows(self) -> Rows:
        """Rows that have a twin."""
        return np.unique([row for row, _ in self.pairs])

    def told(self, seen: Floats, every: bool = False) -> dict[str, Figures]:
        """Give the figures of media vectors of `rows`, over balanced twins or over all."""
        rows = self.rows

        def media(wanted: Rows) -> Floats:
            return np.asarray(seen[np.searchsorted(rows, wanted)])

        return told_apart(self.pairs if every else self.balanced, media, self._texts)

    def blind(self, seen: Floats) -> dict[str, Figures]:
        """Give the figures of the mean of all media."""
        return self.told(np.repeat(seen.mean(axis=0, keepdims=True), len(seen), axis=0))

    def _texts(self, texts: Sequence[str]) -> Floats:
        return np.asarray(self._vectors[[self._places[text] for text in texts]])
