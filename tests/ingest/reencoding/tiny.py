"""Small encoders of several lengths, whose vectors follow from what is read and from a seed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

import omnisearch as om
from omnisearch.encoder.parts import Audio, Document, Image, Modality, Text
from omnisearch.encoder.protocol import Asked
from omnisearch.encoder.space import Space
from omnisearch.encoder.speech import Spoken
from omnisearch.errors import EncoderServerError, EncodingError, OmnisearchError
from tests.encoder.plain import Plain

Vector = npt.NDArray[np.float32]
READS: tuple[Modality, ...] = ("text", "image", "document")


class Tiny(Plain):
    """Texts by their words, pictures by their pixels, pages by both."""

    def __init__(self, name: str, dim: int, modalities: tuple[Modality, ...] = READS) -> None:
        self.name, self.dim, self.dims, self.modalities = name, dim, (dim,), modalities
        self.space = Space(name, "f" * 8, dim)
        self.rows = 0  # that were encoded
        self.fails_after: int | None = None  # rows, as a server does that is switched off
        self.refuses: str | None = None  # a word in whose texts numbers are none

    def embed(self, rows: Sequence[om.Row], asked: Asked) -> list[Vector | OmnisearchError]:
        found: list[Vector | OmnisearchError] = []
        for row in rows:
            if self.fails_after is not None and self.rows >= self.fails_after:
                raise EncoderServerError(f"{self.name} does not answer")
            self.rows += 1
            found.append(self._vector(row.parts[0]))
        return found

    def _vector(self, part: Any) -> Vector | OmnisearchError:
        if isinstance(part, Text):
            if self.refuses is not None and self.refuses in part.text:
                return EncodingError(f"{self.name} gave only zeros")
            return self._of(*part.text.lower().split())
        if isinstance(part, Image | Document) and isinstance(part.source, np.ndarray):
            return self._of(part.source.tobytes())
        return self._of(repr(type(part)))

    def _of(self, *tokens: str | bytes) -> Vector:
        total = np.zeros(self.dim, np.float32)
        for token in tokens or ("",):
            raw = token.encode() if isinstance(token, str) else token
            digest = hashlib.blake2b(raw, key=self.name.encode(), digest_size=8).digest()
            drawn = np.random.default_rng(int.from_bytes(digest, "big")).normal(size=self.dim)
            total += drawn.astype(np.float32)
        return total


class Hearing(Tiny):
    """One that writes the same down of every sound."""

    def transcribe(self, audio: Audio) -> list[Spoken]:
        return [Spoken(0.0, 1.0, "a whale sings", 0.9)]


def short() -> om.Encoder:
    return om.Encoder(Tiny("short", 16))


def long() -> om.Encoder:
    return om.Encoder(Tiny("long", 24))


def model(encoder: om.Encoder) -> Tiny:
    assert isinstance(encoder.model, Tiny)
    return encoder.model
