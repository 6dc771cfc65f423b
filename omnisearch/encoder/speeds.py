"""How fast an encoder is here: parts that lie in memory, so that no disk and no codec is timed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from omnisearch.encoder.canaries import inputs
from omnisearch.encoder.parts import Audio, Image, Modality, Part, Row, Text, Video

if TYPE_CHECKING:
    from omnisearch.encoder.encoder import Encoder

_RATE, _SOUND_S = 16_000, 4
_SIDE, _FRAMES = 224, 8


@dataclass(frozen=True, slots=True)
class Speed:
    """How many items of one modality were encoded in how long; a first call came before."""

    modality: Modality
    item: str
    items: int
    seconds: float

    @property
    def per_s(self) -> float:
        """Items in a second."""
        return self.items / self.seconds


def speeds(encoder: Encoder, seconds: float = 1.0) -> Iterator[Speed]:
    """Time each modality that the encoder reads for about so long."""
    random = np.random.default_rng(0)
    for modality in encoder.modalities:
        item, some, make = _CASES[modality]
        parts = [make(random) for _ in range(some)]
        encoder.encode(parts)  # opens what is needed
        done, begun = 0, time.perf_counter()
        while (spent := time.perf_counter() - begun) < seconds:
            encoder.encode(parts)
            done += some
        yield Speed(modality, item, done, spent)


def _text(random: np.random.Generator) -> Part:
    words = "a red dog runs over the green hill with its small ball".split()
    return Text(" ".join(random.permutation(words)[:11]))


def _picture(random: np.random.Generator) -> Part:
    return Image(random.integers(0, 256, (_SIDE, _SIDE, 3), np.uint8))


def _sound(random: np.random.Generator) -> Part:
    return Audio((random.normal(0, 0.1, _RATE * _SOUND_S).astype(np.float32), _RATE))


def _film(random: np.random.Generator) -> Part:
    return Video([random.integers(0, 256, (_SIDE, _SIDE, 3), np.uint8) for _ in range(_FRAMES)])


def _page(random: np.random.Generator) -> Part | Row:
    return inputs()["document"]


_CASES: dict[Modality, tuple[str, int, Callable[[np.random.Generator], Part | Row]]] = {
    "text": ("text of 11 words", 64, _text),
    "image": (f"picture of {_SIDE} x {_SIDE} pixels", 16, _picture),
    "audio": (f"sound of {_SOUND_S} s", 8, _sound),
    "video": (f"film of {_FRAMES} frames, without its sound", 2, _film),
    "document": ("page, drawn from its PDF, with its words", 4, _page),
}
