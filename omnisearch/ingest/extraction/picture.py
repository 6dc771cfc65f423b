"""Pictures, each whole: the first frame of what moves, the first page of what has several.

Where it is asked for, what stands out in a picture is a segment, too. It has the look of the whole:
near-duplicates are pictures that are alike, whichever part of them is found.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from omnisearch.ingest.extraction import facts
from omnisearch.ingest.extraction.kinds import SVG, Type
from omnisearch.ingest.extraction.segment import Column, End, Extract, Item, Segment, Views
from omnisearch.media import image, still, svg
from omnisearch.media.caps import Caps
from omnisearch.media.look import look
from omnisearch.media.regions import regions
from omnisearch.media.source import Stream
from omnisearch.records import Box, RegionSpan

_WHOLE = RegionSpan((0.0, 0.0, 1.0, 1.0))


def extract(source: Stream, kind: Type, caps: Caps, *, parts: bool = False) -> Iterator[Extract]:
    """Give a picture, and its `parts` if they are asked for."""
    if kind.name == SVG:
        yield from _drawn(source, kind, parts=parts)
        return
    found = still.read(source, kind.name, caps)
    columns = facts.of_picture(found.tags, found.width, found.height)
    notes = [kind.note] if kind.note else []
    boxes = regions(found.rgb) if parts else None
    columns = {**columns, **_count(boxes)}
    yield Item("image", kind.name, columns, str(columns.get("image.title", "")), notes)
    whole = Segment("image", "content", _WHOLE, None, {"image": found.rgb}, look(found.rgb))
    yield whole
    yield from _parts(whole, boxes or ())
    yield End(truncated=found.pages)


def _drawn(source: Stream, kind: Type, *, parts: bool) -> Iterator[Extract]:
    """Give a drawing with its words; how large it is, only its reader decides."""
    found = svg.read(source)
    boxes = regions(found.rgb) if parts else None
    yield Item("image", kind.name, _count(boxes), notes=[kind.note] if kind.note else [])
    view: Views = "both" if found.words else "content"
    arrays = {"image": found.rgb}
    whole = Segment("image", view, _WHOLE, found.words or None, arrays, look(found.rgb))
    yield whole
    yield from _parts(whole, boxes or ())
    yield End()


def _count(boxes: Sequence[Box] | None) -> dict[str, Column]:
    """Keep how many parts there are, so that a picture without any is not looked at again."""
    return {} if boxes is None else {"image.regions": len(boxes)}


def _parts(whole: Segment, boxes: Sequence[Box]) -> Iterator[Segment]:
    for box in boxes:
        seen = image.cut(np.asarray(whole.arrays["image"]), box)
        yield Segment("image", "content", RegionSpan(box), None, {"image": seen}, whole.look)
