"""Rows of CSV and TSV, which stay whole; the first row, if it names columns, is told with each."""

from __future__ import annotations

from collections.abc import Iterator

from omnisearch.ingest.extraction.passages import Block, heading_of

_LONGEST_ROW = 20_000  # characters; quotes that never close end there


def table(text: str) -> Iterator[Block]:
    """Give rows; a row goes on while its quotes are open."""
    heading, start, open_ = None, 0, False
    while start < len(text):
        end = start
        while end < len(text):
            begin = end
            end = text.find("\n", begin) + 1 or len(text)
            open_ ^= bool(text.count('"', begin, end) % 2)
            if not open_ or end - start > _LONGEST_ROW:
                break
        open_ = False
        if heading is None:
            heading = _names(text[start:end])
            yield Block(start, end, begins=True, lines=True)
        else:
            yield Block(start, end, heading=heading, lines=True)
        start = end


def _names(row: str) -> str:
    """Give a first row that names columns: words, no numbers."""
    cells = row.replace("\t", ",").replace(";", ",").split(",")
    named = all(cell.strip() and not cell.strip(' "\r\n').isnumeric() for cell in cells)
    return heading_of(row) if named and len(cells) > 1 else ""
