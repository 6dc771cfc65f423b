"""The backbone: tokens of words and soft tokens of media, read in one pass, to one vector."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from omnisearch.encoder.seen import Seen

if TYPE_CHECKING:
    from omnisearch.encoder.model import ModelFiles
    from omnisearch.encoder.protocol import Vector, Vectors

_TOKENS = 256  # read at once, padding too: more gain nothing and take memory


@dataclass(frozen=True, slots=True)
class Reading:
    """Tokens of words, perhaps media beside them, and by which weights vectors are added."""

    ids: list[int]
    seen: Seen | None = None
    kind: str | None = None

    def __len__(self) -> int:
        return len(self.ids) + (0 if self.seen is None else len(self.seen.soft))


class Joint:
    """Reads words and media together."""

    def __init__(self, files: ModelFiles) -> None:
        self._files = files
        self.width = int(files.model["dim"])
        self._weights: Mapping[str, Mapping[str, float]] = files.model["weights"]
        text = files.model["text"]
        self.none: list[int] = [text["cls"], text["sep"]]

    def read(self, readings: Sequence[Reading]) -> Vectors:
        """Give unit vectors (n, width): what was read, and by their weights those beside."""
        given = self._with_words(readings)
        lengths = [len(one) for one in given]
        order = sorted(range(len(given)), key=lengths.__getitem__)
        found = np.empty((len(given), self.width), np.float32)
        for some in _alike(order, lengths):
            found[some] = self._fused([given[at] for at in some])
        for at, one in enumerate(given):
            if one.seen is not None:
                found[at] = self._beside(found[at], one)
        return found

    def _with_words(self, readings: Sequence[Reading]) -> list[Reading]:
        """Put the vectors of words alone beside joint readings, where weights ask for them."""
        wanted = [at for at, one in enumerate(readings) if self._wants_words(one)]
        given = list(readings)
        if wanted:
            alone = self.read([Reading(readings[at].ids) for at in wanted])
            for at, vector in zip(wanted, alone, strict=True):
                seen = given[at].seen
                assert seen is not None
                beside = {**seen.beside, "words": vector}
                given[at] = Reading(given[at].ids, Seen(seen.soft, beside), given[at].kind)
        return given

    def _wants_words(self, one: Reading) -> bool:
        if one.kind is None or one.seen is None or "words" in one.seen.beside:
            return False
        return bool(self._weights[one.kind].get("words")) and len(one.ids) > len(self.none)

    def _beside(self, fused: Vector, one: Reading) -> Vector:
        assert one.seen is not None and one.kind is not None
        total = fused.copy()
        for name, weight in self._weights[one.kind].items():
            if weight and name in one.seen.beside:
                total += np.float32(weight) * one.seen.beside[name]
        return np.asarray(total / np.linalg.norm(total), np.float32)

    def _fused(self, some: Sequence[Reading]) -> Vectors:
        width = max(len(one.ids) for one in some)
        ids = np.zeros((len(some), width), np.int64)
        mask = np.zeros((len(some), width), np.int64)
        for row, one in enumerate(some):
            ids[row, : len(one.ids)] = one.ids
            mask[row, : len(one.ids)] = 1
        soft, there = self._soft(some)
        return self._files.run(
            "text", ["vector"], ids=ids, id_mask=mask, soft=soft, soft_mask=there
        )[0]

    def _soft(self, some: Sequence[Reading]) -> tuple[Vectors, npt.NDArray[np.int64]]:
        """Give soft tokens (n, s, width), filled up with zeros, and which of them are there."""
        tokens = [0 if one.seen is None else len(one.seen.soft) for one in some]
        soft = np.zeros((len(some), max(tokens), self.width), np.float32)
        there = np.zeros(soft.shape[:2], np.int64)
        for row, one in enumerate(some):
            if one.seen is not None:
                soft[row, : tokens[row]] = one.seen.soft
                there[row, : tokens[row]] = 1
        return soft, there


def _alike(order: Sequence[int], lengths: Sequence[int]) -> Iterator[list[int]]:
    """Cut growing lengths where filling up to the longest would make too many tokens."""
    some: list[int] = []
    for at in order:
        if some and (len(some) + 1) * lengths[at] > _TOKENS:
            yield some
            some = []
        some.append(at)
    if some:
        yield some
