"""Boxes inside each other, and numbers in them: whatever ends too soon is a ValueError."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import BinaryIO

BOXES = 20_000  # beside each other: pictures that change with the hour of the day have 1,500
META_BYTES = 4 << 20  # of all that is said of the pictures: that of a telephone takes 6,000
_TOP = 200  # boxes of a file
_LONG, _TO_THE_END = 1, 0  # sizes that are none


class Fields:
    """Numbers and bytes, one after another."""

    def __init__(self, content: memoryview) -> None:
        self._content, self._at = content, 0

    def bytes(self, size: int) -> bytes:
        """Give the next bytes."""
        return bytes(self._taken(size))

    def number(self, size: int) -> int:
        """Give the next number of so many bytes; of none it is 0."""
        return int.from_bytes(self._taken(size), "big")

    def signed(self, size: int) -> int:
        """Give the next number, which may be less than 0."""
        return int.from_bytes(self._taken(size), "big", signed=True)

    def rest(self) -> memoryview:
        """Give what is left."""
        return self._content[self._at :]

    def _taken(self, size: int) -> memoryview:
        end = self._at + size
        if end > len(self._content):
            raise ValueError("a box ends too soon")
        found, self._at = self._content[self._at : end], end
        return found


def boxes(content: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    """Give the kind and the content of each box."""
    at = count = 0
    while at < len(content):
        kind, head, size = _begun(content[at : at + 16], len(content) - at)
        if size > len(content) - at:
            raise ValueError(f"a box of {size:,} bytes lies in one that ends before it")
        count += 1
        if count > BOXES:
            raise ValueError(f"more than {BOXES:,} boxes lie beside each other")
        yield kind, content[at + head : at + size]
        at += size


def full(content: memoryview) -> tuple[int, int, Fields]:
    """Give version and flags of a box that has them, and what follows."""
    fields = Fields(content)
    return fields.number(1), fields.number(3), fields


def meta(file: BinaryIO) -> memoryview | None:
    """Give what a file says of its pictures; None: there is only a film."""
    length, at, film = file.seek(0, os.SEEK_END), 0, False
    for _ in range(_TOP):
        if at + 8 > length and not film:
            raise ValueError("it ends before it shows anything")
        if at + 8 > length:
            return None
        file.seek(at)
        kind, head, size = _begun(memoryview(file.read(16)), length - at)
        if kind != b"meta":
            film = film or kind == b"moov"
            at += size
            continue
        if size > META_BYTES:
            raise ValueError(f"its description has {size:,} bytes, {META_BYTES:,} are read")
        file.seek(at + head)
        found = file.read(size - head)
        if len(found) < size - head:
            raise ValueError("it ends within its description")
        return memoryview(found)
    raise ValueError(f"the first {_TOP} boxes hold no description of a picture")


def _begun(start: memoryview, left: int) -> tuple[bytes, int, int]:
    """Give the kind of a box, the bytes of its head, and those of all of it."""
    fields = Fields(start)
    size, kind, head = fields.number(4), fields.bytes(4), 8
    if size == _LONG:
        size, head = fields.number(8), 16
    elif size == _TO_THE_END:
        size = left
    if size < head:
        raise ValueError(f"a box says to have {size} bytes, fewer than its head has")
    return kind, head, size
