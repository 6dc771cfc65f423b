"""What is still to be read: the files of a walk that runs ahead, about a hundred bytes for each.

A walk meets a hundred thousand files before ten are read, and as tuples they took 40 MB.
"""

from __future__ import annotations

import heapq
import itertools
import struct

from omnisearch.ingest.costs import rank
from omnisearch.ingest.entries import Entry
from omnisearch.ingest.queues import Stop

# Bytes compare as the numbers do: the order of its kind, what is costly first, and as it came.
_TURN = struct.Struct(">BQQ")
_STAT = struct.Struct("<IQqqQ?")  # root, size, mtime, ctime, inode, link; the path follows
_HEAD = _TURN.size + _STAT.size
_MIDDLE = 1 << 63  # so that what is less than 0 comes before it, without a sign


class Agenda:
    """Files, the smallest rank first, and in a rank as they came; at most so many."""

    def __init__(self, stop: Stop, most: int) -> None:
        self._most = most
        self._files: list[bytes] = []
        self._number = itertools.count()
        self._stop, self._closed = stop, False
        self._changed = stop.condition()

    def __len__(self) -> int:
        return len(self._files)

    def put(self, entry: Entry) -> None:
        """Add a file; waits where there are too many."""
        order, cost = rank(entry)
        root, path, *stat = entry
        with self._changed:
            while len(self._files) >= self._most:
                self._stop.check()
                self._changed.wait()
            turn = _TURN.pack(order, _MIDDLE + cost, next(self._number))
            heapq.heappush(self._files, turn + _STAT.pack(root, *stat) + path)
            self._changed.notify_all()

    def close(self) -> None:
        """Promise that nothing more comes."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def get(self) -> Entry | None:
        """Take what is first in rank; None when nothing more comes."""
        with self._changed:
            while True:
                self._stop.check()
                if self._files:
                    if len(self._files) == self._most:
                        self._changed.notify_all()
                    return _entry(heapq.heappop(self._files))
                if self._closed:
                    return None
                self._changed.wait()


def _entry(file: bytes) -> Entry:
    root, *stat = _STAT.unpack_from(file, _TURN.size)
    return Entry(root, file[_HEAD:], *stat)
