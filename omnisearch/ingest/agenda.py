"""What is still to be read: the files of a walk that runs ahead, about a hundred bytes for each.

A walk meets a hundred thousand files before ten are read, and as tuples they took 40 MB.
"""

from __future__ import annotations

import heapq
import itertools
import struct

from omnisearch.ingest.costs import Roots, cost_in, rank
from omnisearch.ingest.entries import Entry

# Bytes compare as the numbers do: the order of its kind, what is costly first, and as it came.
_TURN = struct.Struct(">BQQ")
_STAT = struct.Struct("<IQqqQ?")  # root, size, mtime, ctime, inode, link; the path follows
_HEAD = _TURN.size + _STAT.size
_MIDDLE = 1 << 63  # so that what is less than 0 comes before it, without a sign


class Agenda:
    """Files for a lane, the smallest rank first, and in a rank as they came."""

    def __init__(self, roots: Roots) -> None:
        self._roots = roots
        self._files: list[bytes] = []
        self._number = itertools.count()

    def __len__(self) -> int:
        return len(self._files)

    def append(self, entry: Entry) -> None:
        """Add a file."""
        order, cost = rank(cost_in(self._roots, entry), entry.size)
        root, path, *stat = entry
        turn = _TURN.pack(order, _MIDDLE + cost, next(self._number))
        heapq.heappush(self._files, turn + _STAT.pack(root, *stat) + path)

    def popleft(self) -> Entry:
        """Take what is first in rank."""
        return _entry(heapq.heappop(self._files))


def _entry(file: bytes) -> Entry:
    root, *stat = _STAT.unpack_from(file, _TURN.size)
    return Entry(root, file[_HEAD:], *stat)
