"""A file as the part that it is, by what it holds; a page as it looks, with its words."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from omnisearch.encoder.parts import Audio, Document, Image, Part, Text, Video
from omnisearch.errors import MediaError
from omnisearch.media import document, image, sniff, words
from omnisearch.media.document import Page
from omnisearch.media.source import FILES, named, opened

MOST = 500_000_000  # bytes that are taken through a pipe


def part_of(source: str | Path | bytes | BinaryIO, *, characters: int | None = None) -> Part:
    """Make the part of a file: its words, or what a tower looks at or listens to.

    A pipe, such as `sys.stdin.buffer`, is read to its end. Of a text no more than so many
    `characters` are read; all of them unless said.
    """
    if not isinstance(source, str | Path | bytes):
        source = _piped(source, characters)
    match sniff.kind_of(source):
        case "image":
            return Image(source)
        case "audio":
            return Audio(source)
        case "video":
            return _film(source)
        case "document":
            return Document(source)
        case "text":
            with opened(source) as file:
                return Text(words.read(file, named(source), characters))


def _film(source: str | Path | bytes) -> Part:
    """Take a file that may hold both for what is in it: a recorded voice is no film."""
    from omnisearch.media import container

    with suppress(MediaError), container.contained(source) as file:
        heard = container.sound(source, file) is not None
        if heard and container.pictures(source, file) is None:
            return Audio(source)
    return Video(source)


def _piped(file: BinaryIO, characters: int | None) -> bytes:
    """Take what comes through a pipe, of a text as much as is needed."""
    head = file.read(words.HEAD + 1)
    if not head:
        raise MediaError("nothing came through the pipe: give words, or what a file holds")
    if sniff.format_of(head[: words.HEAD], len(head)) == sniff.TEXT:
        # a character takes four bytes at most; what is too long is refused where it is read
        return head + file.read(words.LONGEST if characters is None else 4 * characters)
    content = head + file.read(MOST)
    if len(content) > MOST:
        raise MediaError(f"over {MOST:,} bytes came through the pipe: give the name of a file")
    return content


def page_of(part: Document) -> Page:
    """Read a page as it looks, with the words on it or those given."""
    if isinstance(part.source, FILES):
        found = document.page(part.source, part.page)
        return found if part.words is None else replace(found, words=part.words)
    return Page(image.read(part.source), part.words or "")
