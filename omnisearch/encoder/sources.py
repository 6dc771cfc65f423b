"""A file as the part that it is, by what it holds; a page as it looks, with its words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from omnisearch.encoder.parts import Audio, Document, Image, Part, Text, Video
from omnisearch.errors import MediaError
from omnisearch.media import document, image, sniff
from omnisearch.media.document import Page
from omnisearch.media.source import opened

LONGEST_TEXT = 100_000_000  # bytes that are read of a file of words


def part_of(path: str | Path) -> Part:
    """Make the part of a file: its words, or what a tower looks at or listens to."""
    match sniff.kind_of(path):
        case "image":
            return Image(path)
        case "audio":
            return Audio(path)
        case "video":
            return Video(path)
        case "document":
            return Document(path)
        case "text":
            return Text(_words(path))


def page_of(part: Document) -> Page:
    """Read a page as it looks, with the words on it or those given."""
    if isinstance(part.source, str | Path | bytes):
        found = document.page(part.source, part.page)
        return found if part.words is None else replace(found, words=part.words)
    return Page(image.read(part.source), part.words or "")


def _words(path: str | Path) -> str:
    with opened(path) as file:
        content = file.read(LONGEST_TEXT + 1)
    if len(content) > LONGEST_TEXT:
        raise MediaError(f"{path} has over {LONGEST_TEXT:,} bytes of text: cut it into files")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        fault = f"{path} is no UTF-8 at byte {error.start:,}"
        raise MediaError(f"{fault}: convert it, or leave it out") from error
