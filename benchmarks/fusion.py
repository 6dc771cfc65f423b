"""What do views and words together find, and how true is it? `python -m benchmarks.fusion --help`.

Give it what `benchmarks.mixed_vectors` and `benchmarks.fusion_vectors` made of a laboratory. All
that was chosen was chosen on the validation split.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.fusion_index import Corpus, Sides, TextSet, tell
from benchmarks.mixed_index import KINDS, Bits, Floats, Index
from omnisearch.encoder.calibration.calibrator import probability
from omnisearch.evaluation import confidence, retrieval
from omnisearch.query.fusing import Evidence, among, by_ranks, fuse

K = 10
THRESHOLDS = (0.3, 0.5, 0.8)
LEAST = 100  # judged hits, below which a precision says little
Figures = dict[str, Any]
Way = Callable[[Evidence], Floats]


def vector_alone(found: Evidence) -> Floats:
    """Order by vectors, without a look at the words of the question."""
    none = np.zeros_like(found.bm25)
    return fuse(Evidence(found.content, found.words, none, 0.0, found.modalities))


def words_alone(found: Evidence) -> Floats:
    """Order by BM25."""
    return found.bm25


def ranked(found: Evidence) -> Floats:
    """Order by ranks."""
    _, kinds = np.unique(np.array(found.modalities, str), return_inverse=True)
    return by_ranks(found, kinds)


WAYS: Mapping[str, Way] = {
    "vector": vector_alone,
    "words": words_alone,
    "hybrid": fuse,
    "hybrid by ranks": ranked,
}


def in_texts(sets: Mapping[str, TextSet]) -> Figures:
    """Give nDCG@10 of every way in each set, and what hybrid gained over the better of the two."""
    found: Figures = {}
    for name, one in sets.items():
        gains = {way: _gains(one.scores(score), one.right) for way, score in WAYS.items()}
        best = max(("vector", "words"), key=lambda way: float(gains[way].mean()))
        more = retrieval.paired_bootstrap(gains["hybrid"], gains[best], seed=0, resamples=2000)
        found[name] = {
            "questions": len(one.right),
            "passages": one.right.shape[1],
            **{way: _percent(float(gain.mean())) for way, gain in gains.items()},
            "gained": [_percent(one) for one in (more.value, more.low, more.high)],
        }
    found["mean"] = {
        way: round(sum(one[way] for one in found.values()) / len(sets), 1) for way in WAYS
    }
    return found


def _gains(scores: Floats, right: Bits) -> NDArray[np.float64]:
    """Give nDCG@10 of each question; of equal scores the wrong ones come first."""
    order = np.lexsort((right, -scores), axis=1)[:, :K]
    worth = 1 / np.log2(np.arange(2, K + 2))
    got = (np.take_along_axis(right, order, 1) * worth).sum(axis=1)
    best = np.cumsum(worth)[np.minimum(right.sum(axis=1), K) - 1]
    return np.asarray(got / best)


def in_all(corpus: Corpus) -> Figures:
    """Give R@10 in one index of everything, and how true thresholds of confidence are."""
    index = corpus.index
    scores = {way: corpus.scores(WAYS[way]) for way in ("vector", "hybrid", "hybrid by ranks")}
    cosines = index.asked @ index.rows.T
    found: Figures = {"R@10": {"cosine": _recalls(index, cosines)}}
    for way, one in scores.items():
        found["R@10"][way] = _recalls(index, one)
    for way in ("vector", "hybrid"):
        found[f"precision, {way}"] = precision(index, scores[way])
    return found


def _recalls(index: Index, scores: Floats) -> dict[str, float]:
    each = {kind: np.flatnonzero(index.asked_kinds == kind) for kind in KINDS}
    return {
        kind: _percent(retrieval.recall_at(index.ranks(scores, some), K))
        for kind, some in each.items()
    }


def precision(index: Index, scores: Floats) -> Figures:
    """Say of hits among the first ten that pass a threshold what they say, and how many are right.

    Judged are hits of the kind that was asked for, as there one knows what is right. `all` counts
    those of other kinds too, and holds all wrong that is not marked as right; `first` are the
    first hits of all questions, counted like that; so is their error (ECE).
    """
    even = index.even()
    top = np.argsort(-scores[even], axis=1, kind="stable")[:, :K]
    kinds = index.row_kinds[top]
    odds = np.take_along_axis(scores[even], top, 1)
    rows = zip(odds, kinds.tolist(), strict=True)
    said = probability(np.array([among(one, names) for one, names in rows]))
    right = np.take_along_axis(index.about[even], top, 1)
    own = kinds == index.asked_kinds[even][:, None]
    every = np.ones_like(own)
    first = every & (np.arange(K) == 0)
    error = confidence.calibration_error(said[:, 0], right[:, 0])
    found: Figures = {"ECE of first hits": round(error, 3)}
    for kind in KINDS:
        for name, counted in (("judged", own), ("all", every), ("first", first)):
            for threshold in THRESHOLDS:
                passed = counted & (kinds == kind) & (said >= threshold)
                if passed.sum() >= LEAST:
                    found.setdefault(kind, {}).setdefault(name, {})[str(threshold)] = {
                        "hits": int(passed.sum()),
                        "says": _percent(float(said[passed].mean())),
                        "is": _percent(float(right[passed].mean())),
                    }
    return found


def with_captions(corpus: Corpus) -> Figures:
    """Give R@10 where half the media have captions, apart for media with and without one."""
    ways = {"content": corpus.scores(fuse, content_only=True), "hybrid": corpus.scores(fuse)}
    found: Figures = {}
    for name, having in (("without a caption", ~corpus.speaking), ("with one", corpus.speaking)):
        for kind in ("image", "audio", "video"):
            figures = {
                way: _recall_of(corpus.index, one, kind, having) for way, one in ways.items()
            }
            found.setdefault(name, {})[kind] = figures
    found["precision, hybrid"] = precision(corpus.index, ways["hybrid"])
    return found


def _recall_of(index: Index, scores: Floats, kind: str, having: Bits) -> Figures:
    """Ask for rows of a kind that have what is marked; other right rows count neither way."""
    some = np.flatnonzero((index.asked_kinds == kind) & (index.right & having).any(axis=1))
    right, about = index.right[some] & having, index.about[some]
    best = np.where(right, scores[some], -np.inf).max(axis=1, keepdims=True)
    ranks = 1 + ((scores[some] >= best) & ~about).sum(axis=1)
    return {"questions": len(some), "R@10": _percent(retrieval.recall_at(ranks, K))}


def run(index: Index, sides: Sides) -> Figures:
    """Measure everything."""
    return {
        "texts, nDCG@10": in_texts(sides.text_sets()),
        "index of everything": in_all(sides.corpus(index, captions=False)),
        "half the media with captions": with_captions(sides.corpus(index, captions=True)),
    }


def _percent(share: float) -> float:
    return round(100 * share, 1)


if __name__ == "__main__":
    tell("benchmarks.fusion", run)
