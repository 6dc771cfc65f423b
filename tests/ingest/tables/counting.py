"""An encoder of letters that counts what it encodes: a row that did not change costs nothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import xxhash

import omnisearch as om
from omnisearch.encoder.parts import Modality, Part
from omnisearch.encoder.protocol import Asked
from omnisearch.encoder.space import Space
from omnisearch.errors import OmnisearchError, PartError
from tests.encoder.plain import Plain

Vector = npt.NDArray[np.float32]
DIM = 8


class Counting(Plain):
    """Every text, picture and sound in a direction of its own."""

    modalities: tuple[Modality, ...] = ("text", "image", "audio")
    dim, dims, name = DIM, (DIM,), "counting"
    space = Space("counting", "cccc", DIM)

    def __init__(self) -> None:
        self.encoded = 0

    def joins(self, parts: Sequence[Part]) -> bool:
        return True

    def embed(self, rows: Sequence[om.Row], asked: Asked) -> list[Vector | OmnisearchError]:
        self.encoded += len(rows)
        return [self._one(row) for row in rows]

    def _one(self, row: om.Row) -> Vector | OmnisearchError:
        told = [one.text if isinstance(one, om.Text) else one.modality for one in row.parts]
        if "unreadable" in told:
            return PartError("the encoder cannot read it")
        return direction("|".join(told))


def direction(told: str) -> Vector:
    hashed = np.frombuffer(xxhash.xxh3_128_digest(told.encode()), np.uint8)
    vector = hashed[:DIM].astype("f4") - 127.3
    return (vector / np.linalg.norm(vector)).astype("f4")
