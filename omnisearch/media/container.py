"""Files of sound and film, opened with the libraries of FFmpeg.

FFmpeg knows hundreds of kinds, some of which open other files or the network. Only the kinds listed
here are tried, and a file goes in as an open stream, so that its name means nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from errno import EPERM
from functools import cache
from typing import TYPE_CHECKING, BinaryIO, NoReturn, overload

from omnisearch.errors import MediaError
from omnisearch.media.source import File, named, opened

if TYPE_CHECKING:
    from av import AudioFrame, AudioStream, VideoFrame, VideoStream
    from av.container import InputContainer

CONTAINERS = (
    "aac ac3 aiff amr ape asf au avi caf dts dv eac3 flac flv gif ivf matroska mov mp3 mpc mpc8 "
    "mpeg mpegts mpegvideo mxf ogg rm tak tta w64 wav wv"
)
SOUNDS = frozenset(
    (
        "aac aac_latm ac3 adpcm_ima_qt adpcm_ima_wav adpcm_ms adpcm_yamaha alac amrnb amrwb ape "
        "cook dca dvaudio eac3 flac g722 gsm gsm_ms libopencore_amrnb libopencore_amrwb libopus "
        "mlp mp1 mp1float mp2 mp2float mp3 mp3float mpc7 mpc8 nellymoser opus pcm_alaw "
        "pcm_bluray pcm_dvd pcm_f32be pcm_f32le pcm_f64be pcm_f64le pcm_mulaw pcm_s16be "
        "pcm_s16be_planar pcm_s16le pcm_s16le_planar pcm_s24be pcm_s24le pcm_s24le_planar "
        "pcm_s32be pcm_s32le pcm_s32le_planar pcm_s8 pcm_s8_planar pcm_u16be pcm_u16le pcm_u24be "
        "pcm_u24le pcm_u32be pcm_u32le pcm_u8 speex tak truehd tta vorbis wavpack wmalossless "
        "wmapro wmav1 wmav2 wmavoice"
    ).split()
)
PICTURES = frozenset(
    (
        "av1 cinepak dnxhd dvvideo ffv1 ffvhuff flv gif h263 h264 hevc huffyuv libdav1d libvpx "
        "libvpx-vp9 mjpeg mpeg1video mpeg2video mpeg4 msmpeg4 msmpeg4v1 msmpeg4v2 png prores "
        "qtrle rawvideo rpza rv10 rv20 rv30 rv40 svq1 svq3 theora vc1 vp3 vp6 vp6a vp6f vp8 vp9 "
        "wmv1 wmv2 wmv3"
    ).split()
)
SOUND_SINCE = (8, 1, 2)  # CVE-2026-8461, of a codec that is not listed here either
PIXELS = 40_000_000  # of a frame: a film in 8K has 33 million


@contextmanager
def contained(source: File) -> Iterator[InputContainer]:
    """Open a file of sound or film, and close it."""
    with opened(source) as file, _container(source, file) as container:
        yield container


def _container(source: File, file: BinaryIO) -> InputContainer:
    import av

    check_version(str(av.ffmpeg_version_info))
    lists = {
        "format_whitelist": CONTAINERS.replace(" ", ","),
        "codec_whitelist": ",".join(sorted(SOUNDS | PICTURES)),
    }
    try:
        return av.open(
            file, "r", container_options=lists, metadata_errors="replace", io_open=_nothing_else
        )
    except (av.FFmpegError, OSError, ValueError) as error:
        fault = f"{named(source)} is no sound or film that can be read ({_reason(error)})"
        raise MediaError(f"{fault}: play it elsewhere, or convert it to FLAC or MP4") from error


@cache
def check_version(told: str) -> None:
    """Refuse libraries with a hole that is known; builds of no release tell no version."""
    found = re.match(r"n?(\d+)\.(\d+)(?:\.(\d+))?", told)
    if found is not None and tuple(int(part or 0) for part in found.groups()) < SOUND_SINCE:
        least = ".".join(map(str, SOUND_SINCE))
        raise MediaError(
            f"FFmpeg {told} is older than {least}, in which a film can take over what reads it: "
            "reinstall av from its wheel (pip install --force-reinstall av)"
        )


def _nothing_else(url: str, flags: int, options: object) -> NoReturn:
    """Refuse what a container refers to: other files, addresses."""
    raise PermissionError(EPERM, f"nothing else is opened: {url[:200]}")


@dataclass(frozen=True, slots=True)
class Told:
    """What a file says of itself; none of it is sure.

    `tags` have small letters. `shown` is width, height and frames a second of the film, if it is
    one.
    """

    tags: Mapping[str, str]
    seconds: float | None
    shown: tuple[int, int, float | None] | None
    heard: bool


def told(source: File) -> Told:
    """Read what a file says of itself; nothing is decoded."""
    with contained(source) as file:
        stream, heard = pictures(source, file), file.streams.best("audio")
        tags: dict[str, str] = {}
        for one in (stream, heard, file):
            tags |= {key.lower(): value for key, value in (one.metadata if one else {}).items()}
        seconds = None if file.duration is None else file.duration / 1_000_000
        if stream is None:
            return Told(tags, seconds, None, heard is not None)
        rate = float(stream.average_rate) if stream.average_rate else None
        return Told(tags, seconds, (stream.width, stream.height, rate), heard is not None)


def sound(source: File, file: InputContainer) -> AudioStream | None:
    """Give the track of sound that players would choose, if there is one."""
    from av import AudioStream

    stream = file.streams.best("audio")
    if not isinstance(stream, AudioStream):
        return None
    _check(source, stream, SOUNDS)
    return stream


def pictures(source: File, file: InputContainer) -> VideoStream | None:
    """Give the track of pictures that players would choose; the cover of an album is none."""
    from av import VideoStream
    from av.stream import Disposition

    stream = file.streams.best("video")
    if not isinstance(stream, VideoStream) or stream.disposition & Disposition.attached_pic:
        return None
    _check(source, stream, PICTURES)
    return stream


def _check(source: File, stream: AudioStream | VideoStream, allowed: frozenset[str]) -> None:
    """Refuse codecs that are not listed; those that are run on one thread."""
    codec = "an unknown codec"
    with suppress(AttributeError, ValueError):  # FFmpeg has nothing that decodes it
        codec = stream.codec_context.codec.name
    if codec not in allowed:
        fault = f"the {stream.type} of {named(source)} is coded by {codec}, which is not read here"
        raise MediaError(f"{fault}: convert it to FLAC or MP4")
    stream.codec_context.thread_count = 1


@overload
def decoded(file: InputContainer, stream: AudioStream) -> Iterator[AudioFrame | None]: ...
@overload
def decoded(file: InputContainer, stream: VideoStream) -> Iterator[VideoFrame | None]: ...
def decoded(
    file: InputContainer, stream: AudioStream | VideoStream
) -> Iterator[AudioFrame | None] | Iterator[VideoFrame | None]:
    """Give the frames from here to the end; None stands for a piece that does not decode."""
    import av

    packets = file.demux(stream)
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            return
        except (av.FFmpegError, OSError):  # of the container, or of the disk
            yield None
            return
        try:
            yield from packet.decode()  # type: ignore[misc] # of this stream, which holds no texts
        except av.FFmpegError:
            yield None


def packet_times_s(file: InputContainer, stream: VideoStream) -> Iterator[float]:
    """Give the times of all pieces of a track, none of which is decoded."""
    import av

    with suppress(av.FFmpegError):
        for packet in file.demux(stream):
            if packet.pts is not None and packet.time_base is not None:
                yield float(packet.pts * packet.time_base)


def origin_s(file: InputContainer) -> float:
    """Give when the file begins on its own clock; times are told from there on."""
    return 0.0 if file.start_time is None else file.start_time / 1_000_000


def _reason(error: Exception) -> str:
    reason = getattr(error, "strerror", None) or str(error)
    return reason[:1].lower() + reason[1:]
