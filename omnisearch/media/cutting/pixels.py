"""A picture on its way out of a decoder: its size, then some rows at a time."""

from __future__ import annotations

from collections.abc import Iterator

from omnisearch.media.image import RGB
from omnisearch.media.pool.piece import Piece

ROWS_BYTES = 16 << 20


def told(rgb: RGB) -> Iterator[Piece]:
    """Give a picture (h, w, 3)."""
    height, width = rgb.shape[:2]
    yield Piece({"what": "picture", "width": width, "height": height})
    step = max(1, ROWS_BYTES // (3 * width))
    for top in range(0, height, step):
        yield Piece({"at": top}, {"rows": rgb[top : top + step]})
