"""Memory that a worker and its parent share: the arrays of two pieces, taken in turns.

The parent makes it, of a size that nobody can change after: a page that vanished under the parent
would kill it. The parent reads only, and only copies.
"""

from __future__ import annotations

import fcntl
import math
import mmap
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from omnisearch.media.pool.channel import GarbledError
from omnisearch.media.pool.claims import ArrayClaim
from omnisearch.media.pool.piece import DTYPES, Array

SLOTS = 2  # a worker fills one while the other is read
_ALIGNMENT = 64  # bytes, a cache line
_KEPT_BYTES = 4 << 20  # of a slot: most pieces need less, and pages that are there cost nothing


class Ring:
    """The shared memory as one side sees it."""

    def __init__(self, memory: mmap.mmap) -> None:
        self._memory = memory
        self._slot_bytes = len(memory) // SLOTS
        self._used_bytes = 0  # of a slot, since it was cleared

    @classmethod
    def joined(cls, descriptor: int, slot_bytes: int) -> Ring:
        """See the memory behind a descriptor as the worker does: to write."""
        return cls(mmap.mmap(descriptor, slot_bytes * SLOTS))

    def put(self, turn: int, arrays: Mapping[str, Array]) -> list[dict[str, Any]]:
        """Write the arrays of a piece, and give where they lie."""
        place = turn % SLOTS * self._slot_bytes
        end, claims = place + self._slot_bytes, []
        for name, value in arrays.items():
            array = np.ascontiguousarray(value)
            if array.dtype.name not in DTYPES:
                raise TypeError(f"{name} is of {array.dtype}: give {' or '.join(DTYPES)}")
            if place + array.nbytes > end:
                raise ValueError(f"the arrays have more than {self._slot_bytes:,} bytes: give less")
            room = np.frombuffer(self._memory, array.dtype, array.size, place)
            np.copyto(room.reshape(array.shape), array)
            shape = list(array.shape)
            claims.append({"name": name, "dtype": array.dtype.name, "shape": shape, "at": place})
            place += -(-array.nbytes // _ALIGNMENT) * _ALIGNMENT
        self._used_bytes = max(self._used_bytes, self._slot_bytes - (end - place))
        return claims

    def clear(self) -> None:
        """Give large pages back to the system; what they held is read already."""
        if self._used_bytes > _KEPT_BYTES and hasattr(mmap, "MADV_REMOVE"):
            self._memory.madvise(mmap.MADV_REMOVE)
            self._used_bytes = 0

    def take(self, claim: ArrayClaim) -> Array:
        """Give a copy of an array that a worker says lies somewhere."""
        dtype, count = np.dtype(claim.dtype), math.prod(claim.shape)
        if claim.at + count * dtype.itemsize > len(self._memory):
            raise GarbledError("an array that reaches out of its memory")
        found = np.frombuffer(self._memory, dtype, count, claim.at).reshape(claim.shape).copy()
        if dtype.kind == "f" and not np.isfinite(found).all():
            raise GarbledError("numbers that are not finite")
        return found

    def close(self) -> None:
        """Give the memory back."""
        self._memory.close()


@contextmanager
def made(slot_bytes: int) -> Iterator[tuple[Ring, int]]:
    """Make memory to share; its descriptor is there to be sent, and closed on the way out."""
    size = slot_bytes * SLOTS
    with _descriptor(size) as descriptor:
        yield Ring(mmap.mmap(descriptor, size, prot=mmap.PROT_READ)), descriptor


@contextmanager
def _descriptor(size: int) -> Iterator[int]:
    if not hasattr(os, "memfd_create"):  # macOS
        with tempfile.TemporaryFile() as file:
            file.truncate(size)
            yield file.fileno()
        return
    made = os.memfd_create("omnisearch-pieces", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        os.ftruncate(made, size)
        fcntl.fcntl(
            made, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL
        )
        yield made
    finally:
        os.close(made)
