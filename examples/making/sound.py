"""Waves become files, the same bytes each time."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import av
import numpy as np

from omnisearch.training.data.synthesis import RATE, Wave, peak

CODECS = {  # by what a file ends in: container, codec
    ".ogg": ("ogg", "libopus"),
    ".mp3": ("mp3", "libmp3lame"),
    ".flac": ("flac", "flac"),
    ".wav": ("wav", "pcm_s16le"),
    ".m4a": ("ipod", "aac"),
}
EXACT = {"fflags": "+bitexact"}  # no version of a library, no number drawn at random
_BITS_S = 48_000


def write(path: Path, wave: Wave, tags: Mapping[str, str] | None = None) -> None:
    """Write one channel at 16 kHz in the format that the name asks for."""
    kind, codec = CODECS[path.suffix]
    with av.open(str(path), "w", format=kind, container_options=EXACT) as file:
        file.metadata.update(tags or {})
        stream = file.add_stream(codec, rate=RATE, layout="mono")
        assert isinstance(stream, av.AudioStream)
        encode(file, stream, wave)


def encode(file: av.container.OutputContainer, stream: av.AudioStream, wave: Wave) -> None:
    """Send a whole wave through a stream."""
    context = stream.codec_context
    context.flags |= av.codec.context.Flags.bitexact
    if context.name not in ("flac", "pcm_s16le"):
        context.bit_rate = _BITS_S
    context.open(strict=False)
    fitted = av.AudioResampler(context.format, "mono", context.rate, context.frame_size or 1024)
    whole = np.asarray(peak(wave, 0.8), np.float32)[None]
    frame = av.AudioFrame.from_ndarray(whole, "fltp", "mono")
    frame.sample_rate = RATE
    for part in [*fitted.resample(frame), *fitted.resample(None)]:
        file.mux(stream.encode(part))
    file.mux(stream.encode(None))
