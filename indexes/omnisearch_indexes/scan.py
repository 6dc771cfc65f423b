"""Read the codes of all rows, then score the best candidates exactly: flat under any filter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from omnisearch_indexes.coded import Coded
from omnisearch_indexes.lists import Allowed
from omnisearch_indexes.protocol import Vectors
from omnisearch_indexes.refine import Progress, Refiner

MORE = 4  # times as many candidates where the last ones could not be ruled out
_FOR_EACH = 16
_LEAST = 192


def first_count(k: int) -> int:
    """Candidates of the first round: enough for nine queries in ten, and cheap to collect."""
    return max(_LEAST, _FOR_EACH * k)


@dataclass(frozen=True, slots=True)
class Scan:
    """Candidates from every coded row."""

    coded: Coded
    most: int  # candidates after which scoring every allowed row is cheaper

    def search(
        self,
        refiner: Refiner,
        rotated: Vectors,
        queries: Sequence[Progress],
        allowed: Allowed | None,
    ) -> None:
        """Bring each query to its bound, or leave it undone at `most` candidates."""
        count = first_count(refiner.k)
        waiting = np.arange(len(queries))
        while len(waiting) and count <= self.most:
            candidates = self.coded.search(rotated[waiting], count, None, allowed)
            asked = [queries[number] for number in waiting]
            for progress in asked:
                progress.restart()
            ruled_out = np.array(refiner.refine(asked, candidates))
            for progress, done in zip(asked, ruled_out, strict=True):
                progress.done = bool(done)
            waiting = waiting[~ruled_out]
            count *= MORE
