"""One moment of a file in the form that is wanted; this is what runs in a process that decodes.

First comes what it is, then its bytes: each piece says where they belong. Pictures and sounds go
out as plain pixels and samples, so that only what this package writes itself is handed on as it is.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import BinaryIO

from omnisearch.errors import MediaError
from omnisearch.media import loaded
from omnisearch.media.cutting import film, page, picture, sound
from omnisearch.media.pool.ask import Ask
from omnisearch.media.pool.piece import Piece
from omnisearch.media.source import Stream

loaded.load()
_CUTS: dict[tuple[str, str], Callable[[Stream, Ask], Iterator[Piece]]] = {
    ("image", "pixels"): picture.region,
    ("video", "pixels"): picture.frame,
    ("document", "pixels"): page.look,
    ("document", "pdf"): page.alone,
    ("audio", "samples"): sound.samples,
    ("video", "samples"): sound.samples,
    ("video", "film"): film.copied,
    ("video", "mp4"): film.copied,
    ("video", "webm"): film.copied,
    ("video", "mkv"): film.copied,
}


def pieces(file: BinaryIO, ask: Ask) -> Iterator[Piece]:
    """Give what a moment is, and its bytes."""
    name = os.fsdecode(os.fsencode(ask.name).rpartition(b"/")[2])
    cut = _CUTS.get((ask.modality or "", ask.form or ""))
    if cut is None:
        raise MediaError(f"{name}: no {ask.form} is made of {ask.modality}")
    try:
        yield from cut(Stream(file, name), ask)
    except MemoryError as error:
        fault = f"{name}: this moment takes more memory than a decoder has"
        raise MediaError(f"{fault}: cut a shorter or smaller one") from error
