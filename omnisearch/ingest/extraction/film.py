"""Films by their shots, each with its frames in order and the sound of the same time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt

from omnisearch.errors import MediaError
from omnisearch.ingest.extraction import facts, sound
from omnisearch.ingest.extraction.kinds import Type
from omnisearch.ingest.extraction.segment import Column, End, Extract, Item, Segment
from omnisearch.ingest.extraction.sound import RATE, Reel, audible, quietest
from omnisearch.media import container
from omnisearch.media.audio import SHORTEST_S, Flow
from omnisearch.media.caps import Caps
from omnisearch.media.image import RGB
from omnisearch.media.look import look
from omnisearch.media.pool.piece import Array
from omnisearch.media.shots import LONGEST_S, Shot, Shots, anywhere
from omnisearch.media.source import Stream
from omnisearch.records import TimeSpan

_NEAR_S = 2.0  # before and behind where a long shot would be cut, a pause is looked for
_DEEP_DB = 12.0  # under what is heard around: it is a pause
_REST_S = 1.0  # of sound behind the pictures: less is how codecs end
Floats = npt.NDArray[np.float32]


def extract(source: Stream, kind: Type, caps: Caps) -> Iterator[Extract]:
    """Give the shots of a film; one without pictures is a sound."""
    told = container.told(source)
    if told.shown is None and not told.heard:
        fault = f"{source.name} has neither pictures nor sound"
        raise MediaError(f"{fault}: copy it again, it may be cut short")
    if told.shown is None:
        yield from sound.extract(source, kind, caps)
        return
    columns = facts.of_film(told.tags, told.seconds, told.shown)
    notes = [kind.note] if kind.note else []
    yield Item("video", kind.name, columns, str(columns.get("video.title", "")), notes)
    track = Track(source, caps) if told.heard else None
    pause = anywhere if track is None else track.pause
    shots = Shots(source, caps.frames, caps.hours * 3600, pause)
    end_s, last = 0.0, list[RGB]()
    for shot in shots:
        heard = None if track is None else track.take(shot.start_s, shot.end_s)
        held = bool(last) and all(frame is last[-1] for frame in shot.frames)
        if heard is not None or not held:  # a picture that stays, in silence, was told
            yield _segment(shot, heard)
        end_s, last = shot.end_s, shot.frames
    if not last:
        raise MediaError(f"{source.name} has no frame that can be seen: copy the file again")
    while track is not None and (heard := track.take(end_s, end_s + LONGEST_S)) is not None:
        length_s = len(heard) / RATE  # the sound goes on under the last picture
        if length_s < _REST_S:
            break
        yield _segment(Shot(end_s, end_s + length_s, [last[-1]] * caps.frames), heard)
        end_s += length_s
    damaged = shots.damaged or (track is not None and track.damaged)
    truncated = shots.truncated or (track is not None and track.truncated)
    known = _turned(columns, last[-1])
    if not truncated:
        known["video.seconds"] = round(end_s, 3)
    yield End(truncated, damaged, known)


class Track:
    """The sound of a film, read on as its times are asked for."""

    def __init__(self, source: Stream, caps: Caps) -> None:
        self._flow = Flow(source, RATE)
        self._reel = Reel(self._flow, round(caps.hours * 3600 * RATE))
        self._coming = iter(self._reel)
        self._held = np.zeros(0, np.float32)
        self._at = -1  # the number of the first sample that is held, from when the film begins
        self._broken = False

    @property
    def truncated(self) -> bool:
        """Whether the cap cut it."""
        return self._reel.truncated

    @property
    def damaged(self) -> bool:
        """Whether some of it does not decode."""
        return self._flow.damaged or self._broken

    def take(self, start_s: float, end_s: float) -> Floats | None:
        """Give the sound of a time behind the last one; None where nothing is to be heard."""
        first, last = round(start_s * RATE), round(end_s * RATE)
        self._read_until(last)
        taken = self._held[max(0, first - self._at) : max(0, last - self._at)].copy()
        gone = min(len(self._held), max(0, last - self._at))
        self._held, self._at = self._held[gone:], self._at + gone
        return taken if len(taken) >= SHORTEST_S * RATE and audible(taken) else None

    def pause(self, near_s: float, latest_s: float) -> float:
        """Find a pause near a time; where there is none, any place is as good."""
        first, last = (round(edge * RATE) for edge in (near_s - _NEAR_S, near_s + _NEAR_S))
        self._read_until(last)
        last = min(last, round(latest_s * RATE)) - self._at
        around = self._held[max(0, first - self._at) : max(0, last)]
        if len(around) < _NEAR_S * RATE:
            return near_s
        place = quietest(around, _DEEP_DB)
        return near_s if place is None else (max(first, self._at) + place) / RATE

    def _read_until(self, last: int) -> None:
        while self._at + len(self._held) < last and (more := self._more()) is not None:
            if self._at < 0:
                self._at = max(0, round(self._flow.begin_s * RATE))
            self._held = np.concatenate([self._held, more])

    def _more(self) -> Floats | None:
        """Read on; a film whose sound is broken is still a film."""
        try:
            return next(self._coming, None)
        except MediaError:
            self._broken = True
            return None


def _turned(columns: Mapping[str, Column], frame: RGB) -> dict[str, Column]:
    """Change width and height where the film is shown on its side."""
    wide, high = columns["video.width"], columns["video.height"]
    shown_high, shown_wide = frame.shape[:2]
    if (shown_high - shown_wide) * (int(high) - int(wide)) >= 0:
        return {}
    return {"video.width": high, "video.height": wide}


def _segment(shot: Shot, heard: Floats | None) -> Segment:
    span = TimeSpan(round(shot.start_s, 3), round(shot.end_s, 3))
    arrays: dict[str, Array] = {"frames": np.stack(shot.frames)}
    if heard is not None:
        arrays["sound"] = heard
    return Segment("video", "content", span, None, arrays, look(shot.frames[0]))
