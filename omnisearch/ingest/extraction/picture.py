"""Pictures, each whole: the first frame of what moves, the first page of what has several."""

from __future__ import annotations

from collections.abc import Iterator

from omnisearch.ingest.extraction import facts
from omnisearch.ingest.extraction.kinds import SVG, Type
from omnisearch.ingest.extraction.segment import End, Extract, Item, Segment, Views
from omnisearch.media import still, svg
from omnisearch.media.caps import Caps
from omnisearch.media.look import look
from omnisearch.media.source import Stream
from omnisearch.records import RegionSpan

_WHOLE = RegionSpan((0.0, 0.0, 1.0, 1.0))


def extract(source: Stream, kind: Type, caps: Caps) -> Iterator[Extract]:
    """Give a picture."""
    if kind.name == SVG:
        yield from _drawn(source, kind)
        return
    found = still.read(source, kind.name, caps)
    columns = facts.of_picture(found.tags, found.width, found.height)
    notes = [kind.note] if kind.note else []
    yield Item("image", kind.name, columns, str(columns.get("image.title", "")), notes)
    yield Segment("image", "content", _WHOLE, None, {"image": found.rgb}, look(found.rgb))
    yield End(truncated=found.pages)


def _drawn(source: Stream, kind: Type) -> Iterator[Extract]:
    """Give a drawing with its words; how large it is, only its reader decides."""
    found = svg.read(source)
    yield Item("image", kind.name, notes=[kind.note] if kind.note else [])
    view: Views = "both" if found.words else "content"
    arrays = {"image": found.rgb}
    yield Segment("image", view, _WHOLE, found.words or None, arrays, look(found.rgb))
    yield End()
