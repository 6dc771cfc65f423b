"""Ten minutes of sound or film with one event of known time in each, and soft noise around it.

Sounds are takes of the laboratory's kinds that no training has heard; films show a coloured shape
for some seconds, on grounds that change. Making them needs the extra `train`.
"""

from __future__ import annotations

import wave
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Literal

import av
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from omnisearch.training.data import sounds
from omnisearch.training.data.sound_kinds import KINDS, take

RATE = 16_000
MINUTES = 10
_SEED = 20_000  # takes of the laboratory are seeded otherwise
_AROUND, _EVENT = 0.004, 0.4  # how loud the noise and the event are
_AUDIBLE = 0.02
_FRAMES, _SIDE = 2, 160  # of a film: in a second, and how wide and high
_SHOWN_S, _GROUND_S = 8, 25
_COLOURS = ("red", "green", "blue", "yellow", "purple", "orange", "black", "white", "pink", "brown")
_GROUNDS = ("#8a8f94", "#9aa3a0", "#77838c", "#a09a90")
_SHAPES = ("circle", "square", "triangle", "star", "ring")
Wave = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Event:
    """What happens in a file, as one asks for it, and from when to when."""

    file: str
    modality: Literal["audio", "video"]
    question: str
    start_s: float
    end_s: float


def recordings(folder: Path, numbers: range) -> Iterator[Event]:
    """Write recordings, each with another kind of sound, one when it is asked for."""
    names = np.random.default_rng(_SEED).permutation(list(KINDS)).tolist()
    for number in numbers:
        rng = np.random.default_rng((_SEED, number))
        one = take(KINDS[names[number]], rng)
        event = np.asarray(one.wave, np.float32)
        event = _EVENT * event / np.abs(event).max()
        heard = np.flatnonzero(np.abs(event) > _AUDIBLE)
        sound = _noise(rng, MINUTES * 60 * RATE)
        start = int(rng.integers(20 * RATE, len(sound) - 20 * RATE))
        sound[start : start + len(event)] += event
        path = folder / f"recording-{number:03d}.wav"
        _write(path, sound)
        first, last = ((start + int(heard[at])) / RATE for at in (0, -1))
        yield Event(path.name, "audio", sounds.told(one, "", rng)[0], first, last)


def _noise(rng: np.random.Generator, length: int) -> Wave:
    """Make a room's noise, which swells and fades."""
    swell = np.repeat(rng.uniform(0.5, 1.5, length // RATE + 1), RATE)[:length]
    return (_AROUND * swell * rng.standard_normal(length, np.float32)).astype(np.float32)


def _write(path: Path, sound: Wave) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((np.clip(sound, -1, 1) * 32_767).astype("<i2").tobytes())


def films(folder: Path, numbers: range) -> Iterator[Event]:
    """Write films, each with another coloured shape, one when it is asked for."""
    every = list(product(_COLOURS, _SHAPES))
    places = np.random.default_rng(_SEED).permutation(len(every))
    for number in numbers:
        rng = np.random.default_rng((_SEED, 1, number))
        colour, shape = every[places[number]]
        start = int(rng.integers(20, MINUTES * 60 - 20))
        path = folder / f"film-{number:03d}.mp4"
        _film(path, rng, colour, shape, start)
        article = "an" if colour[0] in "aeiou" else "a"
        yield Event(path.name, "video", f"{article} {colour} {shape}", start, start + _SHOWN_S)


def _film(path: Path, rng: np.random.Generator, colour: str, shape: str, start: int) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=_FRAMES)
        stream.width = stream.height = _SIDE
        stream.pix_fmt = "yuv420p"
        for number in range(MINUTES * 60 * _FRAMES):
            second = number / _FRAMES
            ground = _GROUNDS[int(second // _GROUND_S) % len(_GROUNDS)]
            picture = Image.new("RGB", (_SIDE, _SIDE), ground)
            if start <= second < start + _SHOWN_S:
                _draw(ImageDraw.Draw(picture), colour, shape)
            pixels = np.asarray(picture).astype(np.int16)
            pixels += rng.integers(-4, 5, (_SIDE, _SIDE, 1), np.int16)
            frame = av.VideoFrame.from_ndarray(pixels.clip(0, 255).astype(np.uint8), "rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def _draw(pen: ImageDraw.ImageDraw, colour: str, shape: str) -> None:
    low, high, middle = _SIDE * 0.2, _SIDE * 0.8, _SIDE * 0.5
    match shape:
        case "circle":
            pen.ellipse((low, low, high, high), fill=colour)
        case "ring":
            pen.ellipse((low, low, high, high), outline=colour, width=18)
        case "square":
            pen.rectangle((low, low, high, high), fill=colour)
        case "triangle":
            pen.polygon([(middle, low), (high, high), (low, high)], fill=colour)
        case "star":
            turns = np.arange(10) * np.pi / 5 - np.pi / 2
            reach = np.where(np.arange(10) % 2, 0.14, 0.34) * _SIDE
            points = zip(
                middle + reach * np.cos(turns), middle + reach * np.sin(turns), strict=True
            )
            pen.polygon([(float(x), float(y)) for x, y in points], fill=colour)
