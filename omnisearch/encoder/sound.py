"""Sounds as soft tokens and vectors beside: windows of a few seconds, through two graphs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from omnisearch.encoder.seen import Seen
from omnisearch.encoder.spectrum import Spectrum

if TYPE_CHECKING:
    from omnisearch.encoder.model import ModelFiles

# Windows whose states are read at once, since its maps are unpacked for each run. The tower hears
# one at a time: more gain nothing there, and new memory for each run would take a quarter longer.
_BATCH = 4
_SPARE_S = 0.25  # so little more than a whole number of windows makes no further one
Floats = npt.NDArray[np.float32]


class SoundTower:
    """Hears windows; a sound longer than one is several, each with its own span."""

    def __init__(self, files: ModelFiles) -> None:
        self._files = files
        self.rate: int = files.model["audio"]["rate"]
        self.seconds: int = files.model["audio"]["seconds"]

    def windows(self, wave: Floats) -> list[tuple[float, float]]:
        """Give from when to when each window of a wave (t,) goes; they overlap a little."""
        length_s = len(wave) / self.rate
        if length_s <= self.seconds + _SPARE_S:
            return [(0.0, min(length_s, self.seconds))]
        count = int(np.ceil((length_s - _SPARE_S) / self.seconds))
        starts = np.linspace(0.0, length_s - self.seconds, count)
        return [(float(start), float(start) + self.seconds) for start in starts]

    def cut(self, wave: Floats) -> list[Floats]:
        """Give the samples of each window."""
        spans = [(round(s * self.rate), round(e * self.rate)) for s, e in self.windows(wave)]
        return [wave[start:end] for start, end in spans]

    def encode(self, waves: Sequence[Floats]) -> list[Seen]:
        """Hear waves (t,) of a window or less."""
        found: list[Seen] = []
        for at in range(0, len(waves), _BATCH):
            heard = [self._states(wave) for wave in waves[at : at + _BATCH]]
            last, early = (np.concatenate(part) for part in zip(*heard, strict=True))
            soft, locked = self._files.run("sound", ["soft", "locked"], last=last, early=early)
            found += [Seen(*one) for one in zip(soft, ({"locked": v} for v in locked), strict=True)]
        return found

    def _states(self, wave: Floats) -> list[Floats]:
        """Give the last and the early states (1, s, width) of a window."""
        mel = self._spectrum([wave], self.seconds)
        return self._files.run("audio", ["last", "early"], mel=mel)

    @cached_property
    def _spectrum(self) -> Spectrum:
        return Spectrum(self._files)
