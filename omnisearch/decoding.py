"""Files of a question, decoded where ingest decodes them: in processes that can do nothing else.

What is an array already is no file and needs none of it.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, cast

import numpy as np

from omnisearch.encoder.parts import Audio, Document, Image, Part, Text, Video
from omnisearch.errors import MediaError, PoolError
from omnisearch.ingest import pieces
from omnisearch.ingest.drafts import Segment
from omnisearch.ingest.encoding import RATE, shown
from omnisearch.ingest.pieces import ItemTold, SegmentTold
from omnisearch.media.descriptor import descriptor_of
from omnisearch.media.pool.ask import Ask
from omnisearch.media.pool.lending import Lender
from omnisearch.media.pool.limits import Limits
from omnisearch.media.pool.piece import Piece
from omnisearch.media.pool.pool import Pool
from omnisearch.media.source import FILES, File, Stream, named
from omnisearch.query.asked import Decoded
from omnisearch.query.voices import evenly
from omnisearch.records import PageSpan, RegionSpan, Span, TimeSpan

if TYPE_CHECKING:
    from omnisearch.media.audio import Samples

WINDOWS = 64  # that are read of a file: of a sound about ten minutes
_BYTES = 96 << 20  # that they take: a film in large frames is read less far
_EXTRACTOR = "omnisearch.ingest.extraction.question:pieces"
_LIMITS = Limits(item_s=60.0)  # somebody waits for it
_WORKERS = 4  # for threads that ask at the same time; each is made when it is needed
_END_S = 1e9  # of a sound: as long as it is
_KINDS = {
    "text": "a text",
    "image": "a picture",
    "audio": "a sound",
    "video": "a film",
    "document": "a PDF",
}


def lender() -> Lender:
    """Begin what forks of this process open the files of their questions with."""
    return Lender(_EXTRACTOR, _LIMITS)


class Decoding:
    """Opens the files of questions; its decoder is started by the first, and kept.

    A process that is a fork may have a copy of what was begun before it, which takes milliseconds.
    """

    def __init__(self, lender: Lender | None = None) -> None:
        self._lock, self._lender = Lock(), lender
        self._pool: Pool | None = None
        self._process = os.getpid()
        self._closed = False
        self.started = False  # whether a file was ever opened

    def __call__(self, part: Part) -> Decoded:
        """Give what a part holds, in windows of what is encoded at once."""
        if isinstance(part, Video) and isinstance(part.sound, FILES):
            part = replace(part, sound=self._sound(part.sound))
        source = _source(part)
        if not isinstance(source, FILES):
            return Decoded((part,))
        item, windows, more = self._windows(source, part.modality, _span(part))
        found = tuple(_as_given(_part(windows[at]), part) for at in evenly(len(windows)))
        if not found:
            raise MediaError(f"{named(source)} holds nothing to ask with: give another file")
        return Decoded(found, tuple(_remarks(part, item, windows if more else ())))

    def close(self) -> None:
        """End the decoder; whoever waits for a file in another thread gets a PoolError."""
        with self._lock:
            self._closed = True
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.close()

    def _sound(self, source: File) -> Samples:
        """Give the sound that lies beside a film."""
        _, windows, _ = self._windows(source, "audio", None)
        heard = [one.arrays["sound"] for one in windows if "sound" in one.arrays]
        if not heard:
            raise MediaError(f"{named(source)} has no sound: give a file with a sound track")
        return np.concatenate(heard), RATE

    def _windows(
        self, source: File, modality: str, span: Span | None
    ) -> tuple[ItemTold, list[SegmentTold], bool]:
        """Decode a file up to so many windows, and tell whether there are more."""
        windows, left = list[SegmentTold](), _BYTES
        ask = Ask(_name(source), modality=modality, span=None if span is None else span.as_json())
        with descriptor_of(source) as descriptor:
            coming = self._started().decode(descriptor, ask)
            with closing(cast(Generator[Piece], coming)):
                told = pieces.read(coming)
                item = cast(ItemTold, next(told))
                for one in told:
                    if isinstance(one, SegmentTold):
                        if len(windows) == WINDOWS or left < one.bytes:
                            return item, windows, True
                        windows.append(one)
                        left -= one.bytes
        return item, windows, False

    def _started(self) -> Pool:
        with self._lock:
            if self._closed:
                raise PoolError("what opens files of questions was closed: make another")
            if self._pool is None or self._process != os.getpid():
                self._pool = Pool(_EXTRACTOR, _WORKERS, _LIMITS, self._lender)
                self._process, self.started = os.getpid(), True
            return self._pool


def _source(part: Part) -> object:
    return None if isinstance(part, Text) else part.source


def _name(source: File) -> str:
    if isinstance(source, bytes):
        return named(source)
    return source.name if isinstance(source, Stream) else Path(source).name


def _span(part: Part) -> Span | None:
    """Give the part of a file that is meant."""
    match part:
        case Image(box=tuple(box)):
            return RegionSpan(box)
        case Audio(from_s=begin, to_s=end) | Video(from_s=begin, to_s=end):
            if begin is not None or end is not None:
                begin = begin or 0.0
                if begin >= _END_S:
                    fault = f"the {part.modality} of the question is to begin at {begin:g} s"
                    raise MediaError(f"{fault}: give an earlier time")
                return TimeSpan(begin, min(end or _END_S, _END_S))
        case Document(page=number):
            return PageSpan(number)
    return None


def _part(told: SegmentTold) -> Part:
    if told.views == ("words",):
        return Text(told.words or "")
    return shown(Segment("", told.modality, told.span, told.words, told.look), told.arrays)


def _as_given(window: Part, part: Part) -> Part:
    """Give a window the weight of its part, and what was given beside the file."""
    if isinstance(part, Document) and isinstance(window, Document) and part.words is not None:
        return replace(window, weight=part.weight, words=part.words)
    if isinstance(part, Video) and isinstance(window, Video) and part.sound is not None:
        return replace(window, weight=part.weight, sound=part.sound)
    return replace(window, weight=part.weight)


def _remarks(part: Part, item: ItemTold, rest: Sequence[SegmentTold]) -> Iterator[str]:
    """Say what a person did not expect: another kind of file, or one too long to ask with whole."""
    name = named(cast(File, _source(part)))
    if item.modality != part.modality and (item.modality, part.modality) != ("text", "document"):
        yield f"{name} is {_KINDS[item.modality]}, not {_KINDS[part.modality]}: asked as what it is"
    if rest:
        where = rest[-1].span or {}
        shown_s = f"its first {where['end_s']:.0f} s" if "end_s" in where else "its beginning"
        yield f"{name} is long: {shown_s} is what is asked with, choose another part of it"
