"""What comes from a decoder that cuts, put together where it may be written: believed in bounds.

Pixels and samples become files here, so that no header is anybody else's. A page and a film are
bytes of the decoder: they are as hostile as the file that they were cut from, and are not read.
"""

from __future__ import annotations

import wave
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

import numpy as np

from omnisearch.errors import DecoderError, MediaError
from omnisearch.media import audio
from omnisearch.media.pool.piece import Piece

if TYPE_CHECKING:
    from PIL.Image import Image

PIXELS = 64_000_000
_MORE_BYTES = 64 << 20  # that a page or film may have beyond the file that it was cut from
_REST_S = 1.0  # of sound: the frame in which a time ends
SOUND_BYTES = (4 << 30) - (1 << 20)  # as long as a WAV can be
FILMS = ("mp4", "webm", "mkv")


class Film(NamedTuple):
    """A film that was cut: its container, and which seconds of the original it shows."""

    form: str
    begin_s: float
    end_s: float


def head(pieces: Iterator[Piece], what: tuple[str, ...]) -> Mapping[str, Any]:
    """Give what the decoder says that it cut."""
    first = next(pieces, None)
    if first is None or first.fields.get("what") not in what:
        raise DecoderError("the decoder did not say what it cut")
    return first.fields


def picture(pieces: Iterator[Piece]) -> Image:
    """Put a picture together."""
    from PIL import Image

    said = head(pieces, ("picture",))
    width, height = _count(said.get("width"), PIXELS), _count(said.get("height"), PIXELS)
    if width * height > PIXELS:
        raise DecoderError("the decoder gave a picture that is too large")
    rgb, at = np.zeros((height, width, 3), np.uint8), 0
    for piece in pieces:
        rows = piece.arrays.get("rows")
        if rows is None or rows.shape[1:] != (width, 3) or at + len(rows) > height:
            raise DecoderError("the decoder gave rows that are none of its picture")
        rgb[at : at + len(rows)] = rows
        at += len(rows)
    if at != height:
        raise DecoderError("the decoder gave a part of its picture only")
    return Image.fromarray(rgb)


def sound(pieces: Iterator[Piece], file: BinaryIO, seconds: float) -> None:
    """Write samples as WAV, so many seconds at most."""
    said = head(pieces, ("sound",))
    rate = _count(said.get("rate"), audio.RATES[1])
    channels = _count(said.get("channels"), audio.CHANNELS)
    most = min(SOUND_BYTES, 2 * channels * round(rate * (seconds + _REST_S)))
    with wave.open(file, "wb") as target:
        target.setparams((channels, 2, rate, 0, "NONE", ""))
        size = 0
        for piece in pieces:
            data = _bytes(piece)
            size += len(data)
            if size > most:
                raise MediaError(f"the sound has more than {most:,} bytes: cut a shorter time")
            target.writeframesraw(data)


def page(pieces: Iterator[Piece], file: BinaryIO, original: int) -> None:
    """Write a page of an original of so many bytes as a PDF."""
    head(pieces, ("file",))
    _plain(pieces, file, original + _MORE_BYTES)


def film(pieces: Iterator[Piece], file: BinaryIO, original: int) -> Film:
    """Write a film of an original of so many bytes."""
    said = head(pieces, ("film",))
    form, begin_s, ends = said.get("form"), _second(said.get("begin_s")), list[Piece]()
    if form not in FILMS:
        raise DecoderError("the decoder did not say what its film is")
    _plain(_before(pieces, ends), file, original + _MORE_BYTES)
    end_s = _second(ends[0].fields.get("end_s") if len(ends) == 1 else None)
    if not 0 <= begin_s <= end_s:
        raise DecoderError("the decoder did not say of which time its film is")
    return Film(str(form), begin_s, end_s)


def _before(pieces: Iterator[Piece], ends: list[Piece]) -> Iterator[Piece]:
    """Give the pieces of bytes, and keep those that say how far they go."""
    for piece in pieces:
        if piece.fields.get("what") == "end":
            ends.append(piece)
        else:
            yield piece


def _second(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise DecoderError(f"the decoder gave {value!r:.40} as a time")
    return float(value)


def _plain(pieces: Iterator[Piece], file: BinaryIO, most: int) -> None:
    """Write bytes, each piece where it says that it belongs, none behind so many."""
    for piece in pieces:
        at, data = piece.fields.get("at"), _bytes(piece)
        if type(at) is not int or not 0 <= at <= most - len(data):
            raise DecoderError("the decoder gave bytes that belong nowhere")
        file.seek(at)
        file.write(data)


def _bytes(piece: Piece) -> bytes:
    found = piece.arrays.get("bytes")
    if found is None or found.dtype != np.uint8 or found.ndim != 1:
        raise DecoderError("the decoder gave a piece without bytes")
    return found.tobytes()


def _count(value: object, most: int) -> int:
    if type(value) is not int or not 0 < value <= most:
        raise DecoderError(f"the decoder gave {value!r:.40} as a number of something")
    return value
