"""Pages of a PDF: each as it looks with its words, and its passages with their boxes."""

from __future__ import annotations

from collections.abc import Iterator

from omnisearch.errors import MediaError
from omnisearch.ingest.extraction import facts
from omnisearch.ingest.extraction.kinds import Type
from omnisearch.ingest.extraction.placed import placed
from omnisearch.ingest.extraction.segment import End, Extract, Item, Segment
from omnisearch.media import document
from omnisearch.media.caps import Caps
from omnisearch.media.document import Book, joined
from omnisearch.media.source import Stream
from omnisearch.records import PageSpan


def extract(source: Stream, kind: Type, caps: Caps) -> Iterator[Extract]:
    """Give the pages of a document, as many as the cap allows."""
    with document.book(source) as book:
        tags = book.tags()
        columns = facts.of_document(tags, book.pages)
        notes = [kind.note] if kind.note else []
        yield Item("document", kind.name, columns, str(columns.get("doc.title", "")), notes)
        yield from _pages(book, caps)


def _pages(book: Book, caps: Caps) -> Iterator[Extract]:
    left, broken, truncated = caps.text, list[MediaError](), book.pages > caps.pages
    count = min(book.pages, caps.pages)
    for number in range(1, count + 1):
        try:
            page, lines = book.page(number)
        except MediaError as error:  # the others may be whole
            broken.append(error)
            continue
        words = page.words[:left]
        truncated = truncated or page.truncated or len(words) < len(page.words)
        left -= len(words)
        yield Segment("document", "content", PageSpan(number), words or None, {"image": page.image})
        if words:
            for said, box in placed(lines):
                yield Segment("document", "words", PageSpan(number, box), joined(said))
    if len(broken) == count:
        raise broken[0]
    yield End(truncated, bool(broken))
