"""A file as the part that it is, by what it holds; a page as it looks, with its words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from omnisearch.encoder.parts import Audio, Document, Image, Part, Text, Video
from omnisearch.media import document, image, sniff, words
from omnisearch.media.document import Page
from omnisearch.media.source import named, opened


def part_of(source: str | Path | bytes, *, characters: int | None = None) -> Part:
    """Make the part of a file: its words, or what a tower looks at or listens to.

    Of a text, no more than so many `characters` are read; all of them unless said.
    """
    match sniff.kind_of(source):
        case "image":
            return Image(source)
        case "audio":
            return Audio(source)
        case "video":
            return Video(source)
        case "document":
            return Document(source)
        case "text":
            with opened(source) as file:
                return Text(words.read(file, named(source), characters))


def page_of(part: Document) -> Page:
    """Read a page as it looks, with the words on it or those given."""
    if isinstance(part.source, str | Path | bytes):
        found = document.page(part.source, part.page)
        return found if part.words is None else replace(found, words=part.words)
    return Page(image.read(part.source), part.words or "")
