"""Read the codes of all rows, then score the best candidates exactly: flat under any filter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from omnisearch_indexes.allowed import Allowed
from omnisearch_indexes.coded import Coded
from omnisearch_indexes.protocol import Vectors
from omnisearch_indexes.refine import Progress, Refiner

_FOR_EACH = 11
_LEAST = 128


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
        waiting = list(range(len(queries)))
        while waiting and count <= self.most:
            candidates = self.coded.search(rotated[waiting], count, None, allowed)
            asked = [queries[number] for number in waiting]
            for progress in asked:
                progress.restart()
            needed = refiner.refine(asked, candidates)
            for progress, more in zip(asked, needed, strict=True):
                progress.done = not more
            waiting = [n for n, more in zip(waiting, needed, strict=True) if 0 < more <= self.most]
            count = max(needed)
