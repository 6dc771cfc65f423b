"""Candidates and what speaks for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from omnisearch.query.candidates import Segments
from omnisearch.query.fusing import Modalities
from omnisearch.records import Modality
from omnisearch.storage import sides

Floats = npt.NDArray[np.float32]
Positions = npt.NDArray[np.int64]
Whys = npt.NDArray[Any]  # a reason for each candidate
MODALITIES = [sides.modality_of(kind) for kind in range(sides.KINDS)]


@dataclass(frozen=True)
class Judged:
    """Candidates (n,) and what speaks for each; NaN where nothing was or could be measured."""

    segments: Segments
    content: Floats  # cosines of how they look or sound
    words: Floats  # cosines of what they say
    bm25: Floats
    by_words: npt.NDArray[np.bool_]  # whether what it says is its better view
    odds: Floats
    order: Floats  # larger is better: the odds, unless ranks are asked for
    rivals: bool  # whether a hit is less sure below surer ones: where words ask, ordered by odds
    joint: Modality | None  # of a medium that asks together with words
    whole: Floats  # cosines of the texts, as a whole, of which they are passages
    parts: npt.NDArray[np.bool_]  # which are parts of pictures
    why: Whys | None = None  # each must not be shown; "" where it may

    @property
    def scores(self) -> Floats:
        """Give the cosine of the better view."""
        return np.where(self.by_words, self.words, self.content)

    @property
    def positions(self) -> Positions:
        """Give the row of the better view."""
        return np.where(self.by_words, self.segments.words, self.segments.content)

    def modalities(self, places: Positions) -> Modalities:
        """Name the modality of some candidates."""
        segments = self.segments
        kinds = segments.now.sides.kinds[segments.keys[places]]
        return [MODALITIES[kind] for kind in kinds.tolist()]

    def of_rows(self, positions: Positions) -> list[float]:
        """Give the order of the segments that some candidates show."""
        found: list[float] = self.order[self.segments.places(positions)].tolist()
        return found

    def shows_parts(self, positions: Positions) -> bool:
        """Tell whether some candidates are parts of pictures."""
        return bool(self.parts[self.segments.places(positions)].any())


def best_of(each: Sequence[Judged]) -> Judged:
    """Take of each candidate what its best list says."""
    best = np.argmax([one.odds for one in each], axis=0)
    places = np.arange(len(best))

    def chosen(columns: list[Any]) -> Any:  # noqa: ANN401
        return np.asarray(columns)[best, places]

    odds = chosen([one.odds for one in each])
    return Judged(
        each[0].segments,
        chosen([one.content for one in each]),
        chosen([one.words for one in each]),
        each[0].bm25,
        chosen([one.by_words for one in each]),
        odds,
        odds,
        each[0].rivals,
        each[0].joint,
        each[0].whole,
        each[0].parts,
    )
