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

_BATCH = 4  # windows at once: more gain nothing and take memory
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
            mel = self._spectrum(waves[at : at + _BATCH], self.seconds)
            last, early = self._files.run("audio", ["last", "early"], mel=mel)
            soft, locked = self._files.run("sound", ["soft", "locked"], last=last, early=early)
            found += [Seen(*one) for one in zip(soft, ({"locked": v} for v in locked), strict=True)]
        return found

    @cached_property
    def _spectrum(self) -> Spectrum:
        return Spectrum(self._files)
