"""A time of a film as a film: its packets are copied as they are, nothing is decoded or coded.

A copy begins with a key frame. In MP4 a list of edits tells players to begin at the moment itself;
the other containers have none, so that there the copy begins somewhat earlier.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from omnisearch.errors import MediaError
from omnisearch.media import container, video
from omnisearch.media.cutting.stream import Outgoing
from omnisearch.media.pool.ask import Ask
from omnisearch.media.pool.piece import Piece
from omnisearch.media.source import Stream
from omnisearch.records import TimeSpan, span_of

if TYPE_CHECKING:
    from av import AudioStream, Packet, VideoStream
    from av.container import InputContainer, OutputContainer

_MP4 = frozenset("h264 hevc av1 mpeg4 mjpeg aac mp3 ac3 eac3 alac".split())
_MP4_TOO = frozenset("vp9 opus flac".split())  # newer players read them there
_WEBM = frozenset("vp8 vp9 av1 opus vorbis".split())
_FORMATS = {"mp4": "mp4", "webm": "webm", "mkv": "matroska"}
_BACK_S = (0.0, 5.0, 30.0, 1e9)  # seconds before a moment that a key frame is looked for
_EARLY_S = 0.05  # before the moment that sound may begin: a packet of most codecs


@dataclass(slots=True)
class _Times:
    """What is copied, on the clock of the file, and which time is nought in the copy."""

    end_s: float
    zero_s: float
    shown_s: float  # up to which pictures were copied


def copied(source: Stream, ask: Ask) -> Iterator[Piece]:
    """Give the packets of a time in a container that holds their codecs."""
    import av

    span = None if ask.span is None else span_of(ask.span)
    if not isinstance(span, TimeSpan):
        raise MediaError(f"{source.name}: a film is cut by times, and this answer has none")
    with container.contained(source) as file:
        tracks: list[VideoStream | AudioStream] = [video.track(source, file)]
        heard = container.sound(source, file)
        tracks += [] if heard is None else [heard]
        form = _form(source, ask.form, {_codec(track) for track in tracks})
        origin_s = container.origin_s(file)
        start_s, end_s = span.start_s + origin_s, span.end_s + origin_s
        packets = _packets(file, tracks, start_s)
        first = next(packets, None)
        if first is None:
            raise MediaError(f"{source.name} shows nothing at {span.start_s:g} s: take it in again")
        begin_s = start_s if form == "mp4" else _seconds(first)
        times = _Times(end_s, begin_s, begin_s)
        yield Piece({"what": "film", "form": form, "begin_s": max(0.0, begin_s - origin_s)})
        out = Outgoing()
        try:
            with av.open(out, "w", format=_FORMATS[form]) as target:
                yield from _written(target, tracks, _chosen(first, packets, times), times, out)
        except av.FFmpegError as error:
            fault = f"{source.name} does not go into {form} as it is ({error})"
            raise MediaError(f"{fault}: try another, such as mkv") from error
        yield from out.taken(0)
        yield Piece({"what": "end", "end_s": max(0.0, times.shown_s - origin_s)})


def _form(source: Stream, wanted: str | None, codecs: set[str]) -> str:
    """Choose the container, or tell why the one that is wanted will not do."""
    fitting = [name for name, known in (("mp4", _MP4), ("webm", _WEBM)) if codecs <= known]
    fitting.append("mkv")
    if wanted in (None, "film"):
        return fitting[0]
    if wanted == "mp4" and codecs <= _MP4 | _MP4_TOO:
        return wanted
    if wanted not in fitting:
        fault = f"{source.name} is coded by {' and '.join(sorted(codecs))}"
        raise MediaError(f"{fault}, which {wanted} does not hold: cut it as .{fitting[0]}")
    return wanted


def _codec(track: VideoStream | AudioStream) -> str:
    name: str = track.codec_context.codec.canonical_name
    return name


def _packets(
    file: InputContainer, tracks: list[VideoStream | AudioStream], start_s: float
) -> Iterator[Packet[Any]]:
    """Give what is in the file from the last key frame at or before a time on, that frame first."""
    for back_s in _BACK_S:  # jumps may land too late, where a file has no list of key frames
        _jump(file, start_s - back_s)
        packets = _read(file, tracks)
        held = _held(packets, tracks[0], start_s)
        if held and (_seconds(held[0]) <= start_s or back_s == _BACK_S[-1]):
            yield from held
            yield from packets
            return


def _jump(file: InputContainer, to_s: float) -> None:
    import av

    try:
        file.seek(int(max(to_s, container.origin_s(file)) * 1_000_000))
    except av.FFmpegError:  # it cannot be jumped in: it is read from its start
        file.seek(0)


def _read(file: InputContainer, tracks: list[VideoStream | AudioStream]) -> Iterator[Packet[Any]]:
    """Give packets with their times, as far as the file is sound."""
    import av

    with suppress(av.FFmpegError):
        for packet in file.demux(*tracks):
            if packet.dts is not None and packet.pts is not None and packet.time_base is not None:
                yield packet


def _held(
    packets: Iterator[Packet[Any]], picture: VideoStream | AudioStream, start_s: float
) -> list[Packet[Any]]:
    """Read on to a time, and keep what came since the last key frame."""
    held: list[Packet[Any]] = []
    for packet in packets:
        seen = packet.stream is picture
        late = seen and _seconds(packet) > start_s
        if seen and packet.is_keyframe and not (late and held):
            held = []
        if held or (seen and packet.is_keyframe):
            held.append(packet)
        if late and held:
            return held
    return held


def _chosen(
    first: Packet[Any], rest: Iterator[Packet[Any]], times: _Times
) -> Iterator[Packet[Any]]:
    """Give the packets until every track is past the end; sound from the moment on."""
    picture, past = first.stream, set[int]()  # whoever takes a packet gives it another stream
    yield first
    for packet in rest:
        if _decoded_s(packet) >= times.end_s:
            past.add(packet.stream.index)
            if picture.index in past and (len(past) > 1 or _decoded_s(packet) > times.end_s + 5):
                return
            continue
        if packet.stream is picture or _seconds(packet) >= times.zero_s - _EARLY_S:
            yield packet


def _written(
    target: OutputContainer,
    tracks: list[VideoStream | AudioStream],
    packets: Iterator[Packet[Any]],
    times: _Times,
    out: Outgoing,
) -> Iterator[Piece]:
    """Write packets, and give the bytes that this makes as it goes on."""
    made = {track.index: target.add_stream_from_template(track) for track in tracks}
    for packet in packets:
        assert packet.pts is not None and packet.dts is not None
        if packet.stream is tracks[0]:
            times.shown_s = max(times.shown_s, _seconds(packet) + _lasting_s(packet))
        shift = round(Fraction(times.zero_s) / packet.time_base)
        stream = made[packet.stream.index]
        packet.pts, packet.dts = packet.pts - shift, packet.dts - shift
        packet.stream = stream
        target.mux(packet)
        yield from out.taken()


def _seconds(packet: Packet[Any]) -> float:
    assert packet.pts is not None and packet.time_base is not None
    return float(packet.pts * packet.time_base)


def _lasting_s(packet: Packet[Any]) -> float:
    """Say how long a picture stays, where the file says so."""
    return float((packet.duration or 0) * packet.time_base) if packet.time_base else 0.0


def _decoded_s(packet: Packet[Any]) -> float:
    assert packet.dts is not None and packet.time_base is not None
    return float(packet.dts * packet.time_base)
