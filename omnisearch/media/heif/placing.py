"""How a picture is laid before a person: cut, turned and mirrored, in the order that is told."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

import numpy as np

from omnisearch.media.heif.boxes import Fields
from omnisearch.media.heif.coded import RGB
from omnisearch.media.heif.items import Property

Size = tuple[int, int]
_Edges = tuple[int, int, int, int]


def size_after(properties: Iterable[Property], size: Size) -> Size:
    """Give width and height as they are seen."""
    width, height = size
    for kind, body in properties:
        if kind == b"clap":
            left, top, right, bottom = _kept(body, (width, height))
            width, height = right - left, bottom - top
        elif kind == b"irot" and _first(body) % 2:
            width, height = height, width
    return width, height


def placed(properties: Iterable[Property], size: Size, rgb: RGB) -> RGB:
    """Give a picture of a size as it is seen; it may have been made smaller already."""
    for kind, body in properties:
        if kind == b"clap":
            rgb, size = _cut(rgb, size, _kept(body, size)), size_after([(kind, body)], size)
        elif kind == b"irot":
            rgb, size = np.rot90(rgb, _first(body) % 4), size_after([(kind, body)], size)
        elif kind == b"imir":
            # 0: what is above and below change places, 1: what is left and right do
            rgb = rgb[:, ::-1] if _first(body) & 1 else rgb[::-1]
    return rgb


def _first(body: memoryview) -> int:
    return Fields(body).number(1)


def _kept(body: memoryview, size: Size) -> _Edges:
    """Read which part is kept: how large it is, and how far its middle is off that of all."""
    fields = Fields(body)
    spans = [(fields.signed(4), fields.signed(4)) for _ in range(4)]
    if any(below <= 0 for _, below in spans):
        raise ValueError("what is cut off it is no part of it")
    width, height, right, down = (Fraction(above, below) for above, below in spans)
    left, top = (size[0] - width) / 2 + right, (size[1] - height) / 2 + down
    edges = (
        max(0, round(left)),
        max(0, round(top)),
        min(size[0], round(left + width)),
        min(size[1], round(top + height)),
    )
    if edges[0] >= edges[2] or edges[1] >= edges[3]:
        raise ValueError("all of it is cut off")
    return edges


def _cut(rgb: RGB, size: Size, kept: _Edges) -> RGB:
    """Cut a picture that may be smaller than it says."""
    high, wide = rgb.shape[:2]
    left, right = (round(at * wide / size[0]) for at in (kept[0], kept[2]))
    top, bottom = (round(at * high / size[1]) for at in (kept[1], kept[3]))
    return rgb[top : max(top + 1, bottom), left : max(left + 1, right)]
