"""Films: a few frames in order, spread evenly over a time, and the sound of that time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import dropwhile
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from omnisearch.errors import MediaError
from omnisearch.media import audio, container
from omnisearch.media.audio import Sound
from omnisearch.media.source import File, named

if TYPE_CHECKING:
    from av import VideoFrame, VideoStream
    from av.container import InputContainer

FRAMES = 8  # as omni-mini was trained
LONGEST_SIDE = 512  # of a frame: more than any tower looks at
_NEAR_S = 2.0  # decoding so far on is cheaper than to jump
# where frames are so far apart, one that stands for itself (a key frame) is taken a little earlier
_SPARSE_S = 4.0
_BACK_S = 5.0  # from one key frame to the next it is seldom longer
RGB = npt.NDArray[np.uint8]
_Shown = tuple[float, RGB]
_Frame = tuple[float, "VideoFrame"]


@dataclass(frozen=True, slots=True, eq=False)
class Film:
    """Frames (h, w, 3) as they are shown, the time of each in seconds, and the sound if any.

    `damaged`: some of it does not decode and is left out.
    """

    frames: list[RGB]
    times_s: list[float]
    sound: Sound | None
    damaged: bool = False


def read(
    source: File,
    frames: int = FRAMES,
    from_s: float = 0.0,
    to_s: float | None = None,
    *,
    sound: bool = True,
) -> Film:
    """Read a film, or a time of it; where there are fewer frames, some come more than once."""
    shown, damaged, has_track = _watch(source, frames, from_s, to_s)
    heard = None
    if sound and has_track:
        try:
            heard = audio.read(source, from_s=from_s, to_s=to_s)
        except MediaError:  # a film is still a film
            damaged = True
    damaged = damaged or (heard is not None and heard.damaged)
    return Film([rgb for _, rgb in shown], [time_s for time_s, _ in shown], heard, damaged)


def _watch(
    source: File, count: int, from_s: float, to_s: float | None
) -> tuple[list[_Shown], bool, bool]:
    """Give what is shown, whether some does not decode, and whether it has a track of sound."""
    length_s, short = told_length_s(source), False
    for _ in range(2):
        with container.contained(source) as file:
            reel = Reel(source, file, track(source, file))
            end_s = length_s if to_s is None else min(to_s, length_s)
            times_s = _spread(count, from_s, end_s)
            shown = reel.shown(times_s)
            heard = file.streams.best("audio") is not None
        if not shown or from_s > max(length_s, reel.reached_s):
            fault = f"{named(source)} has no frame from {from_s:g} s on that can be seen"
            raise MediaError(f"{fault}: give an earlier time, or copy the file again")
        if not reel.ended or times_s[-2:][0] <= reel.reached_s:
            break
        length_s, short = reel.reached_s, True  # it ends long before it says
    return shown, reel.damaged or short, heard


def first(source: File) -> RGB:
    """Give what a film begins with, as large as it is."""
    with container.contained(source) as file:
        stream = track(source, file)
        shown = Reel(source, file, stream, max(stream.width, stream.height, 1)).shown([0.0])
    if not shown:
        raise MediaError(f"{named(source)} shows nothing: copy it again from where it came")
    return shown[0][1]


def track(source: File, file: InputContainer) -> VideoStream:
    """Give the track of pictures; what has none, or too large ones, is an error."""
    stream = container.pictures(source, file)
    if stream is None:
        raise MediaError(f"{named(source)} has no moving pictures: read it as a sound or a picture")
    check_size(source, stream.width, stream.height)
    return stream


def check_size(source: File, width: int, height: int) -> None:
    """Refuse frames that are too large."""
    if width * height > container.PIXELS:
        fault = f"{named(source)} has frames of {width:,} x {height:,} pixels"
        raise MediaError(f"{fault}, {container.PIXELS:,} are allowed: make it smaller")


def told_length_s(source: File) -> float:
    """Give how long the film is: as the file says, else when the last frame is shown."""
    return _told_s(source) or _counted_s(source)


def _told_s(source: File) -> float | None:
    """Give how long the film is as the file says."""
    with container.contained(source) as file:
        stream = track(source, file)
        if stream.duration is not None and stream.time_base is not None:
            begin_s = float((stream.start_time or 0) * stream.time_base) - container.origin_s(file)
            return begin_s + float(stream.duration * stream.time_base)
        return None if file.duration is None else file.duration / 1_000_000


def _counted_s(source: File) -> float:
    """Give when the last frame is shown, where the file does not say how long it is."""
    with container.contained(source) as file:
        stream = track(source, file)
        times_s = [time_s for time_s in container.packet_times_s(file, stream)]
        return max(times_s, default=0.0) - container.origin_s(file)


def _spread(count: int, from_s: float, end_s: float) -> list[float]:
    """Give the middles of so many equal times."""
    whole_s = max(0.0, end_s - from_s)
    return [from_s + whole_s * (number + 0.5) / count for number in range(count)]


class Reel:
    """A film that is being watched: from where it is on, or from a place that is jumped to."""

    def __init__(
        self, source: File, file: InputContainer, stream: VideoStream, longest: int = LONGEST_SIDE
    ) -> None:
        self._longest = longest
        self.damaged = False
        self.ended = False
        self.reached_s = 0.0  # when the last frame that was decoded is shown
        self._source, self._file, self._stream = source, file, stream
        self._origin_s = container.origin_s(file)
        self._jumps = True
        self._key_s = 0.0  # when the last frame that stands for itself is shown
        self._coming: Iterator[_Frame] = self._decoded()
        self._next = next(self._coming, None)

    def shown(self, times_s: Sequence[float]) -> list[_Shown]:
        """Give what is shown at each of rising times; a frame that stays is the same array."""
        apart_s = times_s[1] - times_s[0] if len(times_s) > 1 else 0.0
        early_s = apart_s / 4 if apart_s > _SPARSE_S else 0.0
        found: list[_Shown] = []
        last: _Frame | None = None
        for time_s in times_s:
            frame = self._at(time_s, early_s) or last or self._next
            if frame is None:
                return found
            stays = last is not None and frame[1] is last[1]
            found.append(found[-1] if stays else (frame[0], self._picture(frame[1])))
            last = frame
        return found

    def _picture(self, frame: VideoFrame) -> RGB:
        return picture(self._source, frame, self._longest)

    def _at(self, time_s: float, early_s: float) -> _Frame | None:
        """Give what is newly shown at a time, or a key frame a little earlier."""
        here_s = self._next[0] if self._next is not None else time_s
        if self._jumps and time_s - here_s > max(_NEAR_S, here_s - self._key_s):
            self._jump(time_s)
            if self._next is not None and self._next[0] >= time_s - early_s:
                return self._next
        found = None
        while self._next is not None and self._next[0] <= time_s:
            found = self._next
            self._next = next(self._coming, None)
        return found

    def _jump(self, time_s: float) -> None:
        """Go to the last key frame before a time, or after it where none is found."""
        import av

        base_s = float(self._stream.time_base or 0)
        for back_s in (0.0, _BACK_S):  # some containers have no list of key frames
            try:
                place = int((time_s - back_s + self._origin_s) / base_s)
                self._file.seek(place, stream=self._stream)
            except (av.FFmpegError, ZeroDivisionError):
                self._jumps = False
                return
            self._coming = dropwhile(lambda one: not one[1].key_frame, self._decoded())
            self._next = next(self._coming, None)
            if self._next is not None and self._next[0] <= time_s:
                return

    def _decoded(self) -> Iterator[_Frame]:
        """Yield frames with their times from here on."""
        step_s = 1 / float(self._stream.average_rate or 25)  # where a frame has no time
        for frame in container.decoded(self._file, self._stream):
            if frame is None:
                self.damaged = True
                continue
            timed = frame.pts is not None
            now_s = frame.time - self._origin_s if timed else self.reached_s + step_s
            self.reached_s = now_s
            if frame.key_frame:
                self._key_s = now_s
            yield now_s, frame
        self.ended = True


def picture(source: File, frame: VideoFrame, longest: int = LONGEST_SIDE) -> RGB:
    """Give a frame as it is shown: not large, upright, on white."""
    check_size(source, frame.width, frame.height)  # it may change on the way
    scale = min(1.0, longest / max(frame.width, frame.height))
    size = (max(1, round(frame.width * scale)), max(1, round(frame.height * scale)))
    clear = any(part.is_alpha for part in frame.format.components)
    kind = "rgba" if clear else "rgb24"
    small = frame.reformat(*size, format=kind, interpolation="BICUBIC", threads=1).to_ndarray()
    if clear:
        alpha = small[:, :, 3:].astype(np.float32) / 255
        small = np.rint(small[:, :, :3] * alpha + 255 * (1 - alpha)).astype(np.uint8)
    return np.ascontiguousarray(np.rot90(small, round(frame.rotation / 90)))
