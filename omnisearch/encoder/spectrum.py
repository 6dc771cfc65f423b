"""Log-mel of sounds in NumPy, as Whisper reads it: equal to what the towers were trained on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from omnisearch.encoder.model import ModelFiles

Floats = npt.NDArray[np.float32]
_QUIETEST = 1e-10  # power; silence has this
# frames at once: larger products wake the threads of OpenBLAS, which then spin beside others' work
_ROWS = 16
_RANGE = 8.0  # powers of ten below the loudest; what is quieter is raised to that


class Spectrum:
    """The mel bank of an encoder, and the window and hop that go with it."""

    def __init__(self, files: ModelFiles) -> None:
        audio = files.model["audio"]
        self.rate: int = audio["rate"]
        self._window, self._hop = int(audio["window"]), int(audio["hop"])
        self._bank: Floats = np.ascontiguousarray(files.array(audio["filters"]).T, np.float32)
        self._hann = np.hanning(self._window + 1)[:-1].astype(np.float32)

    def __call__(self, waves: Sequence[Floats], seconds: int) -> Floats:
        """Give the log-mel (n, bands, frames) of waves, each filled up with silence or cut."""
        frames = seconds * self.rate // self._hop
        return np.stack([self._one(wave[: seconds * self.rate], frames) for wave in waves])

    def _one(self, wave: Floats, frames: int) -> Floats:
        """Give (bands, frames) of one wave; frames of the silence behind it are not computed."""
        edge = self._window // 2
        heard = min(frames, (len(wave) + edge) // self._hop + 1)
        filled = np.zeros(frames * self._hop, np.float32)
        filled[: len(wave)] = wave
        padded = np.pad(filled, edge, mode="reflect")
        views = np.lib.stride_tricks.sliding_window_view(padded, self._window)
        found = np.fft.rfft(views[:: self._hop][:heard] * self._hann, axis=1)
        power = np.square(found.real) + np.square(found.imag)  # (frames, bins)
        mel = np.full((self._bank.shape[1], frames), np.log10(_QUIETEST), np.float32)
        bands = [power[at : at + _ROWS] @ self._bank for at in range(0, heard, _ROWS)]
        mel[:, :heard] = np.log10(np.maximum(np.concatenate(bands), _QUIETEST)).T
        np.maximum(mel, mel.max() - np.float32(_RANGE), out=mel)
        return (mel + np.float32(4)) / np.float32(4)
