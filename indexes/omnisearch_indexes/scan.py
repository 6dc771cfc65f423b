"""Read the codes of all rows, then score the best candidates exactly: flat under any filter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from omnisearch_indexes.coded import Coded
from omnisearch_indexes.lists import Allowed
from omnisearch_indexes.protocol import Vectors
from omnisearch_indexes.refine import Progress, Refiner

FIRST_COUNT = 160  # candidates of the first round; more cost a scan little
_MORE = 4


@dataclass(frozen=True, slots=True)
class Scan:
    """Candidates from every coded row."""

    coded: Coded
    most: int  # candidates after which scoring every allowed row is cheaper

    def search(
        self, refiner: Refiner, rotated: Vectors, queries: list[Progress], allowed: Allowed | None
    ) -> None:
        """Bring each query to its bound, or leave it undone at `most` candidates."""
        count = max(FIRST_COUNT, 8 * refiner.k)
        waiting = np.arange(len(queries))
        while len(waiting) and count <= self.most:
            closeness, positions = self.coded.search(rotated[waiting], count, None, allowed)
            for place, number in enumerate(waiting):
                progress = queries[number]
                progress.restart()
                progress.done = refiner.refine(progress, closeness[place], positions[place])
            waiting = np.array([n for n in waiting if not queries[n].done], np.int64)
            count *= _MORE
