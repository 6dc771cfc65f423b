"""Sounds in which nobody speaks, made of numbers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

RATE = 16_000
Wave = npt.NDArray[np.float32]


def coloured(seconds: float, slope: float, level: float, seed: int = 0) -> Wave:
    """Noise whose power falls as 1 / f^(2 slope): white 0, pink 0.5, brown 1."""
    white = np.fft.rfft(np.random.default_rng(seed).standard_normal(round(seconds * RATE)))
    white /= np.maximum(np.arange(len(white)), 20 * seconds) ** slope
    wave = np.fft.irfft(white, round(seconds * RATE))
    return np.asarray(level * wave / wave.std(), np.float32)


def note(pitch: float, seconds: float, half_life: float = 1.0) -> npt.NDArray[np.float64]:
    """A plucked string: overtones, the higher ones shorter."""
    time = np.arange(round(seconds * RATE)) / RATE
    orders = [order for order in range(1, 12) if order * pitch < RATE / 2]
    parts = (
        np.sin(2 * np.pi * pitch * k * time) * 0.5 ** (time * k / half_life) / k for k in orders
    )
    return np.asarray(sum(parts))


def chord(*pitches: float) -> Callable[[float], Wave]:
    """A chord that is struck again each two seconds."""

    def made(seconds: float) -> Wave:
        struck = sum(note(pitch, 2.0) for pitch in pitches) / len(pitches)
        return np.resize(0.4 * struck, round(seconds * RATE)).astype(np.float32)

    return made


def music(seed: int) -> Callable[[float], Wave]:
    """A melody over a bass, a drum on each beat and a cymbal between."""

    def made(seconds: float) -> Wave:
        random, beat = np.random.default_rng(seed), RATE // 4
        out = np.zeros(round(seconds * RATE) + 2 * RATE)
        thump = note(55, 0.4, 0.1)
        hiss = random.standard_normal(1600) * np.exp(-np.arange(1600) / 300)
        for number in range(round(seconds * 4)):
            at = number * beat
            pitch = 220 * 2 ** (random.choice([0, 2, 4, 5, 7, 9, 11, 12]) / 12)
            for part in (note(pitch, 0.8, 0.4), *((thump,) if number % 2 == 0 else (0.3 * hiss,))):
                out[at : at + len(part)] += part
            if number % 8 == 0:
                out[at : at + 2 * RATE] += note(pitch / 4, 2.0)
        out = out[: round(seconds * RATE)]
        return np.asarray(0.6 * out / np.abs(out).max(), np.float32)

    return made


def tone(pitch: float, level: float = 0.5) -> Callable[[float], Wave]:
    """A pure tone."""

    def made(seconds: float) -> Wave:
        time = np.arange(round(seconds * RATE)) / RATE
        return np.asarray(level * np.sin(2 * np.pi * pitch * time), np.float32)

    return made


def beeps(seconds: float) -> Wave:
    """A tone that comes and goes twice a second."""
    return tone(880)(seconds) * (np.arange(round(seconds * RATE)) // 4000 % 2).astype(np.float32)


def siren(seconds: float) -> Wave:
    """A tone that rises and falls."""
    time = np.arange(round(seconds * RATE)) / RATE
    return np.asarray(0.5 * np.sin(2 * np.pi * (800 * time + 200 * np.sin(2 * time))), np.float32)


def clicks(seconds: float) -> Wave:
    """Short bursts, at irregular times."""
    random, out = np.random.default_rng(5), np.zeros(round(seconds * RATE), np.float32)
    for at in random.integers(0, len(out) - 800, round(seconds * 3)):
        out[at : at + 800] += random.standard_normal(800) * np.exp(-np.arange(800) / 100) * 0.3
    return out


def swelling(seconds: float) -> Wave:
    """Noise that rises and falls as speech does, without being any."""
    shape = np.abs(np.sin(np.arange(round(seconds * RATE)) / RATE * 2.3)) ** 3
    return np.asarray(coloured(seconds, 0.5, 0.1) * shape, np.float32)


NOISES: dict[str, Callable[[float], Wave]] = {
    "silence": lambda seconds: np.zeros(round(seconds * RATE), np.float32),
    "hum": lambda seconds: coloured(seconds, 0.0, 1e-3),
    "white noise": lambda seconds: coloured(seconds, 0.0, 0.1),
    "pink noise": lambda seconds: coloured(seconds, 0.5, 0.1),
    "brown noise": lambda seconds: coloured(seconds, 1.0, 0.1),
    "swelling noise": swelling,
    "low tone": tone(100),
    "tone": tone(440),
    "high tone": tone(3000),
    "beeps": beeps,
    "siren": siren,
    "clicks": clicks,
    "chord": chord(220, 277, 330),
    "low chord": chord(110, 131, 165, 196),
    "music": music(0),
    "other music": music(1),
}
