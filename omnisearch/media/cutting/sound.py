"""A time of a sound, or of what is heard in a film, as plain samples of 16 bits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import numpy as np

from omnisearch.errors import MediaError
from omnisearch.media import audio, container
from omnisearch.media.cutting.stream import Outgoing
from omnisearch.media.pool.ask import Ask
from omnisearch.media.pool.piece import Piece
from omnisearch.media.source import Stream
from omnisearch.records import TimeSpan, span_of

_PREROLL_S = 1.0  # decoders need what comes before a place that was jumped to


def samples(source: Stream, ask: Ask) -> Iterator[Piece]:
    """Give the samples between two times, with the channels and the rate that the file has."""
    import av

    span = None if ask.span is None else span_of(ask.span)
    start_s, end_s = (span.start_s, span.end_s) if isinstance(span, TimeSpan) else (0.0, 0.0)
    out, known = Outgoing(), False
    with container.contained(source) as file:
        stream = container.sound(source, file)
        if stream is None:
            raise MediaError(f"{source.name} has no sound: give a file with a sound track")
        if start_s > _PREROLL_S:
            place_s = start_s - _PREROLL_S + container.origin_s(file)
            with suppress(av.FFmpegError):  # what cannot be jumped in is read from its start
                file.seek(int(place_s * 1_000_000))
        resampler, at_s = None, 0.0
        for frame in container.decoded(file, stream):
            if frame is None:
                continue
            if resampler is None:
                channels, rate = frame.layout.nb_channels, audio.checked_rate(source.name, frame)
                resampler = av.AudioResampler("s16", frame.layout, rate)
                at_s = 0.0 if frame.time is None else frame.time - container.origin_s(file)
            for one in resampler.resample(frame):
                heard = one.to_ndarray().reshape(-1, channels)
                first, last = (max(0, round((edge - at_s) * rate)) for edge in (start_s, end_s))
                at_s += len(heard) / rate
                if not known and len(heard[first:last]):
                    known = True
                    yield Piece({"what": "sound", "rate": rate, "channels": channels})
                out.write(np.ascontiguousarray(heard[first:last]).astype("<i2").tobytes())
            yield from out.taken()
            if at_s > end_s:
                break
    if not known:
        raise MediaError(f"{source.name} has no sound at {start_s:g} s: take it in again")
    yield from out.taken(0)
