"""Plain text, Markdown and code: blocks that lie one behind the other and leave nothing out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from omnisearch.ingest.extraction.passages import Block, heading_of

_PARAGRAPH = re.compile(r"\n[^\S\n]*+\n\s*")
_HEADING = re.compile(r" {0,3}#{1,6}[ \t]")
_UNDERLINE = re.compile(r" {0,3}(?:=++|-++)[ \t]*$")
_FENCE = re.compile(r" {0,3}(```+|~~~+)")
_FRONT = "---"
_LONGEST_LINE = 2_000  # of a line that may be a heading or a fence


def plain(text: str) -> Iterator[Block]:
    """Give paragraphs: what lies between empty lines."""
    start = 0
    for found in _PARAGRAPH.finditer(text):
        yield Block(start, found.end())
        start = found.end()
    yield Block(start, len(text))


def code(text: str) -> Iterator[Block]:
    """Give what begins at the left margin behind an empty line: functions, classes, comments."""
    start, empty = 0, False
    for begin, end in _lines(text):
        first = text[begin]
        if empty and not first.isspace() and first not in ")}]":
            yield Block(start, begin, lines=True)
            start = begin
        empty = text[begin : min(end, begin + _LONGEST_LINE)].isspace()
    yield Block(start, len(text), lines=True)


def markdown(text: str) -> Iterator[Block]:
    """Give headings, paragraphs and fenced code; a heading begins a section."""
    reader = _Markdown(text)
    for begin, end in _lines(text):
        yield from reader.line(begin, end)
    yield from reader.close(len(text))


class _Markdown:
    """What of Markdown parts one passage from another."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._start = 0  # of the block that is open
        self._fence = ""  # what ends the code that is open
        self._front = text.startswith(_FRONT)  # facts above the text, as YAML
        self._heading = ""
        self._begins = False

    def line(self, begin: int, end: int) -> Iterator[Block]:
        """Read a line; gives what it ends."""
        line = self._text[begin : min(end, begin + _LONGEST_LINE)].rstrip("\n")
        if self._front:
            if begin and line.rstrip() in (_FRONT, "..."):
                self._front = False
                yield from self.close(end)
            return
        if self._fence:
            if line.strip().startswith(self._fence) and not line.strip(" `~"):
                self._fence = ""
                yield from self.close(end)
            else:
                yield from self._long(begin)
            return
        fence, heading = _FENCE.match(line), _HEADING.match(line)
        if fence or heading:
            yield from self.close(begin)
        if fence:
            self._fence = fence[1]
        elif heading:
            self._head(line[heading.end() :].strip().rstrip("#"))
        elif not line.strip():
            yield from self.close(end)
        elif _UNDERLINE.match(line) and "\n" in (above := self._text[self._start : begin]):
            self._head(above) if above.count("\n") == 1 and above.strip() else None

    def close(self, end: int) -> Iterator[Block]:
        """Give the block that is open."""
        if self._start < end:
            heading = "" if self._begins else self._heading
            yield Block(self._start, end, begins=self._begins, heading=heading)
            self._start, self._begins = end, False

    def _long(self, begin: int) -> Iterator[Block]:
        """Part long code where an empty line allows it."""
        if begin - self._start > _LONGEST_LINE and self._text[begin - 2 : begin] == "\n\n":
            yield from self.close(begin)

    def _head(self, line: str) -> None:
        self._heading, self._begins = heading_of(line), True


def _lines(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    while start < len(text):
        end = text.find("\n", start) + 1 or len(text)
        yield start, end
        start = end
