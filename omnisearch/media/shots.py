"""A film as its shots, read once from its start: where the picture changes at once, one ends.

Of each shot frames are kept that are spread evenly over it. How long it will be is not known
before it ends, so those are kept that suit a shot as long as may be, and others beside them that
thin out as it goes on.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import ceil
from statistics import median
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from omnisearch.media import container, video
from omnisearch.media.image import RGB
from omnisearch.media.source import File

if TYPE_CHECKING:
    from av import VideoFrame

LONGEST_S = 10.0
_SHORTEST_S = 1.0  # what changes faster than that is one shot
_SPARE = 16  # frames that are kept beside those that suit: at most twice as dense as needed
_LARGE = 2_500_000  # pixels: of larger frames than those of HD none waits as it was decoded
_CHANGE = 4.0  # of 255, on average over the picture, from one frame to the next
_SHARE = 0.3  # of the contrast: as much changes at least, also where it is dark
_SUDDEN = 3.5  # times as much as between the frames before
_BEFORE = 12  # frames
_STILL = 0.75  # less than that between frames is noise
_SEEN = (72, 128)  # points that are looked at, in blocks of 4 x 4
_BLOCK = 4
_LONGEST_STEP_S = 1.0  # a frame is shown so long if nothing follows
_EARLY_S = 1.0  # a film that ends so long before it says is taken at its word
Luma = npt.NDArray[np.float32]
_Kept = tuple[float, "_Sight"]


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """Frames (h, w, 3) in order, from one second to another."""

    start_s: float
    end_s: float
    frames: list[RGB]


Pause = Callable[[float, float], float]


def anywhere(near_s: float, latest_s: float) -> float:
    """Cut where it comes: any place is as good."""
    return near_s


class Shots:
    """The shots of a film, each of 10 s at most; what is told of it grows as it is read."""

    def __init__(
        self,
        source: File,
        frames: int = video.FRAMES,
        most_s: float = 1e9,
        pause: Pause = anywhere,
    ) -> None:
        """`pause` finds a good place to cut what goes on, near one time and not behind another."""
        self.damaged = False
        self.truncated = False
        self._source, self._count, self._most_s = source, frames, most_s
        self._pause = pause

    def __iter__(self) -> Iterator[Shot]:
        """Yield shots, one behind the other."""
        length_s = video.told_length_s(self._source)
        change, step_s = _Change(), 0.0
        roll, now_s = self._roll(0.0, length_s), 0.0
        for now_s, step_s, frame in self._frames():
            cut = change.sudden(frame) and now_s - roll.start_s >= _SHORTEST_S
            while roll.shown and self._over(roll, now_s + step_s / 2, length_s):
                yield roll.shot(roll.end_s)
                roll, cut = self._roll(roll.end_s, length_s, roll), False
            if cut:
                yield roll.shot(now_s)
                roll = self._roll(now_s, length_s)
            roll.add(now_s, _Sight(self._source, frame))
        if roll.begun:
            end_s = now_s + step_s
            yield roll.shot(roll.end_s if abs(roll.end_s - end_s) < _EARLY_S else end_s)

    def _over(self, roll: _Roll, now_s: float, length_s: float) -> bool:
        """Tell whether a shot is as long as it may be; the last goes on a little if need be."""
        last = roll.end_s >= length_s - 1e-3
        return now_s >= roll.end_s + (_EARLY_S if last else 0.0)

    def _roll(self, start_s: float, length_s: float, before: _Roll | None = None) -> _Roll:
        return _Roll(self._count, (start_s, self._planned(start_s, length_s)), before)

    def _planned(self, start_s: float, length_s: float) -> float:
        """Tell when a shot ends that goes on: parts of the same length are left."""
        left_s = min(length_s, self._most_s) - start_s
        if left_s <= 0:
            return start_s + LONGEST_S
        parts = max(1, ceil(left_s / LONGEST_S - 1e-6))
        end_s = start_s + left_s / parts
        return end_s if parts == 1 else self._pause(end_s, start_s + LONGEST_S)

    def _frames(self) -> Iterator[tuple[float, float, VideoFrame]]:
        """Yield frames with their times, which never fall, and how long each is shown."""
        with container.contained(self._source) as file:
            stream = video.track(self._source, file)
            step_s = min(1 / float(stream.average_rate or 25), _LONGEST_STEP_S)
            origin_s, now_s = container.origin_s(file), -step_s
            for frame in container.decoded(file, stream):
                if frame is None:
                    self.damaged = True
                    continue
                timed = frame.pts is not None
                now_s = max(now_s, frame.time - origin_s if timed else now_s + step_s, 0.0)
                if now_s >= self._most_s:
                    self.truncated = True
                    return
                yield now_s, step_s, frame


class _Sight:
    """A frame as it is shown, made when it is first wanted: most never are."""

    def __init__(self, source: File, frame: VideoFrame) -> None:
        self._source = source
        self._frame: VideoFrame | None = frame
        self._rgb: RGB | None = None
        if frame.width * frame.height > _LARGE:
            self.seen()

    def seen(self) -> RGB:
        """Give it, small; what it was made of is let go."""
        if self._frame is not None:
            self._rgb = video.picture(self._source, self._frame)
            self._frame = None
        assert self._rgb is not None
        return self._rgb


class _Roll:
    """A shot that goes on; `before` is one whose last frame is still shown."""

    def __init__(self, count: int, times_s: tuple[float, float], before: _Roll | None) -> None:
        self.start_s, self.end_s = times_s
        self.begun = False  # a frame of its own was seen
        self._count = count
        self._wanted = deque(self._spread(self.end_s))
        self._suiting: list[_Kept] = []
        self._spare: list[_Kept] = []
        self._apart_s = (self.end_s - self.start_s) / 256
        self._last: _Sight | None = None if before is None else before._last

    @property
    def shown(self) -> bool:
        """Whether there is anything to be seen."""
        return self._last is not None

    def add(self, now_s: float, frame: _Sight) -> None:
        """Take the frame that is shown from now on."""
        self._keep_until(now_s)
        self._last, self.begun = frame, True
        if not self._spare or now_s - self._spare[-1][0] >= self._apart_s:
            self._spare.append((now_s, frame))
        if len(self._spare) > _SPARE:
            self._spare = self._spare[::2]
            self._apart_s *= 2

    def shot(self, end_s: float) -> Shot:
        """End it."""
        if end_s == self.end_s:
            self._keep_until(float("inf"))
            return Shot(self.start_s, end_s, [frame.seen() for _, frame in self._suiting])
        kept = [*self._spare, *self._suiting]
        chosen = (self._nearest(kept, time_s) for time_s in self._spread(end_s))
        return Shot(self.start_s, end_s, [frame.seen() for frame in chosen])

    def _keep_until(self, now_s: float) -> None:
        while self._wanted and self._wanted[0] < now_s and self._last is not None:
            self._last.seen()  # it will be wanted, most likely: that takes less memory
            self._suiting.append((self._wanted.popleft(), self._last))

    def _nearest(self, kept: list[_Kept], time_s: float) -> _Sight:
        return min(kept, key=lambda one: abs(one[0] - time_s))[1]

    def _spread(self, end_s: float) -> list[float]:
        """Give the middles of equal times."""
        whole_s = end_s - self.start_s
        return [self.start_s + whole_s * (at + 0.5) / self._count for at in range(self._count)]


class _Change:
    """How much the picture changes from frame to frame."""

    def __init__(self) -> None:
        self._last: Luma | None = None
        self._before: deque[float] = deque([_STILL], maxlen=_BEFORE)

    def sudden(self, frame: VideoFrame) -> bool:
        """Tell whether this is another picture than the one before."""
        seen = _luma(frame)
        last, self._last = self._last, seen
        if last is None or last.shape != seen.shape:
            return last is not None
        change = float(np.abs(seen - last).mean())
        usual = max(_STILL, median(self._before))
        self._before.append(change)
        contrast = float(seen.std() + last.std()) / 2
        return change > max(_CHANGE, _SHARE * contrast, _SUDDEN * usual)


def _luma(frame: VideoFrame) -> Luma:
    """Look at some points of the first plane, which is brightness in nearly all films."""
    plane = frame.planes[0]
    wide = frame.format.components[0].bits > 8
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[: plane.height]
    width = min(plane.line_size, plane.width * (2 if wide else 1))
    points = rows[:, 1:width:2] if wide else rows[:, :width]
    down, across = (max(1, have // want) for have, want in zip(points.shape, _SEEN, strict=True))
    some: Luma = points[::down, ::across].astype(np.float32)
    height, length = (side // _BLOCK * _BLOCK for side in some.shape)
    if not height or not length:
        return some
    blocks = some[:height, :length].reshape(height // _BLOCK, _BLOCK, length // _BLOCK, _BLOCK)
    return np.asarray(blocks.mean((1, 3)), np.float32)
