"""Stage `calibrate`: how much stands beside the fused vector, and what a cosine is worth.

All is learnt from the validation split. A hit is right if it bears the query's concept; what a
cosine is worth depends on the gallery, whose size is kept with each map.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from omnisearch.training import plans
from omnisearch.training.export import calibration
from omnisearch.training.export.shipped import Parts, Shipped
from omnisearch.training.lab import Lab, Options, write_json
from omnisearch.training.lessons import corpus
from omnisearch.training.lessons.pairs import Pairs, Side, same
from omnisearch.training.measures import Figures, of_scores, without_ranks

LOCKED = (0.0, 0.25, 0.5, 1.0, 2.0)
CLASSES = (0.0, 0.15, 0.3, 0.6, 1.0)
WORDS = (0.0, 0.25, 0.5, 1.0, 2.0)
# the classifier knows things that no picture of the corpus shows: it may cost this many points
COST = 0.5
GRIDS = {"locked": LOCKED, "words": WORDS, "classes": CLASSES}
HITS = 10  # of each query
LEAST = 30  # queries that a map is learnt from
Floats = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Known:
    """Vectors of one modality in one role, and their concepts."""

    vectors: Floats
    concepts: Sequence[str]


def run(lab: Lab, options: Options) -> Mapping[str, object]:
    """Choose the weights, then learn the maps."""
    shipped, rows = Shipped(lab, options), plans.plan(options).validation_rows
    held = corpus.every(lab, "validation", rows)
    asked = {kind: shipped.parts(pairs.query, pairs.wanted()) for kind, pairs in held.items()}
    media = {k: shipped.parts(p.candidate) for k, p in held.items() if k != "text"}
    chosen = {
        kind: choose(asked[kind].fused, parts, _right(held[kind])) for kind, parts in media.items()
    }
    weights: dict[str, Mapping[str, float]] = {
        kind: figures["weights"] for kind, figures in chosen.items()
    }
    composed = corpus.load(lab, "composed", "validation").sample(rows)
    chosen["composed"] = _composed(shipped, composed, weights["image"])
    weights["composed"] = chosen["composed"]["weights"]
    vectors = {kind: parts.together(weights[kind]) for kind, parts in media.items()}
    vectors["text"] = shipped.parts(held["text"].candidate).fused
    maps = learn(held, {kind: parts.fused for kind, parts in asked.items()}, vectors)
    learnt = {"weights": weights, **maps}
    write_json(lab.models / f"calibrate-{options.run}" / "calibration.json", learnt)
    told = {name: pair["figures"] for name, pair in maps["pairs"].items()}
    return {"weights": chosen, "pairs": told}


def choose(
    query: Floats, parts: Parts, relevant: Flags, excluded: Flags | None = None
) -> dict[str, Any]:
    """Choose weights by the mean of R@1 and R@10, the smaller where they tie.

    Of the classes' weights the largest is taken that costs next to nothing.
    """
    names = [name for name in GRIDS if name in parts.beside]
    tried: list[tuple[dict[str, float], Figures]] = []
    for some in product(*(GRIDS[name] for name in names)):
        weights = dict(zip(names, some, strict=True))
        figures = of_scores(query, parts.together(weights), relevant, excluded)
        tried.append((weights, without_ranks(figures)))
    best = max(tried, key=lambda one: _score(one[1]))
    near = [one for one in tried if {**one[0], "classes": 0} == {**best[0], "classes": 0}]
    near = [one for one in near if _score(one[1]) >= _score(best[1]) - COST]
    weights, figures = max(near, key=lambda one: one[0].get("classes", 0))
    return {"weights": weights, "with": figures, "without": tried[0][1]}


def _score(figures: Figures) -> float:
    return float(figures["r1"] + figures["r10"]) / 2


def _right(pairs: Pairs) -> Flags:
    return same([pairs.concepts[row] for row in pairs.wanted()], pairs.concepts)


def _composed(shipped: Shipped, pairs: Pairs, image: Mapping[str, float]) -> dict[str, Any]:
    """Choose what stands beside a picture that is read with an instruction."""
    own, wanted = pairs.query.places, pairs.candidate.places
    assert own is not None and wanted is not None
    places = np.unique(np.concatenate([own, wanted]))
    pool = Side(pairs.candidate.channel, pairs.candidate.features, places)
    gallery = shipped.parts(pool).together(image)
    query = shipped.parts(pairs.query)
    relevant, excluded = wanted[:, None] == places[None], own[:, None] == places[None]
    kept = np.flatnonzero((relevant & ~excluded).any(axis=1))
    found: dict[str, Any] = {}
    for locked, words in product(LOCKED, WORDS):
        weights = {"locked": locked, "classes": 0.0, "words": words}
        vectors = query.take(kept).together(weights)
        figures = without_ranks(of_scores(vectors, gallery, relevant[kept], excluded[kept]))
        found.setdefault("without", figures)
        if "with" not in found or _score(figures) > _score(found["with"]):
            found |= {"weights": weights, "with": figures}
    return found


def learn(
    held: Mapping[str, Pairs], asked: Mapping[str, Floats], vectors: Mapping[str, Floats]
) -> dict[str, Any]:
    """Give the means of each modality in each role, and a map for each two modalities."""
    texts = {kind: Known(asked[kind], _concepts(pairs)) for kind, pairs in held.items()}
    targets = {kind: Known(vectors[kind], pairs.concepts) for kind, pairs in held.items()}
    pairs: dict[str, Any] = {}
    for query, target in product(held, held):
        if query == "text":
            one = pair(texts[target], targets[target])
        elif target == "text":
            one = pair(targets[query], texts[query])
        else:
            one = pair(targets[query], targets[target], alike=query == target)
        if one is not None:
            pairs[f"{query} {target}"] = one
    every = np.concatenate([known.vectors for known in texts.values()])
    means = {
        "query": {"text": _mean(every), **{k: _mean(x) for k, x in vectors.items() if k != "text"}},
        "target": {kind: _mean(found) for kind, found in vectors.items()},
    }
    return {"means": means, "pairs": pairs}


def pair(query: Known, target: Known, alike: bool = False) -> dict[str, Any] | None:
    """Learn what a cosine between two modalities is worth, or None where too few are right."""
    relevant = same(query.concepts, target.concepts)
    if alike:
        np.fill_diagonal(relevant, False)
    rows = np.flatnonzero(relevant.any(axis=1))
    if len(rows) < LEAST:
        return None
    scores = query.vectors[rows] @ target.vectors.T
    if alike:
        scores[np.arange(len(rows)), rows] = -np.inf
    others = scores[~relevant[rows] & np.isfinite(scores)]
    best = np.argsort(-scores, axis=1)[:, :HITS]
    cosines = np.take_along_axis(scores, best, 1).astype(np.float64)
    right = np.take_along_axis(relevant[rows], best, 1)
    figures = {
        "queries": len(rows),
        "gallery": len(target.vectors),
        "right": round(float(right.mean()), 4),
        **_held_out(cosines, right),
    }
    spread = {"mean": round(float(others.mean()), 5), "deviation": round(float(others.std()), 5)}
    return {
        "wrong": spread,
        "map": calibration.fit(cosines.ravel(), right.ravel()).record(),
        "figures": figures,
    }


def _held_out(cosines: npt.NDArray[np.float64], right: Flags) -> dict[str, float]:
    """Measure the map on queries that it was not fitted to: each half by the other's."""
    errors, squares = [], []
    for half in range(2):
        learnt = calibration.fit(cosines[half::2].ravel(), right[half::2].ravel())
        other = cosines[1 - half :: 2].ravel(), right[1 - half :: 2].ravel()
        errors.append(calibration.calibration_error(learnt, *other))
        squares.append(calibration.brier(learnt, *other))
    rate = float(right.mean())
    return {
        "calibration_error": round(float(np.mean(errors)), 4),
        "brier": round(float(np.mean(squares)), 4),
        "brier_of_the_rate": round(rate * (1 - rate), 4),
    }


def _concepts(pairs: Pairs) -> list[str]:
    return [pairs.concepts[row] for row in pairs.wanted()]


def _mean(vectors: Floats) -> list[float]:
    return [round(float(value), 5) for value in vectors.mean(0)]
