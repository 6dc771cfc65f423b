"""The picture that a file is meant to show: decoded, put together, and laid as it is seen."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from math import gcd
from typing import BinaryIO, NamedTuple

import numpy as np

from omnisearch.media.heif import coded
from omnisearch.media.heif.boxes import Fields
from omnisearch.media.heif.coded import RGB, Colours
from omnisearch.media.heif.items import Item, contents, described
from omnisearch.media.heif.placing import Size, placed, size_after

_DEEP = 4  # pictures that are others
_OTHER = (b"iden", b"tmap")  # a picture as it is; one with what makes it shine on some screens
_TILES = 1_024  # of one picture: 200 million pixels are 800 of the usual size
# of one coded picture: without any loss it has 2 for each pixel, and 48 million have 40 million
_BYTES, _BYTES_A_PIXEL, _BYTES_OF_ANY = 100 << 20, 4, 64 << 10
_EXIF_BYTES = 1 << 20  # EXIF in a JPEG can have 64 kB
_TIFF = re.compile(rb"II\*\0|MM\0\*")
_TIFF_WITHIN = 4_096
_GRID = b"grid"


class Grid(NamedTuple):
    """Tiles beside each other, of which the last may reach beyond the picture."""

    columns: int
    rows: int
    width: int
    height: int


class Photo:
    """A file of which only the boxes were read.

    `size` is width and height as seen, `coded` before anything was cut off; `tiled`: it is decoded
    piece by piece.
    """

    def __init__(self, file: BinaryIO, meta: memoryview) -> None:
        self._file, self._length = file, file.seek(0, os.SEEK_END)
        self._contents = contents(meta)
        self._shown = self._chain()
        self._grid = self._laid() if self._shown[-1].kind == _GRID else None
        grid = self._grid
        self.tiled = grid is not None
        self.coded = coded.size(self._shown[-1]) if grid is None else (grid.width, grid.height)
        self.size = self.coded
        for item in reversed(self._shown):
            self.size = size_after(item.properties, self.size)

    def exif(self) -> bytes:
        """Give what the camera said, as TIFF; nothing where it said nothing."""
        item = described(self._contents, b"Exif")
        content = b"" if item is None else self._content(item, _EXIF_BYTES)
        # a number tells where it begins, which not all cameras write right
        found = _TIFF.search(content, 0, _TIFF_WITHIN)
        return b"" if found is None else content[found.start() :]

    def rgb(self, by: int) -> RGB:
        """Give the picture as it is seen, made smaller by a factor or less."""
        said = next(filter(None, map(coded.colours, self._shown)), None)
        last = self._shown[-1]
        found = self._decoded(last, by, said) if self._grid is None else self._joined(by, said)
        size = self.coded
        for item in reversed(self._shown):
            found, size = placed(item.properties, size, found), size_after(item.properties, size)
        return np.ascontiguousarray(found)

    def _chain(self) -> list[Item]:
        """Give the picture that is shown, and those that it stands for."""
        found = [self._contents.item(self._contents.primary)]
        while found[-1].kind in _OTHER and found[-1].parts and len(found) <= _DEEP:
            found.append(self._contents.item(found[-1].parts[0]))
        if found[-1].kind != _GRID and found[-1].kind not in coded.KINDS:
            kind = found[-1].kind.decode("ascii", "replace")
            raise ValueError(f"its picture is {kind!r}, which is not read")
        return found

    def _laid(self) -> Grid:
        """Read how tiles are laid, and how large they must be."""
        item = self._shown[-1]
        fields = Fields(memoryview(self._content(item, 12)))
        _, flags, rows, columns = (fields.number(1) for _ in range(4))
        width, height = (fields.number(4 if flags & 1 else 2) for _ in range(2))
        grid = Grid(columns + 1, rows + 1, width, height)
        if len(item.parts) != grid.columns * grid.rows:
            raise ValueError(f"it has {len(item.parts):,} tiles for {columns + 1} x {rows + 1}")
        wide, high = self._tile()
        across, down = grid.columns * wide, grid.rows * high
        if not (across - wide < width <= across and down - high < height <= down):
            raise ValueError("its tiles do not fill it, or lie outside of it")
        return grid

    def _tile(self) -> Size:
        """Give the size of every tile."""
        numbers = self._shown[-1].parts
        if len(numbers) > _TILES:
            raise ValueError(f"it has {len(numbers):,} tiles, {_TILES:,} are put together")
        parts = {number: self._contents.item(number) for number in numbers}
        if any(part.kind not in coded.KINDS for part in parts.values()):
            raise ValueError("its tiles are made of others")
        places = [place for part in parts.values() for place in self._places(part)]
        if sum(length for _, length in places) > self._length + len(self._contents.data):
            raise ValueError("its tiles share their bytes")
        sizes = {size_after(part.properties, coded.size(part)) for part in parts.values()}
        if len(sizes) != 1:
            raise ValueError("its tiles are not of one size")
        return sizes.pop()

    def _joined(self, by: int, said: Colours | None) -> RGB:
        """Lay tiles beside each other."""
        grid, (wide, high) = self._grid, self._tile()
        assert grid is not None
        by = gcd(by, wide, high)
        wide, high = wide // by, high // by
        whole = np.zeros((grid.height // by or 1, grid.width // by or 1, 3), np.uint8)
        rooms = defaultdict[int, list[RGB]](list)
        for place, number in enumerate(self._shown[-1].parts):
            top, left = place // grid.columns * high, place % grid.columns * wide
            rooms[number].append(whole[top : top + high, left : left + wide])
        for number, some in rooms.items():
            item = self._contents.item(number)
            tile = placed(item.properties, coded.size(item), self._decoded(item, by, said))
            if tile.shape[:2] != (high, wide):
                raise ValueError("a tile is smaller than it says")
            for room in some:
                room[...] = tile[: room.shape[0], : room.shape[1]]
        return whole

    def _decoded(self, item: Item, by: int, said: Colours | None) -> RGB:
        width, height = coded.size(item)
        size = sum(length for _, length in self._places(item))
        if size > min(_BYTES, _BYTES_OF_ANY + _BYTES_A_PIXEL * width * height):
            raise ValueError(f"{size:,} bytes for {width:,} x {height:,} pixels are too many")
        frame = coded.decode(item, self._content(item, size))
        found = coded.rgb(frame, coded.colours(item) or said, by)
        return found[: height // by or 1, : width // by or 1]  # it may be coded larger than it is

    def _content(self, item: Item, most: int) -> bytes:
        """Read the bytes of an item, or the first of them."""
        pieces = list[bytes]()
        for start, length in self._places(item):
            pieces.append(self._bytes(item.inside, start, min(length, most)))
            most -= len(pieces[-1])
        if not pieces:
            raise ValueError("a part of it has no bytes")
        return b"".join(pieces)

    def _places(self, item: Item) -> list[tuple[int, int]]:
        """Give where the bytes of an item lie, all of them inside the file."""
        whole = len(self._contents.data) if item.inside else self._length
        found = [(start, length or whole - start) for start, length in item.places]
        if any(not 0 < length <= whole - start for start, length in found):
            raise ValueError("a part of it lies outside of it: it may be cut short")
        if sum(length for _, length in found) > whole:
            raise ValueError("a part of it has the same bytes more than once")
        return found

    def _bytes(self, inside: bool, start: int, size: int) -> bytes:
        if inside:
            return bytes(self._contents.data[start : start + size])
        self._file.seek(start)
        return self._file.read(size)
