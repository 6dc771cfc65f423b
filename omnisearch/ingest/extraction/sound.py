"""Sounds in windows of 10 s at most, cut where it is quietest; what is silent is left out."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import BinaryIO, cast

import numpy as np
import numpy.typing as npt

from omnisearch.encoder.pauses import loudness
from omnisearch.errors import MediaError
from omnisearch.ingest.extraction import facts
from omnisearch.ingest.extraction.kinds import Type
from omnisearch.ingest.extraction.segment import End, Extract, Item, Segment
from omnisearch.media import container
from omnisearch.media.audio import SHORTEST_S, Flow
from omnisearch.media.caps import Caps
from omnisearch.media.source import Stream
from omnisearch.records import TimeSpan

RATE = 16_000
LONGEST_S = 10.0  # as much as is understood at once, by ears and by the model that writes down
_LEAST_S = 3.0  # of a window that another one follows
_REST_S = 1.0  # of the last one: no cut leaves less
_SILENCE_S = 1800.0  # of a longer one a window is told now and then: it is read on
_FRAME = RATE // 50  # a syllable has several
_BACK = 25  # frames: in a long pause a window ends half a second before the next sound
_AROUND = 15  # frames: a pause of 0.3 s is taken before a gap between two syllables
_VOID_BYTES = 64 << 20  # 4 s of 64 channels at 48 kHz have less
_SILENT_DB = -65.0  # of full scale: nobody speaks so low
Floats = npt.NDArray[np.float32]
Window = tuple[int, Floats]  # the number of its first sample


def extract(source: Stream, kind: Type, caps: Caps) -> Iterator[Extract]:
    """Give the windows of a sound, as long as the cap allows."""
    patience = Patience(source.file)
    source = Stream(cast(BinaryIO, patience), source.name)
    told = container.told(source)
    columns = facts.of_sound(told.tags, told.seconds)
    notes = [kind.note] if kind.note else []
    yield Item("audio", kind.name, columns, str(columns.get("audio.title", "")), notes)
    flow = Flow(source, RATE)
    reel = Reel(patience.hearing(flow), round(caps.hours * 3600 * RATE))
    last: Window | None = None
    told_at = 0  # the sample behind what was told last
    for start, samples in windows(reel):
        last = (start, samples)
        if audible(samples) or start - told_at > _SILENCE_S * RATE:
            yield _segment(start, samples)
            told_at = start + len(samples)
    if last is None:
        raise MediaError(f"{source.name} has no sound that can be heard: copy it again")
    if not told_at:
        yield _segment(*last)  # nothing but silence is what it is
    known = {} if reel.truncated else {"audio.seconds": round(reel.read / RATE, 3)}
    yield End(reel.truncated or patience.over, flow.damaged, known)


class Patience:
    """A file that ends where too much of it held no sound: zeros may go on for gigabytes.

    It ends there for whoever reads it again, too.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._size = file, file.seek(0, os.SEEK_END)
        self._at, self._void, self._end = 0, 0, self._size

    @property
    def over(self) -> bool:
        """Tell whether it was given up before its end."""
        return self._end < self._size

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place; who goes back begins anew."""
        at = self._file.seek(offset, whence)
        if whence == os.SEEK_SET:
            self._void = 0 if at < self._at else self._void
            self._at = at
        return at

    def read(self, most: int) -> bytes:
        """Read on, or tell that nothing more comes."""
        found = self._file.read(max(min(most, self._end - self._at), 0))
        self._at += len(found)
        self._void += len(found)
        if self._void >= _VOID_BYTES:
            self._end = min(self._end, self._at)
        return found

    def hearing(self, flow: Iterable[Floats]) -> Iterator[Floats]:
        """Hand samples on, each of which is a reason to go on."""
        for samples in flow:
            self._void = 0
            yield samples


class Reel:
    """Samples as they come, up to a cap; counts them."""

    def __init__(self, flow: Iterable[Floats], most: int) -> None:
        self.read = 0
        self.truncated = False
        self._flow, self._most = flow, most

    def __iter__(self) -> Iterator[Floats]:
        for samples in self._flow:
            taken = samples[: self._most - self.read]
            self.read += len(taken)
            if len(taken):
                yield taken
            if len(taken) < len(samples):
                self.truncated = True
                return


def windows(flow: Iterable[Floats]) -> Iterator[Window]:
    """Cut a sound, which comes in pieces, where it is quietest; a rest of no length is left out."""
    held, start = np.zeros(0, np.float32), 0
    enough = round((LONGEST_S + _REST_S) * RATE)
    for samples in flow:
        held = np.concatenate([held, samples])
        while len(held) > enough:
            place = _window(held)
            yield start, held[:place].copy()
            held, start = held[place:], start + place
    if len(held) > LONGEST_S * RATE:
        place = _window(held)
        yield start, held[:place].copy()
        held, start = held[place:], start + place
    if len(held) >= SHORTEST_S * RATE:
        yield start, held


def audible(samples: Floats) -> bool:
    """Tell whether there is anything to hear."""
    frame = min(_FRAME, len(samples))
    return float(loudness(samples, frame).max()) > _SILENT_DB


def quietest(samples: Floats, deep_db: float = 0.0) -> int | None:
    """Find the middle of the last of the deepest pauses; None where it is not so deep."""
    level = np.maximum(loudness(samples, _FRAME), _SILENT_DB)
    padded = np.pad(level, _AROUND // 2, mode="edge")
    smooth = np.convolve(padded, np.ones(_AROUND) / _AROUND, "valid")
    if smooth.min() > np.median(level) - deep_db:
        return None
    quiet = np.flatnonzero(smooth <= smooth.min() + 1.0)
    pause = np.split(quiet, np.flatnonzero(np.diff(quiet) > 1) + 1)[-1]  # the last: fewer windows
    return int(max(pause[len(pause) // 2], pause[-1] - _BACK)) * _FRAME + _FRAME // 2


def _window(held: Floats) -> int:
    """Find where the next window ends: after 3 to 10 s, a second before the end of all."""
    first = round(_LEAST_S * RATE)
    last = min(round(LONGEST_S * RATE), len(held) - round(_REST_S * RATE))
    return first + (quietest(held[first:last]) or last - first)


def _segment(start: int, samples: Floats) -> Segment:
    span = TimeSpan(round(start / RATE, 3), round((start + len(samples)) / RATE, 3))
    return Segment("audio", "content", span, arrays={"sound": samples})
