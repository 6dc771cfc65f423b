"""Is a list over all modalities fair, and its confidence true? `python -m benchmarks.mixed --help`.

One index of held-out texts, pictures, sounds, films and pages, of which the calibration learns only
vectors; questions in words that do not say of which modality the answer is. Give it the file that
`python -m benchmarks.mixed_vectors` makes of a laboratory.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.mixed_index import EACH, KINDS, Index, View, view
from omnisearch.encoder.calibration.calibrator import Calibrator
from omnisearch.encoder.calibration.prior import Prior
from omnisearch.encoder.calibration.sample import Sample
from omnisearch.encoder.parts import Modality
from omnisearch.evaluation import confidence, lists, retrieval

K = 10
MODEL = Path("omnisearch/weights/omni-mini/model.json")
Scores = NDArray[np.float32]
Rows = NDArray[np.int64]
Figures = dict[str, Any]


@dataclass(frozen=True)
class Method:
    """A way from questions (m, d) to scores (m, rows); log odds where it knows a confidence."""

    name: str
    score: Callable[[NDArray[np.float32]], Scores]
    odds: bool


def calibrated(
    index: Index, calibrator: Calibrator, hubs: bool, query: Modality = "text"
) -> Method:
    """Order by confidence."""

    def score(questions: NDArray[np.float32]) -> Scores:
        found = questions @ index.rows.T
        for kind, rows in index.columns.items():
            names = [kind] * len(rows)
            if hubs:
                found[:, rows] -= calibrator.crowding(query, names, view(kind), index.rows[rows])
            flat = found[:, rows].ravel()
            odds = calibrator.adjust(query, [kind] * len(flat), view(kind), flat)
            found[:, rows] = odds.reshape(-1, len(rows))
        return found

    return Method("calibrated" if hubs else "calibrated, hubs as they are", score, True)


def measure(index: Index, method: Method) -> Figures:
    """Give all figures of one method."""
    scores = method.score(index.asked)
    even, spread = index.even(), index.spread()
    found: Figures = {"R@10": {}, "R@1": {}, "questions": {}}
    for kind in KINDS:
        some = np.flatnonzero(index.asked_kinds == kind)
        places = index.ranks(scores, some)
        found["questions"][kind] = len(some)
        found["R@10"][kind] = _percent(retrieval.recall_at(places, K))
        found["R@1"][kind] = _percent(retrieval.recall_at(places, 1))
    top = lists.first(scores[even], K)
    found["shares"] = _percents(lists.shares(index.row_kinds[top], KINDS))
    found["shares, one question with answers of several kinds"] = _spread(index, scores, spread)
    found["hubs"] = {
        kind: round(lists.skewness(lists.occurrences(_within(scores, even, rows), len(rows))), 2)
        for kind, rows in index.columns.items()
    }
    if method.odds:
        found["confidence"] = {
            "as many questions of each kind": _truth(index, scores, even),
            "all questions": _truth(index, scores, np.arange(len(scores))),
        }
    return found


def _spread(index: Index, scores: Scores, spread: list[tuple[int, NDArray[np.bool_]]]) -> Figures:
    """Share of each kind where a question has as many right answers of each of its kinds."""
    kinds, wanted = [], []
    for question, left_out in spread:
        best = np.argsort(-np.where(left_out, -np.inf, scores[question]), kind="stable")[:K]
        kinds.append(index.row_kinds[best])
        wanted.append(index.kinds_of(index.about[question] & ~left_out))
    shares, even = lists.shares(np.array(kinds), KINDS), lists.even(wanted, KINDS)
    worst = max(abs(shares[kind] - even[kind]) for kind in KINDS)
    return {
        "questions": len(spread),
        "is": _percents(shares),
        "even": _percents(even),
        "worst": _percent(worst),
    }


def _within(scores: Scores, rows: Rows, columns: Rows) -> Rows:
    """Rank the rows of one kind among themselves."""
    return lists.first(scores[np.ix_(rows, columns)], K)


def _truth(index: Index, scores: Scores, some: NDArray[np.int64]) -> Figures:
    """How true the confidence of the first hits is."""
    best = scores[some].argmax(axis=1)
    said = _probability(scores[some, best])
    return _said(said, index.about[some, best])


def _said(said: NDArray[np.float64], right: NDArray[np.bool_]) -> Figures:
    return {
        "questions": len(said),
        "says": _percent(float(said.mean())),
        "is": _percent(float(right.mean())),
        "ECE": round(confidence.calibration_error(said, right), 4),
        "Brier": round(confidence.brier(said, right), 4),
        "Brier of the rate": round(float(right.mean() * (1 - right.mean())), 4),
    }


def smaller(index: Index, prior: Prior, share: float) -> Figures:
    """How true it is in a part of the rows, to which the right answers still belong."""
    kept = np.random.default_rng(1).random(len(index.rows)) < share
    calibrator = refined(index, prior, kept)
    scores = calibrated(index, calibrator, True).score(index.asked[index.even()])
    asked = index.even()
    scores = np.where(kept[None] | index.right[asked], scores, -np.inf)
    best = scores.argmax(axis=1)
    places = np.arange(len(asked))
    return _said(_probability(scores[places, best]), index.about[asked, best])


def media(index: Index, calibrator: Calibrator) -> Figures:
    """How true it is where rows ask for others of their concept, in the whole index."""
    found: Figures = {}
    for kind, rows in index.columns.items():
        if kind == "text":
            continue
        right = index.alike(rows)
        some = np.flatnonzero(right.any(axis=1))
        scores = calibrated(index, calibrator, True, kind).score(index.rows[rows[some]])
        scores[np.arange(len(some)), rows[some]] = -np.inf
        best = scores.argmax(axis=1)
        places = np.arange(len(some))
        found[kind] = _said(_probability(scores[places, best]), right[some, best])
    return found


def refined(index: Index, prior: Prior, kept: NDArray[np.bool_] | None = None) -> Calibrator:
    """Learn from the index's vectors, without its labels."""
    samples: dict[tuple[Modality, View], Sample] = {}
    for kind, rows in index.columns.items():
        sample = samples.setdefault((kind, view(kind)), Sample(index.rows.shape[1]))
        sample.add(index.rows[rows if kept is None else rows[kept[rows]]])
    return Calibrator(prior).refine(samples, index.questions)


def run(index: Index, prior: Prior) -> Figures:
    """Measure cosines, the prior alone, and what is learnt from the collection."""
    calibrator = refined(index, prior)
    unseen = Calibrator(prior, calibrator.rows)
    methods = [
        Method("cosine", lambda questions: questions @ index.rows.T, False),
        Method("as it ships", calibrated(index, unseen, False).score, True),
        calibrated(index, calibrator, False),
        calibrated(index, calibrator, True),
    ]
    figures = {method.name: measure(index, method) for method in methods}
    return {
        "rows": {kind: len(rows) for kind, rows in index.columns.items()},
        "methods": figures,
        "gained": _gained(index, methods[0], methods[-1]),
        "smaller": {f"{part:g} of the rows": smaller(index, prior, part) for part in (0.3, 0.1)},
        "media ask": media(index, calibrator),
    }


def _gained(index: Index, before: Method, after: Method) -> Figures:
    """Points of R@10 with a 95 % interval, over the same questions."""
    found: Figures = {}
    both = before.score(index.asked), after.score(index.asked)
    for kind in KINDS:
        some = np.flatnonzero(index.asked_kinds == kind)
        old, new = (index.ranks(scores, some) <= K for scores in both)
        one = retrieval.paired_bootstrap(new, old, seed=0, resamples=2000)
        found[kind] = [_percent(one.value), _percent(one.low), _percent(one.high)]
    return found


def _probability(odds: NDArray[np.floating]) -> NDArray[np.float64]:
    return np.asarray(1 / (1 + np.exp(-odds.astype(np.float64))))


def _percent(share: float) -> float:
    return round(100 * share, 1)


def _percents(shares: Mapping[str, float]) -> dict[str, float]:
    return {name: _percent(share) for name, share in shares.items()}


def main() -> None:
    """Read the command line, print the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mixed", description=__doc__)
    parser.add_argument("vectors", type=Path, help="what benchmarks.mixed_vectors wrote")
    parser.add_argument("--model", type=Path, default=MODEL, help="model.json with the prior")
    parser.add_argument("--out", type=Path, help="also write the figures there")
    given = parser.parse_args()
    prior = Prior.load(json.loads(given.model.read_text("utf-8"))["calibration"])
    figures = run(Index.load(given.vectors), prior)
    told = json.dumps({"each": EACH, **figures}, indent=1)
    print(told)
    if given.out:
        given.out.write_text(told + "\n", "utf-8")


if __name__ == "__main__":
    main()
