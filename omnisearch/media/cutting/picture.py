"""Pictures: a box of one as it is displayed, and what a film shows in the middle of a time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace

from omnisearch.errors import MediaError
from omnisearch.media import container, image, sniff, still, svg, video
from omnisearch.media.caps import Caps
from omnisearch.media.cutting import inside, pixels
from omnisearch.media.pool.ask import Ask
from omnisearch.media.pool.piece import Piece
from omnisearch.media.source import Stream
from omnisearch.media.words import HEAD
from omnisearch.records import Box, PageSpan, RegionSpan, Span, TimeSpan, span_of

_FULL = 1 << 20  # the side of a picture that is not made smaller


def region(source: Stream, ask: Ask) -> Iterator[Piece]:
    """Give a picture, or a box of it; a smaller side in the caps makes the whole smaller first."""
    span = None if ask.span is None else span_of(ask.span)
    if isinstance(span, PageSpan):
        yield from pixels.told(inside.picture(source, span, ask.caps))
        return
    size = source.file.seek(0, os.SEEK_END)
    source.file.seek(0)
    form = sniff.format_of(source.file.read(HEAD), size)
    if form == sniff.TEXT:  # it was taken in as a drawing, which is written in letters
        yield from pixels.told(image.cut(svg.read(source).rgb, _box(span)))
        return
    if form is None or form.kind != "image":
        raise MediaError(f"{source.name} is no picture any more: take it in again")
    box = _box(span)
    caps = replace(ask.caps, side=_side(ask.caps, box))
    rgb = still.read(source, form.name, caps).rgb
    yield from pixels.told(rgb if box is None else image.cut(rgb, box))


def _box(span: Span | None) -> Box | None:
    return span.box if isinstance(span, RegionSpan) else None


def _side(caps: Caps, box: tuple[float, float, float, float] | None) -> int:
    """Give the side of the whole of which a box still has the side that is wanted."""
    if box is None:
        return caps.side
    return min(_FULL, round(caps.side / max(min(box[2:]), 1e-3)))


def frame(source: Stream, ask: Ask) -> Iterator[Piece]:
    """Give what a film shows in the middle of a time."""
    span = None if ask.span is None else span_of(ask.span)
    start_s, end_s = (span.start_s, span.end_s) if isinstance(span, TimeSpan) else (0.0, 0.0)
    with container.contained(source) as file:
        reel = video.Reel(source, file, video.track(source, file), ask.caps.side)
        shown = reel.shown([(start_s + end_s) / 2])
    if not shown:
        raise MediaError(f"{source.name} shows nothing at {start_s:g} s: take it in again")
    yield from pixels.told(shown[0][1])
