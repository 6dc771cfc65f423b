"""What is preferred: the best of what passes are candidates too, and all that passes is surer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

import numpy as np
import numpy.typing as npt

from omnisearch.query.candidates import Segments, best_of_kinds
from omnisearch.query.following import Led
from omnisearch.query.narrowing import Allowed, narrow
from omnisearch.query.options import QueryOptions, Wish
from omnisearch.query.preferring import Favour
from omnisearch.storage.words.scoring import Totals

Positions = npt.NDArray[np.int64]
Vectors = npt.NDArray[np.float32]

_SAYING = 60  # rows that say the question's words, at most


def best(vectors: Vectors, said: Totals | None, wish: Wish, allowed: Allowed) -> list[Positions]:
    """Give the best rows among some, by each vector and by the words."""
    rows = list[Positions]()
    for vector in vectors:
        rows += [one.positions for one in best_of_kinds(allowed, vector, wish.reach, wish.recall)]
    if said is not None:
        mask, scores = allowed.every(), said.scores
        saying = np.flatnonzero(scores > 0 if mask is None else mask & (scores > 0))
        rows.append(saying[np.argsort(-scores[saying], kind="stable")[:_SAYING]])
    return rows


def favoured(
    favour: Favour,
    allowed: Allowed,
    before: Positions,
    found_in: Callable[[Allowed], Sequence[Positions]],
) -> Led:
    """Find the best of what passes; those of the candidates `before` that pass gain as well."""
    now = allowed.now
    mask = narrow(now, Wish.of(cast(QueryOptions, favour.options))).every()
    if mask is None:
        return Led.none()
    rows = [before[mask[before]], *found_in(allowed.within(mask))]
    keys = Segments.of(now, np.concatenate(rows)).keys
    return Led(keys, np.full(len(keys), favour.surer, np.float32))
