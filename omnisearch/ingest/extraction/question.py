"""A file that is asked with: whole, as `item.py` extracts it, or a part of it in as many windows.

It runs where files are decoded, and says the same: what it is, its windows, how it ended.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from math import ceil
from typing import BinaryIO

import numpy as np

from omnisearch.errors import MediaError
from omnisearch.ingest.extraction import item, sound
from omnisearch.ingest.extraction.kinds import Type, type_of
from omnisearch.ingest.extraction.segment import End, Extract, Item, Segment
from omnisearch.media import audio, container, document, image, still, video, words
from omnisearch.media.caps import Caps
from omnisearch.media.pool.ask import Ask
from omnisearch.media.pool.piece import Array, Piece
from omnisearch.media.shots import LONGEST_S
from omnisearch.media.source import Stream
from omnisearch.media.words import HEAD
from omnisearch.records import Box, PageSpan, RegionSpan, Span, TimeSpan, span_of

_LARGEST_SIDE = 2_688  # of a picture that a box is cut from: four times what is looked at
_MEDIA = ("image", "audio", "video")
_LONGEST_S = 600.0  # of a sound or film that is asked with
_NAMES = {"image": "a picture", "audio": "a sound", "video": "a film", "text": "a text"}


def pieces(file: BinaryIO, ask: Ask) -> Iterator[Piece]:
    """Give what a file is, the windows that are asked with, and how it ended."""
    source = Stream(file, os.fsdecode(os.fsencode(ask.name).rpartition(b"/")[2]))
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    kind = type_of(file.read(HEAD), size, source.name)
    if kind.kind == "text" and ask.modality in _MEDIA:
        file.seek(0)
        _check_words(source, file.read(HEAD))
    if kind.kind == "video" and (ask.modality == "audio" or not _shown(source)):
        kind = replace(kind, kind="audio" if container.told(source).heard else "video")
    span = None if ask.span is None else span_of(ask.span)
    if span == PageSpan(1) and kind.kind != "document":
        span = None
    if kind.kind == "document" and kind.name != "pdf" and isinstance(span, PageSpan):
        yield from _page(file, ask, span)
        return
    if span is None and kind.kind != "audio":
        yield from item.pieces(file, ask)
        return
    extracted = sound.extract(source, kind, ask.caps) if span is None else _part(source, kind, span)
    for one in extracted:
        yield one.piece("") if isinstance(one, Item) else one.piece()


def _page(file: BinaryIO, ask: Ask, span: PageSpan) -> Iterator[Piece]:
    """Give what stands on one page of a document that is no PDF."""
    found = False
    for piece in item.pieces(file, ask):
        where = piece.fields.get("span")
        here = where is not None and where["page"] == span.page
        found = found or here
        if where is None or here:
            yield piece
    if not found:
        raise MediaError(f"{ask.name} has no page {span.page}, or nothing stands on it")


def _check_words(source: Stream, head: bytes) -> None:
    """Refuse what is words by chance: a beginning of something else."""
    if words.encoding_of(head) == words.UNKNOWN:
        fault = f"{source.name} is nothing that can be read"
        raise MediaError(f"{fault}: copy it again, it may be cut short")


def _shown(source: Stream) -> bool:
    return container.told(source).shown is not None


def _part(source: Stream, kind: Type, span: Span) -> Iterator[Extract]:
    yield Item(kind.kind, kind.name)
    match kind.kind, span:
        case "image", RegionSpan(box):
            yield _region(source, kind, box)
        case "audio", TimeSpan(start_s, end_s):
            yield from _heard(source, start_s, end_s)
        case "video", TimeSpan(start_s, end_s):
            yield from _seen(source, start_s, end_s)
        case "document", PageSpan(number):
            found = document.page(source, number)
            yield Segment("document", "content", span, found.words or None, {"image": found.image})
        case _:
            raise MediaError(f"{source.name} is {_NAMES.get(kind.kind, 'a page')}, {_wrong(span)}")
    yield End()


def _wrong(span: Span) -> str:
    match span:
        case RegionSpan():
            return "and a box is cut from pictures only: leave it out"
        case TimeSpan():
            return "and times are those of sounds and films: leave them out"
        case _:
            return "and has no pages: leave the page out"


def _region(source: Stream, kind: Type, box: Box) -> Segment:
    """Cut a box from a picture that is read as large as the box then has what is looked at."""
    usual = Caps()
    side = min(ceil(usual.side / min(box[2:])), _LARGEST_SIDE)
    whole = still.read(source, kind.name, replace(usual, side=max(side, usual.side))).rgb
    return Segment("image", "content", RegionSpan(box), None, {"image": image.cut(whole, box)})


def _heard(source: Stream, start_s: float, end_s: float) -> Iterator[Segment]:
    longest_s = min(end_s - start_s, _LONGEST_S)
    taken = audio.read(source, sound.RATE, start_s, end_s, longest_s)
    for first, samples in sound.windows([taken.samples]):
        begin_s = start_s + first / sound.RATE
        span = TimeSpan(round(begin_s, 3), round(begin_s + len(samples) / sound.RATE, 3))
        yield Segment("audio", "content", span, None, {"sound": samples})


def _seen(source: Stream, start_s: float, end_s: float) -> Iterator[Segment]:
    """Give a film from one time to another, in as many equal windows as shots would be."""
    end_s = min(end_s, max(video.told_length_s(source), start_s), start_s + _LONGEST_S)
    count = max(1, ceil((end_s - start_s) / LONGEST_S))
    for at in range(count):
        first_s, last_s = (start_s + (end_s - start_s) * edge / count for edge in (at, at + 1))
        film = video.read(source, Caps().frames, first_s, last_s)
        arrays: dict[str, Array] = {"frames": np.stack(film.frames)}
        if film.sound is not None and sound.audible(film.sound.samples):
            arrays["sound"] = film.sound.samples
        span = TimeSpan(round(first_s, 3), round(last_s, 3))
        yield Segment("video", "content", span, None, arrays)
