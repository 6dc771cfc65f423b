"""Pictures, each whole: the first frame of what moves, the first page of what has several."""

from __future__ import annotations

from collections.abc import Iterator

from omnisearch.ingest.extraction import facts
from omnisearch.ingest.extraction.kinds import Type
from omnisearch.ingest.extraction.segment import End, Extract, Item, Segment
from omnisearch.media import still
from omnisearch.media.caps import Caps
from omnisearch.media.look import look
from omnisearch.media.source import Stream
from omnisearch.records import RegionSpan

_WHOLE = RegionSpan((0.0, 0.0, 1.0, 1.0))


def extract(source: Stream, kind: Type, caps: Caps) -> Iterator[Extract]:
    """Give a picture."""
    found = still.read(source, kind.name, caps)
    columns = facts.of_picture(found.tags, found.width, found.height)
    notes = [kind.note] if kind.note else []
    yield Item("image", kind.name, columns, str(columns.get("image.title", "")), notes)
    yield Segment("image", "content", _WHOLE, None, {"image": found.rgb}, look(found.rgb))
    yield End(truncated=found.pages)
