"""Sound: files, bytes or samples to one channel of floats at a rate, so many seconds at most."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from omnisearch.errors import MediaError
from omnisearch.media import container
from omnisearch.media.source import File, named

if TYPE_CHECKING:
    from av import AudioFrame, AudioStream
    from av.container import InputContainer

SHORTEST_S = 0.025  # one window of a spectrum; less has no pitch
LONGEST_S = 3600.0  # 230 MB at 16 kHz
RATES = (1_000, 768_000)
CHANNELS = 64
LOUDEST = 8.0  # decoders overshoot 1 a little; far above it, samples are on another scale
_PREROLL_S = 1.0  # decoders need what comes before a place that was jumped to
_BATCH_S = 4.0  # resampled in one call
_ROUNDING_S = 0.1  # codecs fill up their last frame; that is no sound left out
Floats = npt.NDArray[np.float32]
Samples = tuple[npt.NDArray[Any], int]  # (t,), (t, channels) or (channels, t), and their rate


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """One channel (t,) of floats, most of them from -1 to 1.

    `truncated`: it goes on, and the limit cut it. `damaged`: some of it does not decode and is
    left out.
    """

    samples: Floats
    rate: int
    truncated: bool = False
    damaged: bool = False

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.samples) / self.rate


def read(
    source: File | Samples,
    rate: int = 16_000,
    from_s: float = 0.0,
    to_s: float | None = None,
    longest_s: float = LONGEST_S,
) -> Sound:
    """Read a sound, or a time of it, as one channel at a rate; channels are averaged."""
    end_s = from_s + longest_s if to_s is None else min(to_s, from_s + longest_s)
    if isinstance(source, tuple):
        taken = _Taken("the sound given", rate)
        length_s = _take_array(taken, source, from_s, end_s)
    else:
        taken = _Taken(named(source), rate)
        length_s = _take_file(taken, source, from_s, end_s)
    samples = taken.samples()
    if len(samples) < SHORTEST_S * rate:
        fault = f"{taken.name}: {len(samples) / rate:.3f} s of sound from {from_s:g} s on"
        raise MediaError(f"{fault}, and at least {SHORTEST_S} s are needed: give a longer one")
    limited = to_s is None or to_s > end_s
    return Sound(samples, rate, limited and length_s > end_s + _ROUNDING_S, taken.damaged)


class Flow:
    """A sound of any length, one piece after another; what is told of it grows as it is read."""

    def __init__(self, source: File, rate: int = 16_000) -> None:
        self.begin_s = 0.0  # of the first sample; in a film the sound may begin later
        self.damaged = False
        self._source, self._rate = source, rate

    def __iter__(self) -> Iterator[Floats]:
        """Yield samples (t,) of one channel, some seconds at a time."""
        taken, begun = _Taken(named(self._source), self._rate), False
        with container.contained(self._source) as file:
            stream = container.sound(self._source, file)
            if stream is None:
                raise MediaError(f"{taken.name} has no sound: give a file with a sound track")
            for frame in container.decoded(file, stream):
                if frame is None:
                    self.damaged = True
                    continue
                if not begun and frame.time is not None:
                    self.begin_s = frame.time - container.origin_s(file)
                begun = True
                taken.add(_mono(taken.name, _channels(frame)), checked_rate(taken.name, frame))
                if len(ready := taken.ready()):
                    yield ready
        yield taken.samples()


class _Taken:
    """What was read so far; it may come in at any rate, and the rate may change."""

    def __init__(self, name: str, rate: int) -> None:
        self.name = name
        self.damaged = False
        self._rate = rate
        self._incoming = 0  # the rate of what waits
        self._waiting: list[Floats] = []
        self._resampler: Any = None
        self._done: list[Floats] = []

    def add(self, samples: Floats, rate: int) -> None:
        """Take samples of one channel."""
        if rate != self._incoming:
            self._finish()
            self._incoming = rate
        self._waiting.append(samples)
        if sum(map(len, self._waiting)) >= _BATCH_S * rate:
            self._resample()

    def samples(self) -> Floats:
        """Give all of it at the rate that was asked for."""
        self._finish()
        return self.ready()

    def ready(self) -> Floats:
        """Give what is done since the last time."""
        done, self._done = self._done, []
        return np.concatenate([np.zeros(0, np.float32), *done])

    def _finish(self) -> None:
        self._resample()
        if self._resampler is not None:
            self._keep(self._resampler.resample(None))
            self._resampler = None

    def _resample(self) -> None:
        import av

        samples = np.concatenate([np.zeros(0, np.float32), *self._waiting])
        self._waiting = []
        if not len(samples):
            return
        self._check(samples)
        if self._incoming == self._rate:
            self._done.append(samples)
            return
        if self._resampler is None:
            self._resampler = av.AudioResampler("flt", "mono", self._rate)
        frame = av.AudioFrame.from_ndarray(samples[None], "flt", "mono")
        frame.sample_rate = self._incoming
        self._keep(self._resampler.resample(frame))

    def _keep(self, frames: list[AudioFrame]) -> None:
        self._done += [frame.to_ndarray()[0].astype(np.float32) for frame in frames]

    def _check(self, samples: Floats) -> None:
        highest = float(np.abs(samples).max())
        if not np.isfinite(highest):
            fault = f"{self.name} has samples that are no finite numbers (NaN or infinite)"
            raise MediaError(f"{fault}: write the file again from its source, or put 0 there")
        if highest > LOUDEST:
            fault = f"{self.name} has samples up to {highest:g}, and full scale is 1"
            raise MediaError(f"{fault}: divide them by the largest, or give them as int16")


def _take_array(taken: _Taken, source: Samples, from_s: float, end_s: float) -> float:
    """Take a span of samples; gives how long all of them are."""
    array, rate = np.asarray(source[0]), _whole_rate(taken.name, source[1])
    if array.ndim == 2 and min(array.shape) <= CHANNELS:
        array = array if array.shape[0] <= array.shape[1] else array.T  # (channels, t)
    elif array.ndim != 1:
        fault = f"{taken.name} has shape {array.shape}"
        raise MediaError(f"{fault}: give (t,), (t, channels) or (channels, t)")
    array = _narrowed(taken.name, array)
    length = int(array.shape[-1])
    step, end = round(_BATCH_S * rate), min(round(end_s * rate), length)
    for at in range(round(from_s * rate), end, step):
        taken.add(_mono(taken.name, array[..., at : min(at + step, end)]), rate)
    return length / rate


def _take_file(taken: _Taken, source: File, from_s: float, end_s: float) -> float:
    """Take a span of a file; gives how far it was read, a little beyond the end if it goes on."""
    with container.contained(source) as file:
        stream = container.sound(source, file)
        if stream is None:
            raise MediaError(f"{taken.name} has no sound: give a file with a sound track")
        at_s = None
        for frame in _frames(file, stream, from_s):
            if frame is None:
                taken.damaged = True
                continue
            rate = checked_rate(taken.name, frame)
            if at_s is None:
                at_s = frame.time - container.origin_s(file) if frame.time is not None else 0.0
            heard = _mono(taken.name, _channels(frame))
            first, last = (round((edge - at_s) * rate) for edge in (from_s, end_s))
            taken.add(heard[max(0, first) : max(0, last)], rate)
            at_s += len(heard) / rate
            if at_s > end_s + _ROUNDING_S:
                break
    return at_s or 0.0


def _frames(
    file: InputContainer, stream: AudioStream, from_s: float
) -> Iterator[AudioFrame | None]:
    """Yield frames from some time before a place on."""
    import av

    if from_s > _PREROLL_S:
        place = from_s - _PREROLL_S + container.origin_s(file)
        with suppress(av.FFmpegError):  # what cannot be jumped in is read from its start
            file.seek(int(place * 1_000_000))
    yield from container.decoded(file, stream)


def _channels(frame: AudioFrame) -> npt.NDArray[Any]:
    """Give the samples of a frame as (channels, t)."""
    data = frame.to_ndarray()
    return data if frame.format.is_planar else data.reshape(frame.samples, -1).T


def _mono(name: str, samples: npt.NDArray[Any]) -> Floats:
    """Average channels, if there are several, as floats of full scale 1."""
    kind, bits = samples.dtype.kind, 8 * samples.dtype.itemsize
    if kind not in "fiu":
        raise MediaError(
            f"{name} has samples of {samples.dtype}: give floats from -1 to 1, or integers"
        )
    with np.errstate(over="ignore", invalid="ignore"):  # told of where samples are checked
        floats = samples.astype(np.float32)
        if kind != "f":
            full = np.float32(2 ** (bits - 1))
            floats = floats / full - np.float32(kind == "u")
        return floats if floats.ndim == 1 else np.asarray(floats.mean(0))


def _narrowed(name: str, samples: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Tell from what they hold which scale integers have that came as wide ones, NumPy's default.

    Whatever fits 16 bits is taken to have 16.
    """
    if samples.dtype.kind != "i" or samples.dtype.itemsize < 4 or not samples.size:
        return samples
    highest = max(abs(int(samples.min())), abs(int(samples.max())))
    if highest > 2**31:
        raise MediaError(f"{name} has samples up to {highest:,}: 32 bits are the most")
    return samples.astype(np.int16 if highest < 2**15 else np.int32)


def checked_rate(name: str, frame: AudioFrame) -> int:
    """Give the rate of a frame; too many channels are refused too."""
    channels = frame.layout.nb_channels
    if channels > CHANNELS:
        raise MediaError(f"{name} has {channels:,} channels, {CHANNELS} are allowed: mix it down")
    return _whole_rate(name, frame.sample_rate)


def _whole_rate(name: str, rate: float) -> int:
    if rate != rate or int(rate) != rate or not RATES[0] <= rate <= RATES[1]:
        fault = f"{name}: a rate of {rate} samples a second"
        raise MediaError(f"{fault}: whole numbers from {RATES[0]:,} to {RATES[1]:,} are read")
    return int(rate)
