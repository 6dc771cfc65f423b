"""Files of words: decoded, and cut by their structure to passages of about 200 tokens."""

from __future__ import annotations

import re
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from omnisearch.errors import EmptyError
from omnisearch.ingest.extraction.fields import fields
from omnisearch.ingest.extraction.kinds import Type
from omnisearch.ingest.extraction.markup import markup, title_of
from omnisearch.ingest.extraction.passages import Block, passages
from omnisearch.ingest.extraction.prose import code, markdown, plain
from omnisearch.ingest.extraction.segment import End, Extract, Item, Segment
from omnisearch.ingest.extraction.subtitles import subtitles
from omnisearch.ingest.extraction.table import table
from omnisearch.media import charsets, words
from omnisearch.media.caps import Caps
from omnisearch.media.source import Stream, opened
from omnisearch.records import Span, TextSpan, TimeSpan

_BLOCKS: dict[str, Callable[[str], Iterator[Block]]] = {
    "plain": plain,
    "markdown": markdown,
    "code": code,
    "markup": markup,
    "table": table,
    "fields": fields,
}
_DECLARED = re.compile(rb"(?:charset|encoding)\s*=\s*[\"']?\s*([\w.:-]{2,40})", re.IGNORECASE)
_PIECE = 1 << 20  # bytes that are decoded at once
# signs that no text needs; each becomes one blank, so that places stay what they are
_CONTROLS = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Decoded:
    """The text of a file, in which code points are counted, and how it was decoded."""

    text: str
    encoding: str
    truncated: bool = False
    note: str = ""


def extract(source: Stream, kind: Type, caps: Caps) -> Iterator[Extract]:
    """Give the passages of a text; one without words is an error."""
    found = decoded(source, caps, declares=kind.structure == "markup")
    segments = _segments(found.text, kind)
    first = next(segments, None)
    if first is None:
        raise EmptyError(f"{source.name} has no words")
    title = title_of(found.text) if kind.structure == "markup" else ""
    notes = [note for note in (kind.note, found.note) if note]
    columns = {"doc.title": title} if title else {}
    yield Item("text", kind.name, columns, title=title, notes=notes)
    yield first
    yield from segments
    yield End(truncated=found.truncated)


def decoded(source: Stream, caps: Caps, *, declares: bool = False) -> Decoded:
    """Decode a file, or as many characters of it as are read at most.

    One that is in no Unicode may say in which encoding it is, if it `declares` that at all.
    """
    with opened(source) as file:
        head = file.read(words.HEAD + 1)
        whole = len(head) <= words.HEAD
        told = _declared(head) if declares else None
        encoding = (
            words.encoding_of(head[: words.HEAD], whole=whole) or told or charsets.LAST_RESORT
        )
        text = _read(file, encoding, caps.text + 1)
        lost = text.count("\ufffd")
        if lost and encoding == "utf-8" and sum(not one.isascii() for one in text) < 2 * lost:
            encoding = told or charsets.LAST_RESORT
            text = _read(file, encoding, caps.text + 1)
            lost = text.count("\ufffd")
    note = f"damaged: {lost:,} signs are lost" if lost else ""
    if encoding == charsets.LAST_RESORT and told is None:
        note = "in no Unicode: read as Windows-1252"
    truncated = len(text) > caps.text
    text = _CONTROLS.sub(" ", text[: caps.text])
    if "\n" not in text:
        text = text.replace("\r", "\n")
    return Decoded(text, encoding, truncated, note)


def _declared(head: bytes) -> str | None:
    """Read which encoding a page of HTML or XML says that it has."""
    found = _DECLARED.search(head)
    return charsets.BY_NAME.get(found[1].decode().lower()) if found else None


def _read(file: BinaryIO, encoding: str, most: int) -> str:
    """Read so many characters from the start; what is damaged becomes U+FFFD."""
    file.seek(0)
    decoder = getincrementaldecoder(encoding)("replace")
    texts, held = list[str](), 0
    while held < most:
        piece = file.read(_PIECE)
        texts.append(decoder.decode(piece, not piece))
        held += len(texts[-1])
        if not piece:
            break
    return "".join(texts)[:most]


def _segments(text: str, kind: Type) -> Iterator[Segment]:
    if kind.structure == "subtitles":
        for said in subtitles(text):
            yield _segment(TimeSpan(said.start_s, said.end_s), said.words)
        return
    for passage in passages(text, _BLOCKS[kind.structure](text)):
        yield _segment(TextSpan(passage.start, passage.end), passage.words)


def _segment(span: Span, said: str) -> Segment:
    return Segment("text", "words", span, said)
