"""Pages of a PDF: each as it looks with its words, and its passages with their boxes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from omnisearch.errors import MediaError
from omnisearch.ingest.extraction import facts
from omnisearch.ingest.extraction.kinds import Type
from omnisearch.ingest.extraction.passages import Block, passages
from omnisearch.ingest.extraction.segment import End, Extract, Item, Segment
from omnisearch.media import document
from omnisearch.media.caps import Caps
from omnisearch.media.document import Book, joined
from omnisearch.media.lines import Box, Line
from omnisearch.media.source import Stream
from omnisearch.records import PageSpan

_GAP = 0.7  # times the height of a line: more of it parts paragraphs
_ASIDE = 0.5  # of a page, as far as a line begins beside the one before: another column


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
            yield from _passages(number, lines)
    if len(broken) == count:
        raise broken[0]
    yield End(truncated, bool(broken))


def _passages(number: int, lines: Sequence[Line]) -> Iterator[Segment]:
    """Cut the words of a page; each passage has the box around its lines."""
    text, places, blocks = "", list[int](), list[Block]()
    start, last = 0, None
    for line in lines:
        if last is not None and _parted(last, line):
            blocks.append(Block(start, len(text)))
            start = len(text)
        places.append(len(text))
        text += f"{line.words}\n"
        last = line
    blocks.append(Block(start, len(text)))
    for passage in passages(text, blocks):
        ends = [*places[1:], len(text)]
        among = [
            line.box
            for line, begin, end in zip(lines, places, ends, strict=True)
            if begin < passage.end and end > passage.start
        ]
        span = PageSpan(number, _around([box for box in among if box is not None]))
        yield Segment("document", "words", span, joined(passage.words))


def _parted(above: Line, below: Line) -> bool:
    """Tell whether a paragraph ends between two lines: by a gap, a step up or a step aside."""
    if above.box is None or below.box is None:
        return False
    bottom, height = above.box[1] + above.box[3], max(above.box[3], below.box[3])
    gap = below.box[1] - bottom
    return gap > _GAP * height or gap < -2 * height or below.box[0] - above.box[0] > _ASIDE


def _around(boxes: Sequence[Box]) -> Box:
    if not boxes:  # beside the page, or of no size
        return 0.0, 0.0, 1.0, 1.0
    left, top = min(box[0] for box in boxes), min(box[1] for box in boxes)
    right = max(box[0] + box[2] for box in boxes)
    bottom = max(box[1] + box[3] for box in boxes)
    return left, top, round(right - left, 4), round(bottom - top, 4)
