"""Everyday sentences said by espeak-ng, alone and in longer recordings, with known times.

Accents and voices change from sentence to sentence, so do speed and pitch. Every other recording of
several sentences has pauses with the hiss of a room, the others have music between the sentences
and softly behind them. Speaking needs the extra `train`.
"""

from __future__ import annotations

import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from omnisearch.training.data import voices

RATE = 16_000
SENTENCES = Path(__file__).with_name("sentences.txt").read_text("utf-8").splitlines()
_TOGETHER = 4  # sentences in a longer recording
_AUDIBLE = 0.02  # of full scale: where a sentence begins and ends
_HISS, _BEHIND, _BETWEEN = 0.001, 0.01, 0.12  # how loud they are; speech is 0.7
Wave = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence in a file, and from when to when it is said there."""

    text: str
    file: str
    kind: str  # alone, pauses or music
    start_s: float
    end_s: float


def make(folder: Path, sentences: Sequence[str] = SENTENCES, alone: int = 60) -> list[Said]:
    """Write recordings: each of the first sentences alone, the others four to a file."""
    folder.mkdir(parents=True, exist_ok=True)
    numbered = list(enumerate(sentences))
    later = range(alone, len(numbered), _TOGETHER)
    groups = [[one] for one in numbered[:alone]]
    groups += [numbered[start : start + _TOGETHER] for start in later]
    return [one for at, group in enumerate(groups) for one in _recording(folder, at, group)]


def _recording(folder: Path, at: int, group: Sequence[tuple[int, str]]) -> list[Said]:
    rng = np.random.default_rng((7, at))
    kind = "alone" if len(group) == 1 else ("pauses", "music")[at % 2]
    name = f"recording-{at:03d}.wav"
    sound, said = _between(rng, kind), []
    for number, text in group:
        speech, (first, last) = _spoken(number, text)
        said.append(Said(text, name, kind, *((len(sound) + t) / RATE for t in (first, last))))
        sound = np.concatenate([sound, speech, _between(rng, kind)])
    if kind == "music":
        sound = sound + _music(rng, len(sound), _BEHIND)
    sound = sound + _HISS * rng.standard_normal(len(sound)).astype(np.float32)
    _write(folder / name, sound)
    return said


def _spoken(number: int, text: str) -> tuple[Wave, tuple[int, int]]:
    """Speak a text; tells in which samples it can be heard."""
    names = f"{voices.WOMEN} {voices.MEN} {voices.MORE_MEN}".split()
    rng = np.random.default_rng((5, number))
    accent = voices.ACCENTS[number % len(voices.ACCENTS)]
    voice = f"{accent}+{names[number * 7 % len(names)]}"
    speed, pitch = int(rng.integers(130, 176)), int(rng.integers(35, 66))
    speech = voices.speaker().say(text, voice, speed, pitch, 50)
    speech = (0.7 * speech / np.abs(speech).max()).astype(np.float32)
    heard = np.flatnonzero(np.abs(speech) > _AUDIBLE)
    return speech, (int(heard[0]), int(heard[-1]) + 1)


def _between(rng: np.random.Generator, kind: str) -> Wave:
    """Give what is heard before, between and behind sentences."""
    if kind == "alone":
        return np.zeros(round(0.2 * RATE), np.float32)
    length = round(float(rng.uniform(1.0, 4.0)) * RATE)
    return _music(rng, length, _BETWEEN) if kind == "music" else np.zeros(length, np.float32)


def _music(rng: np.random.Generator, length: int, loud: float) -> Wave:
    """Play chords of three tones with overtones, each half a second and dying away."""
    times = np.arange(RATE // 2) / RATE
    played = []
    for _ in range(-(-length // len(times))):
        root = 220 * 2 ** (int(rng.integers(12)) / 12)
        tones = [root * 2 ** (step / 12) for step in (0, 4, 7)]
        notes = (np.sin(2 * np.pi * tone * n * times) / n for tone in tones for n in (1, 2, 3))
        played.append(sum(notes) * np.exp(-3 * times))
    heard = np.concatenate(played)[:length]
    loudest = float(np.abs(heard).max())
    return np.asarray(loud / loudest * heard, np.float32)


def _write(path: Path, sound: Wave) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((np.clip(sound, -1, 1) * 32_767).astype("<i2").tobytes())
