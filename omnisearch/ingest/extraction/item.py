"""A file to an item and its segments; this is what runs in a process that decodes.

Everything that is ever needed is imported and opened here, at import: later the process can open
no file. What is handed on is told in `segment.py`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import count
from typing import BinaryIO

from omnisearch.errors import MediaError
from omnisearch.ingest.extraction import film, office, page, picture, sound, text
from omnisearch.ingest.extraction.kinds import Type, type_of
from omnisearch.ingest.extraction.naming import words_of
from omnisearch.ingest.extraction.segment import Extract, Item, Segment
from omnisearch.media import loaded
from omnisearch.media.caps import Caps
from omnisearch.media.pool.ask import Ask
from omnisearch.media.pool.piece import Piece
from omnisearch.media.source import Stream
from omnisearch.media.words import HEAD
from omnisearch.records import PageSpan, Span, TimeSpan

loaded.load()
_Extractor = Callable[[Stream, Type, Caps], Iterator[Extract]]
_EXTRACTORS: dict[str, _Extractor] = {
    "text": text.extract,
    "audio": sound.extract,
    "video": film.extract,
    "document": office.extract,
}


def pieces(file: BinaryIO, ask: Ask) -> Iterator[Piece]:
    """Give the item that a file is, then each segment, then how it ended."""
    name = os.fsdecode(os.fsencode(ask.name).rpartition(b"/")[2])
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    kind = type_of(file.read(HEAD), size, name)
    named, spans = words_of(name), set[Span]()
    try:
        for one in _extractor(kind, ask)(Stream(file, name), kind, ask.caps):
            if isinstance(one, Item):
                named = _with_title(named, one.title)
                yield one.piece(named)
            elif isinstance(one, Segment):
                apart = _apart(one, spans)
                spans.add(apart.span)
                yield apart.piece()
            else:
                yield one.piece()
    except MemoryError as error:
        raise MediaError(f"{name} takes more memory than a decoder has: make it smaller") from error


def _extractor(kind: Type, ask: Ask) -> _Extractor:
    if kind.kind == "image":
        return partial(picture.extract, parts=ask.regions)
    return page.extract if kind.name == "pdf" else _EXTRACTORS[kind.kind]


def _with_title(named: str, title: str) -> str:
    return named if title.casefold() in named.casefold() else f"{title} {named}".strip()


def _apart(segment: Segment, spans: set[Span]) -> Segment:
    """Make no two segments of the same span: it is what they are known by."""
    near = _near(segment.span)
    while segment.span in spans:
        segment = replace(segment, span=next(near))
    return segment


def _near(span: Span) -> Iterator[Span]:
    """Give spans that differ by as little as nobody sees."""
    for step in count(1):
        match span:
            case TimeSpan():
                yield replace(span, end_s=round(span.end_s + step / 1_000, 3))
            case PageSpan(box=(x, y, w, h)):
                for height in (round(h - step / 10_000, 4), round(h + step / 10_000, 4)):
                    if 0 < height <= 1 - y:
                        yield replace(span, box=(x, y, w, height))
            case _:
                raise AssertionError(f"{span} comes once by the way that texts are cut")
