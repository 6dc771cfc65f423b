"""From cosines of any modality to confidences that mean the same, and so to one fair list.

How rare a cosine is among wrong pairs is measured in the collection, for each modality that asks,
each that answers, and each view; times the rows, that is how many wrong ones are expected to be as
near. The prior turns that into the probability that the hit is right, whatever the size of the
collection and the modality of the hit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from json import loads
from typing import get_args

import numpy as np
import numpy.typing as npt

from omnisearch.encoder.calibration import crowd, stored
from omnisearch.encoder.calibration.background import (
    Background,
    Numbers,
    Vectors,
    measure,
    measure_series,
    rarity,
)
from omnisearch.encoder.calibration.crowd import Crowd
from omnisearch.encoder.calibration.prior import Pair, Prior
from omnisearch.encoder.calibration.sample import Sample
from omnisearch.encoder.parts import MODALITIES, Modality
from omnisearch.records import View

Scores = npt.NDArray[np.float32]
Target = tuple[Modality, View]
Key = tuple[Modality, Modality, View]  # who asks, who answers, with which side

TARGETS: tuple[Target, ...] = tuple((one, view) for view in get_args(View) for one in MODALITIES)
_UNKNOWN_ROWS = 1000.0  # of each modality, until a collection is looked at
_FEWEST = 50.0  # a modality with few rows is seldom the one that has the answer
_UNKNOWN = Background(0.0, 0.25)  # of an encoder without prior, until a collection is looked at
_ASKING = 240  # rows of a collection that stand for questions of their modality, as many as words


def probability(odds: Scores) -> Scores:
    """Turn log odds into the probabilities that they stand for."""
    certain = np.clip(odds.astype(np.float64), -80, 80)
    return np.asarray(1 / (1 + np.exp(-certain)), np.float32)


@cache
def questions() -> tuple[str, ...]:
    """Give short questions in words, as many for each modality; none is one of the exams'."""
    text = resources.files(__package__).joinpath("questions.json").read_text("utf-8")
    return tuple(one for some in loads(text).values() for one in some)


@dataclass(frozen=True)
class Scale:
    """The lines of all `TARGETS`: what `Calibrator.adjust` says, for hits of any of them."""

    middles: Numbers
    widths: Numbers
    heights: Numbers
    slope: float
    crowd: Crowd | None = None
    usual: Numbers | None = None  # nearness of rows to questions; NaN where it is not known

    def odds(self, which: npt.NDArray[np.integer], scores: Scores) -> Scores:
        """Give the log odds of hits (n,), each of the target whose number it has."""
        places = (scores - self.middles[which]) / self.widths[which]
        return np.asarray(self.heights[which] + self.slope * rarity(places), np.float32)

    def crowding(
        self, which: npt.NDArray[np.integer], nearness: npt.NDArray[np.floating]
    ) -> Scores:
        """Tell what to take from the cosines of rows (n,) that are so near to every question."""
        if self.usual is None:
            return np.zeros(len(nearness), np.float32)
        found = crowd.beyond(nearness, self.usual[which])
        found[np.isnan(found)] = 0
        return found


@dataclass(frozen=True)
class Calibrator:
    """What cosines are worth in one collection; a new one is made when the collection changed."""

    prior: Prior
    rows: Mapping[Target, float] = field(default_factory=dict)
    backgrounds: Mapping[Key, Background] = field(default_factory=dict)
    crowd: Crowd | None = None
    scales: dict[Modality, Scale] = field(default_factory=dict, repr=False, compare=False)

    def refine(self, samples: Mapping[Target, Sample], asked: Vectors) -> Calibrator:
        """Learn from a collection's rows and the vectors of `questions()`, asked as queries are."""
        filled = {target: sample for target, sample in samples.items() if sample.distinct}
        vectors = {target: filled[target].vectors for target in sorted(filled)}
        crowded = crowd.learn(asked, vectors)
        found: dict[Key, Background] = {}
        for (modality, view), rows in vectors.items():
            for query in MODALITIES:
                if query == "text":
                    own = asked
                    seen = measure(own @ rows.T - crowded.excess((modality, view), rows))
                else:
                    own = vectors.get((query, "content"), asked[:0])[:_ASKING]
                    seen = measure_series(own @ rows.T)
                if seen is not None:
                    before = self.prior.backgrounds.get(_learnt(query, modality, view), seen)
                    trusted = min(len(own), len(rows))
                    found[query, modality, view] = before.towards(seen, trusted)
        counts = {target: filled[target].distinct for target in vectors}
        return Calibrator(self.prior, counts, found, crowded)

    def adjust(
        self, query: Modality, targets: Sequence[Modality], view: View, scores: Scores
    ) -> Scores:
        """Give log odds, by which hits (n,) of all modalities stand in one fair order."""
        if len(targets) != len(scores):
            raise ValueError(f"{len(targets)} modalities for {len(scores)} scores")
        names = np.asarray(targets, object)
        found = np.empty(len(scores), np.float32)
        for modality in dict.fromkeys(targets):
            here = names == modality
            rows = max(_FEWEST, self.rows.get((modality, view), _UNKNOWN_ROWS))
            rare = self._background(query, modality, view).rarity(scores[here])
            found[here] = self.prior.odds(_learnt(query, modality, view), rare - np.log(rows))
        return found

    def scale(self, query: Modality) -> Scale:
        """Lay out what `adjust` computes with, for many questions of a modality."""
        if query not in self.scales:
            self.scales[query] = self._scale(query)
        return self.scales[query]

    def _scale(self, query: Modality) -> Scale:
        seen = [self._background(query, *target) for target in TARGETS]
        counts = [max(_FEWEST, self.rows.get(target, _UNKNOWN_ROWS)) for target in TARGETS]
        lines = [self.prior.heights.get(_learnt(query, *t), self.prior.height) for t in TARGETS]
        columns = [one.middle for one in seen], [one.width for one in seen], counts, lines
        middles, widths, rows, heights = (np.asarray(column, np.float64) for column in columns)
        usual = None
        if query == "text" and self.crowd is not None:
            usual = np.array([self.crowd.usual.get(target, np.nan) for target in TARGETS])
        heights = heights - self.prior.slope * np.log(rows)
        return Scale(middles, widths, heights, self.prior.slope, self.crowd, usual)

    def confidence(
        self, query: Modality, targets: Sequence[Modality], view: View, scores: Scores
    ) -> Scores:
        """Give the probability that each hit (n,) is right; it only rises with the score."""
        return probability(self.adjust(query, targets, view, scores))

    def crowding(
        self, query: Modality, targets: Sequence[Modality], view: View, vectors: Vectors
    ) -> Scores:
        """Tell what to take from the cosines of rows (n, d) that are near to every question.

        It is zero on average and for questions that are not words; it may be kept with a row.
        """
        found = np.zeros(len(vectors), np.float32)
        names = np.asarray(targets, object)
        if query == "text" and self.crowd is not None:
            for modality in dict.fromkeys(targets):
                here = names == modality
                found[here] = self.crowd.excess((modality, view), vectors[here])
        return found

    def save(self) -> bytes:
        """Give what was learnt from the collection, without the prior."""
        return stored.pack(stored.Learnt(self.rows, self.backgrounds, self.crowd))

    @classmethod
    def load(cls, content: bytes, prior: Prior, dim: int | None = None) -> Calibrator:
        """Read what `save` gave; damaged bytes, or another dim, are a CorruptCollectionError."""
        found = stored.unpack(content, dim)
        return cls(prior, found.rows, found.backgrounds, found.crowd)

    def _background(self, query: Modality, modality: Modality, view: View) -> Background:
        """Give what was measured, what ships, or what words have with these rows."""
        return (
            self.backgrounds.get((query, modality, view))
            or self.prior.backgrounds.get(_learnt(query, modality, view))
            or self.backgrounds.get(("text", modality, view))
            or _UNKNOWN
        )


def _learnt(query: Modality, modality: Modality, view: View) -> Pair:
    """Name the pair that the prior learnt: words are text, whoever says them."""
    return query, "text" if view == "words" else modality
