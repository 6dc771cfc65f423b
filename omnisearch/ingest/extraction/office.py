"""Documents of office programs and books: passages of each page with their place, and pictures.

A page of a text that flows has no height. So the box of a passage says from which part to which of
the page's text it goes, top to bottom, over the whole width; that of a picture, where it stands.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from omnisearch.errors import EmptyError, MediaError
from omnisearch.ingest.extraction import facts
from omnisearch.ingest.extraction.kinds import Type, note_of
from omnisearch.ingest.extraction.markup import markup
from omnisearch.ingest.extraction.passages import Block, heading_of, passages
from omnisearch.ingest.extraction.prose import plain
from omnisearch.ingest.extraction.segment import End, Extract, Item, Segment, Views
from omnisearch.media import document as pages
from omnisearch.media.caps import Caps
from omnisearch.media.look import look
from omnisearch.media.office.archive import Budget
from omnisearch.media.office.leaf import Leaf, Room
from omnisearch.media.office.opened import Document, document
from omnisearch.media.office.pictures import pixels
from omnisearch.media.source import Stream
from omnisearch.records import PageSpan

_LONGEST_NOTE = 200


def extract(source: Stream, kind: Type, caps: Caps) -> Iterator[Extract]:
    """Give the passages and pictures of a document; one without any is an error."""
    room, budget = Room(caps.text, caps.pages), Budget()
    found = document(source, room, budget)
    told = _Told(found, room, caps)
    segments = told.segments()
    first = next(segments, None)
    if first is None:
        raise EmptyError(f"{source.name} has no words")
    columns = facts.of_document(found.facts, 0)
    del columns["doc.pages"]  # they are counted as they come
    notes = [note] if (note := note_of(found.kind, source.name)) else []
    if found.unread:
        notes.append(f"attached and not read: {', '.join(found.unread)}"[:_LONGEST_NOTE])
    title = str(columns.get("doc.title", ""))
    yield Item("document", found.kind, columns, title, notes)
    yield from chain([first], segments)
    yield End(room.truncated or budget.truncated, room.damaged, {"doc.pages": told.last})


class _Told:
    """Segments of a document as they come."""

    def __init__(self, found: Document, room: Room, caps: Caps) -> None:
        self._found, self._room, self._caps = found, room, caps
        self.last = 0  # the highest number of a leaf

    def segments(self) -> Iterator[Segment]:
        """Give the passages of each leaf, then its pictures."""
        for leaf in self._found.leaves:
            self.last = leaf.number
            if leaf.pages:
                yield from self._pages(leaf)
            for passage in passages(leaf.text, _blocks(leaf)):
                span = PageSpan(leaf.number, leaf.box(passage.start, passage.end))
                yield Segment("document", "words", span, passage.words)
            yield from self._shown(leaf)

    def _pages(self, leaf: Leaf) -> Iterator[Segment]:
        """Give the pages of a PDF that stands in place of a leaf, each as a band of it."""
        try:
            with pages.book(leaf.pages) as book:
                count = min(book.pages, self._caps.pages)
                for at in range(count):
                    page, _ = book.page(at + 1, placed=False)
                    span = PageSpan(leaf.number, (0.0, at / count, 1.0, 1 / count))
                    words = self._room.take(page.words) or None
                    yield Segment("document", "content", span, words, {"image": page.image})
                    if words:
                        yield from _passages(words, leaf.number, at, count)
        except MediaError:
            self._room.damaged = True

    def _shown(self, leaf: Leaf) -> Iterator[Segment]:
        for picture in leaf.pictures:
            try:
                rgb = pixels(picture, self._found.archive, self._caps)
            except MediaError:  # the words around it may be whole
                self._room.damaged = True
                continue
            if rgb is None:
                continue
            span = PageSpan(leaf.number, leaf.box(picture.at, picture.at + 1))
            words, arrays = picture.words or None, {"image": rgb}
            view: Views = "both" if words else "content"
            yield Segment("image", view, span, words, arrays, look(rgb))


def _passages(words: str, number: int, at: int, count: int) -> Iterator[Segment]:
    """Give the passages of one page among several that share a leaf."""
    for passage in passages(words, plain(words)):
        top = (at + passage.start / len(words)) / count
        height = (passage.end - passage.start) / len(words) / count
        span = PageSpan(number, (0.0, round(top, 9), 1.0, round(height * 0.999, 9)))
        yield Segment("document", "words", span, passage.words)


def _blocks(leaf: Leaf) -> Iterator[Block]:
    if leaf.markup:
        yield from markup(leaf.text)
        return
    for one in leaf.paragraphs:
        heading = heading_of(one.heading)
        yield Block(one.start, one.end, begins=one.begins, heading=heading, lines=one.row)
