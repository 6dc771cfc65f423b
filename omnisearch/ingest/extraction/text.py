"""Files of words: decoded, and cut by their structure to passages of about 200 tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from omnisearch.errors import EmptyError
from omnisearch.ingest.extraction.fields import fields
from omnisearch.ingest.extraction.kinds import Type
from omnisearch.ingest.extraction.markup import markup, title_of
from omnisearch.ingest.extraction.passages import Block, passages
from omnisearch.ingest.extraction.prose import code, markdown, plain
from omnisearch.ingest.extraction.segment import End, Extract, Item, Segment
from omnisearch.ingest.extraction.subtitles import subtitles
from omnisearch.ingest.extraction.table import table
from omnisearch.media import words
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
_LAST_RESORT = "cp1252"  # Windows-1252, as browsers take what says nothing
# signs that no text needs; each becomes one blank, so that places stay what they are
_CONTROLS = dict.fromkeys([*range(9), *range(14, 32), 11, 127], " ")


@dataclass(frozen=True, slots=True)
class Decoded:
    """The text of a file, in which code points are counted, and how it was decoded."""

    text: str
    encoding: str
    truncated: bool = False
    note: str = ""


def extract(source: Stream, kind: Type, caps: Caps) -> Iterator[Extract]:
    """Give the passages of a text; one without words is an error."""
    found = decoded(source, caps)
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


def decoded(source: Stream, caps: Caps) -> Decoded:
    """Decode a file, or as many characters of it as are read at most."""
    with opened(source) as file:
        content = file.read(4 * caps.text + 4)
        goes_on = bool(file.read(1))
    encoding = words.encoding_of(content[: words.HEAD], whole=len(content) <= words.HEAD)
    if not encoding:
        text, encoding = content.decode(_LAST_RESORT, "replace"), _LAST_RESORT
        note = "in no Unicode: read as Windows-1252"
    else:
        text, encoding, note = _unicode(content, encoding)
    text = text.translate(_CONTROLS)
    if "\n" not in text:
        text = text.replace("\r", "\n")
    return Decoded(text[: caps.text], encoding, goes_on or len(text) > caps.text, note)


def _unicode(content: bytes, encoding: str) -> tuple[str, str, str]:
    """Decode what says that it is Unicode; damage becomes U+FFFD, unless there is nothing else."""
    try:
        return content.decode(encoding), encoding, ""
    except UnicodeDecodeError:
        text = content.decode(encoding, "replace")
    lost = text.count("\ufffd")
    if encoding == "utf-8" and sum(not one.isascii() for one in text) < 2 * lost:
        text = content.decode(_LAST_RESORT, "replace")
        return text, _LAST_RESORT, "in no Unicode: read as Windows-1252"
    return text, encoding, f"damaged: {lost:,} signs are lost"


def _segments(text: str, kind: Type) -> Iterator[Segment]:
    if kind.structure == "subtitles":
        for said in subtitles(text):
            yield _segment(TimeSpan(said.start_s, said.end_s), said.words)
        return
    for passage in passages(text, _BLOCKS[kind.structure](text)):
        yield _segment(TextSpan(passage.start, passage.end), passage.words)


def _segment(span: Span, said: str) -> Segment:
    return Segment("text", "words", span, said)
