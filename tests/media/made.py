"""Sound and film files, written by PyAV when a test asks for them."""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
import numpy.typing as npt

MS = Fraction(1, 1000)


def tone(seconds: float, rate: int, pitch: float = 440.0) -> npt.NDArray[np.float32]:
    """Half of full scale."""
    return np.asarray(
        0.5 * np.sin(2 * np.pi * pitch * np.arange(round(seconds * rate)) / rate), "f"
    )


def sound(
    samples: npt.NDArray[np.float32],
    rate: int,
    codec: str = "pcm_s16le",
    kind: str = "wav",
) -> bytes:
    """Write samples (t,) or (channels, t) as a file."""
    channels = np.atleast_2d(samples)
    layout = {1: "mono", 2: "stereo", 6: "5.1"}[len(channels)]
    stream_to = io.BytesIO()
    with av.open(stream_to, "w", format=kind) as file:
        stream = file.add_stream(codec, rate=rate, layout=layout)
        assert isinstance(stream, av.AudioStream)
        context = stream.codec_context
        fitted = av.AudioResampler(context.format, layout, rate, context.frame_size or None)
        frame = av.AudioFrame.from_ndarray(channels.astype(np.float32), "fltp", layout)
        frame.sample_rate = rate
        for part in [*fitted.resample(frame), *fitted.resample(None)]:
            file.mux(stream.encode(part))
        file.mux(stream.encode(None))
    return stream_to.getvalue()


def wav(data: bytes, rate: int, kind: int = 1, bits: int = 16, channels: int = 1) -> bytes:
    """Write a WAV header by hand, true or not, before bytes; kind 1 holds integers, 3 floats."""
    width = channels * bits // 8
    head = struct.pack("<HHIIHH", kind, channels, rate, rate * width % 2**32, width, bits)
    body = b"WAVEfmt " + struct.pack("<I", 16) + head + b"data" + struct.pack("<I", len(data))
    return b"RIFF" + struct.pack("<I", len(body) + len(data)) + body + data


@dataclass(frozen=True)
class Shot:
    """A film that grows brighter, a red square in its upper left."""

    frames: int = 80
    apart_ms: int = 100
    size: tuple[int, int] = (64, 48)
    codec: str = "mpeg4"
    kind: str = "mp4"
    group: int = 12  # frames from one that stands for itself to the next
    turned: int = 0
    times_ms: Sequence[int] | None = None
    sound_s: float = 0.0
    live: bool = False  # written without going back, so that no length is told


def film(shot: Shot) -> bytes:
    """Write a film."""
    stream_to = io.BytesIO()
    options = {"live": "1"} if shot.live else {}
    with av.open(stream_to, "w", format=shot.kind, options=options) as file:
        stream = _pictures(file, shot)
        heard = file.add_stream("aac", rate=16_000, layout="mono") if shot.sound_s else None
        times = shot.times_ms or range(0, shot.frames * shot.apart_ms, shot.apart_ms)
        for number, time in enumerate(times):
            frame = _frame(shot, round(255 * number / len(times)))
            frame.pts, frame.time_base = time, MS
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
        if isinstance(heard, av.AudioStream):
            fitted = av.AudioResampler("fltp", "mono", 16_000, 1024)
            whole = av.AudioFrame.from_ndarray(tone(shot.sound_s, 16_000)[None], "fltp", "mono")
            whole.sample_rate = 16_000
            for part in [*fitted.resample(whole), *fitted.resample(None)]:
                file.mux(heard.encode(part))
            file.mux(heard.encode(None))
    return stream_to.getvalue()


def _pictures(file: av.container.OutputContainer, shot: Shot) -> av.VideoStream:
    stream = file.add_stream(shot.codec, rate=Fraction(1000, shot.apart_ms))
    assert isinstance(stream, av.VideoStream)
    stream.width, stream.height = shot.size
    stream.pix_fmt = {"gif": "rgb8", "mjpeg": "yuvj420p"}.get(shot.codec, "yuv420p")
    stream.gop_size = shot.group
    stream.codec_context.time_base = MS
    stream.time_base = MS
    stream.bit_rate = 1_000_000
    if shot.codec == "libvpx":
        stream.options = {"deadline": "realtime", "cpu-used": "8"}
    if shot.turned:
        stream.set_display_rotation(shot.turned)
    return stream


def _frame(shot: Shot, grey: int) -> av.VideoFrame:
    width, height = shot.size
    picture = np.full((height, width, 3), grey, np.uint8)
    picture[: height // 4, : width // 4] = (255, 0, 0)
    return av.VideoFrame.from_ndarray(picture, "rgb24")
