"""How sure each candidate is: cosines of its views and words of the question become one odds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from omnisearch.encoder.calibration.calibrator import Calibrator
from omnisearch.query import windows
from omnisearch.query.asked import Asked
from omnisearch.query.candidates import Found, Segments, by_vector
from omnisearch.query.fusing import DEEP, JOINT, Evidence, bound, by_ranks, fuse
from omnisearch.query.judged import MODALITIES, Judged, best_of
from omnisearch.query.lines import LINES
from omnisearch.query.names import items, numbered
from omnisearch.query.nearness import nearness
from omnisearch.query.options import Wish
from omnisearch.query.regions import NEARER, are_parts, standing
from omnisearch.query.screening import ALONE, Screen
from omnisearch.query.whole import surer
from omnisearch.storage import sides
from omnisearch.storage.generation import Generation
from omnisearch.storage.words.scoring import Totals

Floats = npt.NDArray[np.float32]
Positions = npt.NDArray[np.int64]
Kinds = npt.NDArray[np.integer[Any]]

_RANKS = 60.0  # of reciprocal rank fusion, as in fusing
_NAN = np.float32(np.nan)


class Judge:
    """Judges the candidates of one question."""

    def __init__(
        self, now: Generation, asked: Asked, wish: Wish, calibrator: Calibrator | None
    ) -> None:
        self._now, self._asked, self._wish = now, asked, wish
        self._scale = None if calibrator is None else calibrator.scale(asked.modality)
        self._screen = Screen(now, asked, lambda one: Judge(now, one, ALONE, calibrator))
        before = asked.before
        self._before = None if before is None else Judge(now, before, wish, calibrator)

    @property
    def calibrated(self) -> bool:
        """Tell whether odds are those of being right, and not only scores."""
        return self._scale is not None

    @property
    def by_wholes(self) -> bool:
        """Tell whether passages are surer for what their text says as a whole."""
        asked, one = self._asked, len(self._asked.vectors) == 1
        return asked.modality == "text" and one and self.calibrated and self._wish.fuse != "rrf"

    def judge(self, segments: Segments, found: Sequence[Found], said: Totals | None) -> Judged:
        """Say of each candidate how sure it is; what was found has its cosine already."""
        judged = self._as_asked(segments, found, said)
        if self._before is not None:  # which says how sure: what was expanded puts in order
            same = np.array_equal(self._asked.vectors, self._before._asked.vectors)
            plain = None if said is None else said.before or said
            asked = self._before._as_asked(segments, found if same else (), plain)
            judged = replace(asked, order=judged.order)
        return replace(judged, why=self._screen.why(segments))

    def _as_asked(self, segments: Segments, found: Sequence[Found], said: Totals | None) -> Judged:
        vectors = self._asked.vectors
        pairs = zip(vectors, by_vector(found, len(vectors)), strict=True)
        each = [self._judged(segments, vector, own, said) for vector, own in pairs]
        if not each:
            each = [self._judged(segments, None, (), said)]
        if len(each) == 1:
            return each[0]
        if not self._asked.windows or self._wish.fuse == "rrf":
            return _by_rank(each, self._asked.weights)
        owners = None
        if self._wish.group_by == "item":
            owners = items(self._now, segments.keys)
        return windows.judged(each, owners)

    def bound(self, found: Sequence[Found], said: Totals | None, least: float) -> float:
        """Give the odds above which nothing lies that one vector did not find.

        `least` is the BM25 score of the last candidate that was found by words.
        """
        cuts = {one.kind: one for one in found if not one.whole}
        kinds = np.array(list(dict.fromkeys(kind % sides.WORDS for kind in cuts)), np.int64)
        odds = [
            np.array([self.cut(cuts.get(kind + view)) for kind in kinds.tolist()], np.float32)
            for view in (0, sides.WORDS)
        ]
        if not found and least:
            kinds, odds = np.zeros(1, np.int64), [np.full(1, _NAN)] * 2
        evidence = self._evidence(kinds, odds, np.full(len(kinds), least, np.float32), said)
        best = np.fmax(*odds) if self._plain(said) else bound(evidence)
        return float(np.max(best, initial=-np.inf))

    def cut(self, found: Found | None) -> float:
        """Give the odds of a row that is as near as the last one of its kind that was found."""
        if found is None:
            return np.nan
        kinds = LINES[[found.kind]]
        last = found.cosines[-1:]
        return float((last if self._scale is None else self._scale.odds(kinds, last))[0])

    def _judged(
        self,
        segments: Segments,
        vector: Floats | None,
        found: Sequence[Found],
        said: Totals | None,
    ) -> Judged:
        rows = np.concatenate([segments.content, segments.words])
        near, count = self._cosines(vector, rows, found), len(segments)
        parts = are_parts(self._now, segments.content)
        cosines, odds = (near[:count], near[count:]), self._odds(rows, near).reshape(2, -1)
        if parts.any() and self._asked.modality == "text":
            lowered = self._odds(segments.content, near[:count], np.float32(NEARER) * parts)
            odds[0] = standing(numbered(self._now, segments.keys), parts, odds[0], lowered)
        bm25 = _bm25(segments, said)
        kinds = self._now.sides.kinds[segments.keys]
        evidence = self._evidence(kinds, odds, bm25, said)
        whole = np.full(count, _NAN)
        if self.by_wholes and vector is not None and self._scale is not None:
            gains, whole = surer(segments, vector, cosines[1], self._scale)
            evidence = replace(evidence, whole=gains)
        order = sure = np.fmax(*odds) if self._plain(said) else fuse(evidence)
        joint = self._asked.modality if self._asked.joint else None
        joint = joint if joint in JOINT else None
        rivals = self.calibrated and (self._asked.modality == "text" or joint is not None)
        if self._wish.fuse == "rrf":
            order, rivals = _ranked(by_ranks(evidence, kinds % sides.WORDS), sure), False
        unseen = np.isnan(odds[0])  # found by words alone: those are what is shown
        by_words = (odds[1] > odds[0]) | (unseen & (segments.words >= 0))
        return Judged(segments, *cosines, bm25, by_words, sure, order, rivals, joint, whole, parts)

    def _plain(self, said: Totals | None) -> bool:
        """Tell whether there is nothing to go by but scores, which are no odds."""
        return said is None and self._scale is None

    def _evidence(
        self, kinds: Kinds, odds: Sequence[Floats] | Floats, bm25: Floats, said: Totals | None
    ) -> Evidence:
        most = said.most if said else 0.0
        modalities = None
        if self._asked.modality == "text":
            modalities = [MODALITIES[kind] for kind in kinds.tolist()]
        return Evidence(odds[0], odds[1], bm25, most, modalities)

    def _cosines(
        self, vector: Floats | None, positions: Positions, known: Sequence[Found]
    ) -> Floats:
        """Give exact cosines, by the same kernel as the search; NaN where there is no row."""
        found = np.full(len(positions), _NAN)
        if vector is None:
            return found
        nothing = np.zeros(0, np.int64), np.zeros(0, np.float32)
        seen = np.concatenate([nothing[0], *(one.positions for one in known)])
        near = np.concatenate([nothing[1], *(one.cosines for one in known)])
        order = np.argsort(seen)
        places = np.searchsorted(seen, positions, sorter=order)
        places = order[np.minimum(places, len(seen) - 1)] if len(seen) else places
        there = seen[places] == positions if len(seen) else np.zeros(len(positions), bool)
        found[there] = near[places[there]]
        rest = np.flatnonzero((positions >= 0) & ~there)
        if len(rest):
            found[rest] = self._now.searcher.scores(vector, positions[rest])
            if self._now.sealed.manifest.settings.metric == "cosine":
                np.clip(found, -1.0, 1.0, out=found)
        return found

    def _odds(self, positions: Positions, cosines: Floats, lower: Floats | None = None) -> Floats:
        """Turn cosines into odds, lowered for rows near to every question, and by some widths."""
        scale = self._scale
        if scale is None:
            return cosines
        there = np.flatnonzero(cosines == cosines)
        rows, near = positions[there], cosines[there]
        kinds = LINES[self._now.sides.kinds[rows]]
        if scale.crowd is not None and scale.usual is not None:
            near -= scale.crowding(kinds, nearness(self._now, scale.crowd, rows))
        if lower is not None:
            near -= lower[there] * scale.widths[kinds]
        found = np.full(len(cosines), _NAN)
        found[there] = scale.odds(kinds, near)
        return found


def _bm25(segments: Segments, said: Totals | None) -> Floats:
    if said is None:
        return np.zeros(len(segments), np.float32)
    content = np.where(segments.content >= 0, said.scores[segments.content], 0)
    words = np.where(segments.words >= 0, said.scores[segments.words], 0)
    return np.asarray(np.maximum(content, words), np.float32)


def _ranked(order: Floats, odds: Floats) -> Floats:
    """Put those without a rank behind the others, by their odds."""
    return np.where(order > 0, order, np.float32(1e-3) * np.nan_to_num(odds) - 1)


def _by_rank(each: Sequence[Judged], weights: Floats) -> Judged:
    """Add reciprocal ranks; how sure a candidate is, its best list says."""
    order = np.zeros(len(each[0].odds), np.float32)
    for one, weight in zip(each, weights.tolist(), strict=True):
        ranked = np.argsort(-one.order, kind="stable")[:DEEP]
        order[ranked] += weight / (_RANKS + 1 + np.arange(len(ranked), dtype=np.float32))
    best = best_of(each)
    return replace(best, order=_ranked(order, best.odds), rivals=False)
