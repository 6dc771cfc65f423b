"""How sure each candidate is: cosines of its views and words of the question become one odds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from omnisearch.encoder.calibration.calibrator import Calibrator, Scale, Target
from omnisearch.query.asked import Asked
from omnisearch.query.candidates import Segments
from omnisearch.query.fusing import Evidence, by_ranks, fuse
from omnisearch.query.options import Wish
from omnisearch.storage import sides
from omnisearch.storage.generation import Generation
from omnisearch.storage.words.scoring import Totals

Floats = npt.NDArray[np.float32]
Positions = npt.NDArray[np.int64]
Known = Mapping[int, float]  # cosines by position

_RANKS = 60.0  # of reciprocal rank fusion, as in fusing
_UNSET = np.float32(np.nan)


@dataclass(frozen=True)
class Judged:
    """Candidates (n,) and what speaks for each; NaN where nothing was or could be measured."""

    segments: Segments
    content: Floats  # cosines of how they look or sound
    words: Floats  # cosines of what they say
    bm25: Floats
    by_words: npt.NDArray[np.bool_]  # whether what it says is its nearer view
    odds: Floats
    order: Floats  # larger is better: the odds, unless ranks are asked for

    @property
    def scores(self) -> Floats:
        """Give the cosine of the better view."""
        return np.where(self.by_words, self.words, self.content)


class Judge:
    """Judges the candidates of one question."""

    def __init__(
        self, now: Generation, asked: Asked, wish: Wish, calibrator: Calibrator | None
    ) -> None:
        self._now, self._asked, self._wish = now, asked, wish
        self._scale = None if calibrator is None else _scale(calibrator, asked)
        self.calibrated = calibrator is not None

    def judge(self, segments: Segments, said: Totals | None) -> Judged:
        """Say of each candidate how sure it is."""
        bm25 = self._bm25(segments, said)
        each = [self._by_vector(segments, vector, bm25, said) for vector in self._asked.vectors]
        if not each:
            none = np.full(len(segments), _UNSET)
            each = [self._fused(segments, none, none, bm25, said)]
        return each[0] if len(each) == 1 else _by_rank(each, self._asked.weights)

    def _by_vector(
        self, segments: Segments, vector: Floats, bm25: Floats, said: Totals | None
    ) -> Judged:
        content = self._cosines(vector, segments.content)
        words = self._cosines(vector, segments.words)
        return self._fused(segments, content, words, bm25, said)

    def _fused(
        self,
        segments: Segments,
        content: Floats,
        words: Floats,
        bm25: Floats,
        said: Totals | None,
    ) -> Judged:
        odds = self._odds(segments.content, content), self._odds(segments.words, words)
        evidence = Evidence(*odds, bm25, said.most if said else 0.0, said.documents if said else 0)
        if self.calibrated or said is not None:
            found = fuse(evidence)
        else:
            found = np.fmax(*odds)
        order = by_ranks(evidence) if self._wish.fuse == "rrf" else found
        by_words = np.isnan(odds[0]) | (odds[1] > odds[0])
        return Judged(segments, content, words, bm25, by_words, found, order)

    def _cosines(self, vector: Floats, positions: Positions) -> Floats:
        """Give exact cosines, by the same kernel as the search; NaN where there is no row."""
        found = np.full(len(positions), _UNSET)
        there = np.flatnonzero(positions >= 0)
        found[there] = self._now.searcher.scores(vector, positions[there])
        if self._now.sealed.manifest.settings.metric == "cosine":
            np.clip(found, -1.0, 1.0, out=found)
        return found

    def _odds(self, positions: Positions, cosines: Floats) -> Floats:
        if self._scale is None:
            return cosines
        kinds = self._now.sides.kinds[positions]  # of what is not there, cosines are NaN anyway
        return self._scale.odds(kinds, cosines)

    def _bm25(self, segments: Segments, said: Totals | None) -> Floats:
        if said is None:
            return np.zeros(len(segments), np.float32)
        content = np.where(segments.content >= 0, said.scores[segments.content], 0)
        words = np.where(segments.words >= 0, said.scores[segments.words], 0)
        return np.maximum(content, words).astype(np.float32)


def _scale(calibrator: Calibrator, asked: Asked) -> Scale:
    targets: list[Target] = [
        (sides.modality_of(kind) or "text", sides.view_of(kind)) for kind in range(sides.KINDS)
    ]
    return calibrator.scale(asked.modality, targets)


def _by_rank(each: list[Judged], weights: Floats) -> Judged:
    """Add reciprocal ranks; how sure a candidate is, its best list says."""
    order = np.zeros(len(each[0].odds), np.float32)
    for one, weight in zip(each, weights.tolist(), strict=True):
        ranked = np.argsort(-one.order, kind="stable")
        order[ranked] += weight / (_RANKS + 1 + np.arange(len(ranked), dtype=np.float32))
    best = np.argmax([one.odds for one in each], axis=0)
    places = np.arange(len(best))

    def chosen(columns: list[Any]) -> Any:  # noqa: ANN401
        return np.asarray(columns)[best, places]

    return Judged(
        each[0].segments,
        chosen([one.content for one in each]),
        chosen([one.words for one in each]),
        each[0].bm25,
        chosen([one.by_words for one in each]),
        chosen([one.odds for one in each]),
        order,
    )
