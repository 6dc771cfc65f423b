"""Pictures inside documents, found again by their place, and boxes of them."""

from __future__ import annotations

from omnisearch.errors import MediaError
from omnisearch.media import image
from omnisearch.media.caps import Caps
from omnisearch.media.image import RGB
from omnisearch.media.office.leaf import Box, Leaf, Picture, Room
from omnisearch.media.office.opened import document
from omnisearch.media.office.pictures import pixels
from omnisearch.media.source import Stream
from omnisearch.records import PageSpan

_WHOLE: Box = (0.0, 0.0, 1.0, 1.0)


def picture(source: Stream, span: PageSpan, caps: Caps) -> RGB:
    """Give the picture that stands at a place, or the box of it that is meant."""
    room = Room(caps.text, caps.pages)
    found = document(source, room)
    for leaf in found.leaves:
        if leaf.number != span.page:
            continue
        for one in leaf.pictures:
            inner = _inner(leaf, one, span)
            if inner is None:
                continue
            rgb = pixels(one, found.archive, caps)
            if rgb is not None:
                return rgb if inner == _WHOLE else image.cut(rgb, inner)
    raise MediaError(f"{source.name} has no picture there any more: take it in again")


def _inner(leaf: Leaf, found: Picture, span: PageSpan) -> Box | None:
    """Give the box of the picture that a place on the page is; None: it is of another one."""
    left, top, width, height = leaf.box(found.at, found.at + 1) or _WHOLE
    x, y, w, h = span.box or _WHOLE
    place = (x - left) / width, (y - top) / height, w / width, h / height
    inner = tuple(round(side, 3) for side in place)
    inside = min(inner) >= 0 and inner[0] + inner[2] <= 1.001 and inner[1] + inner[3] <= 1.001
    return (inner[0], inner[1], inner[2], inner[3]) if inside else None
