"""How many inputs a model takes at once, found by trying: twice as many while they fit."""

from __future__ import annotations

FIRST = 4
MOST_CPU, MOST_CUDA = 32, 512  # beyond, a CPU gains nothing, and padding grows everywhere


class Batches:
    """A batch size for each kind of input; what did not fit once is not tried again."""

    def __init__(self, most: int, fixed: int | None = None) -> None:
        self._most = most if fixed is None else fixed
        self._first = min(FIRST, most) if fixed is None else fixed
        self._sizes: dict[object, int] = {}
        self._limits: dict[object, int] = {}

    def size(self, kind: object) -> int:
        """Say how many to try now."""
        return self._sizes.get(kind, self._first)

    def fitted(self, kind: object, count: int) -> None:
        """Learn that so many went well: a full batch is followed by one of twice the size."""
        if count >= self.size(kind):
            self._sizes[kind] = min(2 * count, self._limits.get(kind, self._most))

    def failed(self, kind: object, count: int) -> None:
        """Learn that memory did not last for so many."""
        self._limits[kind] = self._sizes[kind] = max(1, count // 2)
