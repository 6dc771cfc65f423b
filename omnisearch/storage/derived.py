"""What questions need beside the files of a sealed state: numbers that take longest to make.

They hold none of the files, so whoever keeps them keeps no byte of a collection on the disk.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from omnisearch.errors import CorruptCollectionError
from omnisearch.storage.generation import Sealed
from omnisearch.storage.manifest import Manifest
from omnisearch.storage.sides import PartSides
from omnisearch_indexes import Labelled, Lists


@dataclass(frozen=True, slots=True)
class Derived:
    """What was made of the state of one manifest, whose shards have names of their own."""

    manifest: Manifest
    lists: Lists | None  # the codes by modality and view
    sides: tuple[PartSides, ...]
    sound: bool  # all vectors were read, and are what was written

    @staticmethod
    def of(sealed: Sealed) -> Derived:
        """Make it, or take what the state has made."""
        lists = None if sealed.labelled is None else sealed.labelled.lists
        sides = tuple(shard.sides.of(()) for shard in sealed.shards)
        return Derived(sealed.manifest, lists, sides, _are_sound(sealed))

    def lend(self, sealed: Sealed) -> None:
        """Let the same state, opened anew, have it."""
        if sealed.manifest != self.manifest:
            return
        for shard, known in zip(sealed.shards, self.sides, strict=True):
            shard.__dict__["sides"] = known.of(shard.tables)
            if self.sound:
                shard.trust()
        if self.lists is not None and sealed.coder is not None:
            sealed.__dict__["labelled"] = Labelled(sealed.coder.codebook, self.lists)

    @property
    def bytes(self) -> int:
        """Count the memory that it takes."""
        rows = sum(np.size(one.kinds) for one in self.sides)
        return rows * _ROW + (0 if self.lists is None else self.lists.bytes)


_ROW = 1 + 4 + 4  # a kind, another side, an item
_CHECKED = 256 << 20  # bytes of vectors that are read whole: half a second from a plain disk


def _are_sound(sealed: Sealed) -> bool:
    """Check all vectors, of which any question would read some from nearly every block."""
    if sum(shard.vectors.nbytes for shard in sealed.shards) > _CHECKED:
        return False
    try:
        for shard in sealed.shards:
            shard.touch(None)
    except CorruptCollectionError:  # whoever reads the damaged rows says so
        return False
    return True
