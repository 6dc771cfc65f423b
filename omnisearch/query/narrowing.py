"""Which rows may be answers: what filters leave, kind by kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from omnisearch.errors import QueryError
from omnisearch.query import paths
from omnisearch.query.filters import Test, evaluate
from omnisearch.query.nearest import mask
from omnisearch.query.options import Wish
from omnisearch.storage import sides
from omnisearch.storage.generation import Generation
from omnisearch.storage.words.asking import Asked

Mask = npt.NDArray[np.bool_]
DATE = "file.date"  # when a picture or film was taken, else when the file changed


@dataclass(frozen=True)
class Allowed:
    """The rows that pass, with those of each modality and view counted."""

    now: Generation
    rows: Mask | None  # None: every row that is found at all
    counts: Mapping[int, int]  # of the kinds that are asked for and have rows
    means: Mapping[int, int] = field(default_factory=dict)  # of passages: they lead to segments

    @property
    def total(self) -> int:
        """Count the rows that may be answers."""
        return sum(self.counts.values())

    def of_kind(self, kind: int) -> Mask | None:
        """Mark the rows of one kind; None where that is every row of the collection."""
        own = self.now.sides.mask(kind)
        if self.rows is None:
            return own
        return self.rows if own is None else self.rows & own

    def every(self) -> Mask | None:
        """Mark the rows of all kinds that are asked for; None where that is every row."""
        if len(self.counts) == len(self.now.sides.counts) and not self.now.sides.means:
            return self.now.shown if self.rows is None else self.rows
        wanted = np.zeros(sides.KINDS, bool)
        wanted[list(self.counts)] = True
        found = wanted[self.now.sides.kinds]
        among = self.now.shown if self.rows is None else self.rows
        return found if among is None else found & among

    def within(self, rows: Mask) -> Allowed:
        """Allow only what is among some rows too."""
        every = self.every()
        kinds = (*self.counts, *self.means)
        return _counted(self.now, rows if every is None else rows & every, kinds)


def narrow(now: Generation, wish: Wish) -> Allowed:
    """Apply the filters of a question; where nothing is stored, no column is missed."""
    if not now.live:
        return Allowed(now, None, {})
    kinds = [
        kind
        for kind in (*now.sides.counts, *now.sides.means)
        if wish.modality is None or sides.modality_of(kind) in wish.modality
    ]
    return _counted(now, _filtered(now, wish), kinds)


def saying(words: Asked, allowed: Allowed) -> Mask:
    """Mark the rows of segments that say every phrase: what stands in quotes must be there."""
    only = Asked(phrases=words.phrases)
    found = np.asarray(allowed.now.words.totals(only, allowed.every()).scores > 0)
    others = allowed.now.sides.others
    if others is not None:
        beside = others[found]
        found[beside[beside >= 0]] = True
    return found


def _counted(now: Generation, rows: Mask | None, kinds: Sequence[int]) -> Allowed:
    every = {**now.sides.counts, **now.sides.means}
    if rows is None:
        return _apart(now, None, {kind: every[kind] for kind in kinds})
    counts = now.sides.counted(rows)
    return _apart(now, rows, {kind: counts[kind] for kind in kinds if counts[kind]})


def _apart(now: Generation, rows: Mask | None, counts: Mapping[int, int]) -> Allowed:
    """Tell rows that show segments from means of passages."""
    means = {kind: count for kind, count in counts.items() if kind >= sides.WHOLES}
    own = {kind: count for kind, count in counts.items() if kind < sides.WHOLES}
    return Allowed(now, rows, own, means)


def _filtered(now: Generation, wish: Wish) -> Mask | None:
    masks = []
    if wish.where is not None:
        masks.append(mask(now, wish.where, wish.params))
    if wish.path:
        masks.append(paths.matching(now, wish.path))
    tests = _dates(now, wish)
    for test in tests:
        parts = [evaluate(test, part.columns) for part in now.parts]
        masks.append(np.concatenate([np.zeros(0, bool), *parts]))
    found = [one for one in masks if one is not None]
    if not found:
        return None
    if now.present is not None:
        found.append(now.present)
    return np.logical_and.reduce(found) if len(found) > 1 else found[0]


def _dates(now: Generation, wish: Wish) -> list[Test]:
    """Say what the dates of files must be."""
    given = [("after", wish.after, True), ("before", wish.before, False)]
    tests = [
        Test(DATE, "timestamp", "<", at, negated) for _, at, negated in given if at is not None
    ]
    if tests and DATE not in now.schema.columns:
        names = " and ".join(name for name, at, _ in given if at is not None)
        raise QueryError(
            f"{names}: nothing here has a date, which files have that were taken in; leave it "
            "out, or compare a column of your own in where"
        )
    return tests
