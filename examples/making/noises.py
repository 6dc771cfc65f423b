"""Sounds of every day, computed, and what is spoken."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from examples.making import sound
from examples.making.listing import OURS, Entry
from omnisearch.training.data import sounds, voices
from omnisearch.training.data.concepts import Concepts
from omnisearch.training.data.sound_kinds import KINDS, take
from omnisearch.training.data.splits import split_of
from omnisearch.training.lab import Lab

_SEED = 2026  # the laboratory's takes have others
_WORDS_A_MINUTE, _PITCH, _LIVELINESS = 155, 50, 55


def record(
    lab: Lab, folder: Path, wanted: Mapping[str, tuple[str, int]], within: str = "recordings"
) -> Iterator[Entry]:
    """Write the recordings; a number picks the take."""
    named = sounds.concepts(Concepts.load(lab))
    for name, (kind, number) in wanted.items():
        one = take(KINDS[kind], np.random.default_rng((_SEED, number)))
        sound.write(folder / name, one.wave)
        yield Entry(f"{within}/{name}", one.phrase(), OURS, "computed", split_of(named[kind]))


def speak(folder: Path, wanted: Mapping[str, list[str]]) -> Iterator[Entry]:
    """Write the voice memos."""
    speaker = voices.speaker()
    for name, (voice, words) in wanted.items():
        wave = speaker.say(words, voice, _WORDS_A_MINUTE, _PITCH, _LIVELINESS)
        sound.write(folder / name, wave)
        yield Entry(f"voices/{name}", f"“{words}”", OURS, "spoken by espeak-ng", "")
