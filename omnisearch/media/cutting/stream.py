"""A file that is being written in a decoder: it has no place to be, so its bytes go out in pieces.

Writers go back for lengths that they know only at the end, so each piece says where it belongs.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import numpy as np

from omnisearch.media.pool.piece import Piece

PIECE_BYTES = 8 << 20


class Outgoing:
    """What is written and not yet taken; looks like a file that can be written and jumped in."""

    def __init__(self) -> None:
        self._at = self._end = 0
        self._waiting: list[tuple[int, bytearray]] = []
        self._bytes = 0

    def write(self, data: bytes) -> int:
        """Take bytes for where the file is."""
        if self._waiting and self._at == self._waiting[-1][0] + len(self._waiting[-1][1]):
            self._waiting[-1][1].extend(data)
        else:
            self._waiting.append((self._at, bytearray(data)))
        self._at += len(data)
        self._end = max(self._end, self._at)
        self._bytes += len(data)
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place."""
        begin = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._end}[whence]
        self._at = max(0, begin + offset)
        return self._at

    def tell(self) -> int:
        """Say where the file is."""
        return self._at

    def taken(self, least: int = PIECE_BYTES) -> Iterator[Piece]:
        """Give what waits once it is so much."""
        if self._bytes < least:
            return
        waiting, self._waiting, self._bytes = self._waiting, [], 0
        for at, data in waiting:
            for first in range(0, len(data), PIECE_BYTES):
                part = np.frombuffer(data, np.uint8)[first : first + PIECE_BYTES]
                yield Piece({"at": at + first}, {"bytes": part})
