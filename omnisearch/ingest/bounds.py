"""How a run shares the memory that it may take: between its parent, its decoders and what waits."""

from __future__ import annotations

from dataclasses import dataclass, replace

from omnisearch.encoder.ocr import installed
from omnisearch.ingest import memory
from omnisearch.ingest.opening import COPIED_BYTES
from omnisearch.ingest.options import Options
from omnisearch.media.caps import CAPS, Caps
from omnisearch.media.pool.limits import Limits

_PARENT = 600 << 20  # of an encoder with all its towers, and of this process
_DECODER = 160 << 20  # that a decoder takes for usual files
_PRINT = 260 << 20  # that a thread takes while it reads a dense page, where print is read
_LEAST_DECODER = 320 << 20  # below, a picture of a phone does not fit
_SEGMENTS = 256 << 20  # that wait: 2 s of work for two encoders are far less


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a run may take."""

    memory: int  # bytes, of the process and its decoders
    copies: int  # of files that are read at once
    segments: int  # that wait for encoders
    workers: int
    limits: Limits
    caps: Caps


def of(options: Options) -> Bounds:
    """Share what a run may take; with little, fewer decoders run, each with less."""
    whole = memory.allowed(options.max_memory)
    room = max(whole - _PARENT, _LEAST_DECODER)
    prints = _PRINT if options.ocr and installed() else 0
    workers = max(min(options.workers, room // (2 * _DECODER + prints)), 1)
    room = max(room - workers * prints, _LEAST_DECODER)
    usual = Limits()
    largest = min(usual.memory_bytes, max(room // workers, _LEAST_DECODER))
    left = max(room - workers * _DECODER, 64 << 20)
    return Bounds(
        memory=whole,
        copies=min(left // 2, workers * COPIED_BYTES),
        segments=min(left // 4, _SEGMENTS),
        workers=workers,
        limits=replace(usual, memory_bytes=largest),
        caps=_caps(options),
    )


def _caps(options: Options) -> Caps:
    """Take the caps that were asked for, and the table's for the rest."""
    return replace(
        CAPS,
        pixels=options.max_pixels or CAPS.pixels,
        pages=options.max_pages or CAPS.pages,
        hours=options.max_hours or CAPS.hours,
        text=options.max_text or CAPS.text,
    )
