"""Near-duplicates: pictures that look alike, anything else whose vectors are alike.

Both are 64 bits of which alike segments share almost all; pictures that were made smaller or
compressed again differ in how they look by 8 at most.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from omnisearch import twins
from omnisearch.storage import rows
from omnisearch.storage.generation import Generation

Positions = npt.NDArray[np.int64]
Bits = npt.NDArray[np.uint64]
Mask = npt.NDArray[np.bool_]

_LOOK, _TWIN = "segment.look", "segment.twin"
_SHARE = 2  # bits of a vector stand for a wider angle than those of a look: half as many may differ


class Duplicates:
    """Finds which of the hits so far a candidate repeats."""

    def __init__(self, now: Generation, positions: Positions, apart: int) -> None:
        """Take the rows of all candidates, and in how many bits looks may differ."""
        self._apart = apart
        self._looks, self._seen = _column(now, positions, _LOOK)
        self._twins, known = _column(now, positions, _TWIN)
        unknown = np.flatnonzero(~known)
        if now.sealed.manifest.settings.metric == "cosine":
            found = rows.vectors(now, positions[unknown]).astype(np.float32)
            self._twins[unknown] = [twins.signature(one) & _MASK for one in found]
            known[unknown] = True
        self._known = known
        self._kept: list[int] = []

    def of(self, place: int) -> int | None:
        """Give which hit a candidate repeats; if none, it is a hit from now on."""
        kept = np.array(self._kept, np.int64)
        seen = self._seen[kept] & self._seen[place]
        looks = np.bitwise_count(self._looks[kept] ^ self._looks[place])
        alike = np.bitwise_count(self._twins[kept] ^ self._twins[place])
        known = self._known[kept] & self._known[place]
        same = np.where(seen, looks <= self._apart, known & (alike <= self._apart // _SHARE))
        if same.any():
            return int(np.argmax(same))
        self._kept.append(place)
        return None


_MASK = (1 << 64) - 1


def _column(now: Generation, positions: Positions, name: str) -> tuple[Bits, Mask]:
    """Read 64 bits of each row, and mark the rows that have them."""
    found, there = np.zeros(len(positions), np.uint64), np.zeros(len(positions), bool)
    for places, owner in rows.by_part(now, positions):
        column = now.parts[owner].columns.column(name)
        if column is None:
            continue
        values = column.values(positions[places] - int(now.starts[owner]))
        for place, value in zip(places.tolist(), values, strict=True):
            if value is not None:
                found[place], there[place] = value & _MASK, True
    return found, there
