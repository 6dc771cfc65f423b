"""The held-out index that `benchmarks.mixed` asks: rows of five kinds, questions, what is right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from omnisearch.encoder.parts import MODALITIES, Modality

KINDS: tuple[Modality, ...] = MODALITIES
EACH = 300  # questions of each kind in a set whose right answers are spread evenly
View = Literal["content", "words"]
Bits = NDArray[np.bool_]
Floats = NDArray[np.float32]
Names = NDArray[np.str_]


def view(kind: Modality) -> View:
    """Tell which side of its segments the index holds."""
    return "words" if kind == "text" else "content"


@dataclass(frozen=True)
class Index:
    """Vectors and marks; `about` also marks rows of other kinds that show what is asked for."""

    rows: Floats
    row_kinds: Names
    row_concepts: Names
    asked: Floats
    asked_kinds: Names
    right: Bits
    about: Bits
    questions: Floats  # those that ship with the encoder, for the calibration
    encoder: str = ""  # the fingerprint of its weights

    @classmethod
    def load(cls, path: Path) -> Index:
        """Read what `benchmarks.mixed_vectors` wrote."""
        with np.load(path, allow_pickle=False) as found:
            count = len(found["rows"])
            right, about = (
                np.unpackbits(found[name], axis=1, count=count).astype(bool)
                for name in ("right", "about")
            )
            has = right.any(axis=1)
            return cls(
                found["rows"],
                found["row_kinds"],
                found["row_concepts"],
                found["asked"][has],
                found["asked_kinds"][has],
                right[has],
                about[has],
                found["questions"],
                str(found["encoder"]) if "encoder" in found else "",
            )

    @cached_property
    def columns(self) -> Mapping[Modality, NDArray[np.int64]]:
        """Rows of each kind."""
        return {kind: np.flatnonzero(self.row_kinds == kind) for kind in KINDS}

    def ranks(self, scores: NDArray[np.floating], some: NDArray[np.int64]) -> NDArray[np.int64]:
        """Rank of the best right row of each question; other rows about it count neither way."""
        right, aside = self.right[some], self.about[some] & ~self.right[some]
        best = np.where(right, scores[some], -np.inf).max(axis=1, keepdims=True)
        return np.asarray(1 + ((scores[some] >= best) & ~right & ~aside).sum(axis=1))

    def even(self) -> NDArray[np.int64]:
        """Draw as many questions of each kind."""
        random = np.random.default_rng(5)
        drawn = []
        for kind in KINDS:
            some = np.flatnonzero(self.asked_kinds == kind)
            drawn.append(random.choice(some, min(EACH, len(some)), replace=False))
        return np.sort(np.concatenate(drawn))

    def spread(self) -> list[tuple[int, Bits]]:
        """List questions with answers of several kinds, and what to leave out to make them as many.

        Of questions with the same answers one is drawn, each kind of wording as likely: how one
        asks for a sound must not decide.
        """
        random, found = np.random.default_rng(0), []
        for same in self._with_same_answers():
            marked = self.about[same[0]]
            kind = random.choice(np.unique(self.asked_kinds[same]))
            question = int(random.choice([one for one in same if self.asked_kinds[one] == kind]))
            kinds = self.kinds_of(marked)
            each = min(int(marked[self.columns[one]].sum()) for one in kinds)
            kept = np.zeros_like(marked)
            for one in kinds:
                rows = self.columns[one]
                kept[random.choice(rows[marked[rows]], each, replace=False)] = True
            found.append((question, marked & ~kept))
        return found

    def _with_same_answers(self) -> list[list[int]]:
        """Group the questions that have answers of several kinds by their answers."""
        groups: dict[bytes, list[int]] = {}
        for question, marked in enumerate(self.about):
            groups.setdefault(marked.tobytes(), []).append(question)
        return [some for some in groups.values() if len(self.kinds_of(self.about[some[0]])) > 1]

    def kinds_of(self, marked: Bits) -> list[Modality]:
        """Name the kinds that have a marked row."""
        return [kind for kind in KINDS if marked[self.columns[kind]].any()]

    def alike(self, some: NDArray[np.int64]) -> Bits:
        """Mark for rows the others that show the same thing, perhaps among others."""
        parts = [set(name.split("+")) | {name} for name in self.row_concepts.tolist()]
        found = np.array([[bool(parts[a] & other) for other in parts] for a in some.tolist()])
        found[np.arange(len(some)), some] = False
        return found
