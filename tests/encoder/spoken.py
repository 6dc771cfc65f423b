"""Sentences spoken by espeak-ng, and how many of their words were understood."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

RATE = 16_000
SENTENCES = (Path(__file__).parent / "sentences.txt").read_text("utf-8").splitlines()
VOICES = ("en-us", "en-us+f3", "en-us+m7", "en-us+Michael")
# one spelling of what is written in two ways
_SPELLINGS = {
    "1": "one", "2": "two", "3": "three", "4": "four", "7": "seven", "10": "ten", "12": "twelve",
    "1000": "thousand", "10000": "ten thousand", "100": "hundred", "1st": "first",
    "harbour": "harbor", "neighbours": "neighbors", "colour": "color", "favourite": "favorite",
    "theatre": "theater", "grey": "gray",
}  # fmt: skip
Wave = npt.NDArray[np.float32]


def spoken(count: int, pause_s: float = 0.0) -> list[Wave]:
    """Speak the first sentences, each by the next voice, with a pause behind."""
    pytest.importorskip("espeakng_loader", reason="speaks with espeak-ng: install extra train")
    from omnisearch.training.data import voices

    speaker, silence = voices.speaker(), np.zeros(round(pause_s * RATE))
    said = (
        speaker.say(text, VOICES[number % len(VOICES)], 150, 50, 50)
        for number, text in enumerate(SENTENCES[:count])
    )
    return [np.concatenate([0.7 * wave, silence]).astype(np.float32) for wave in said]


def words(text: str) -> list[str]:
    """Give the words of a text in one spelling."""
    plain = re.sub(r"[^a-z0-9' ]", "", text.lower().replace("-", " ").replace(",", ""))
    return " ".join(_SPELLINGS.get(word, word) for word in plain.split()).split()


def errors(wanted: Sequence[str], found: Sequence[str]) -> int:
    """Count words that are missing, wrong or too many."""
    before = list(range(len(found) + 1))
    for row, word in enumerate(wanted, start=1):
        now = [row]
        for column, other in enumerate(found, start=1):
            change = before[column - 1] + (word != other)
            now.append(min(change, before[column] + 1, now[-1] + 1))
        before = now
    return before[-1]
