"""What an encoder finds among held-out pairs, as figures for a JSON file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omnisearch.evaluation import retrieval
from omnisearch.training import finite
from omnisearch.training.encoder.omni import Omni
from omnisearch.training.lessons.pairs import Pairs, Rows, same
from omnisearch.training.lessons.twins import Twin

Vectors = NDArray[np.float32]
Floats = NDArray[np.floating]
Figures = dict[str, Any]  # JSON


def measure(model: Omni, pairs: Pairs, reader: Omni | None = None) -> Figures:
    """Ask every wanted query for its candidates among all; a reader may encode the queries."""
    rows = pairs.wanted()
    query, candidate = (reader or model).encode(pairs.query, rows), model.encode(pairs.candidate)
    return of_vectors(query, candidate, pairs)


def of_vectors(query: Vectors, candidate: Vectors, pairs: Pairs) -> Figures:
    """Give the figures of vectors of the wanted queries and of all candidates."""
    asked = [pairs.concepts[row] for row in pairs.wanted()]
    return of_scores(query, candidate, same(asked, pairs.concepts))


def of_scores(
    query: Vectors,
    candidate: Vectors,
    relevant: retrieval.Relevant,
    excluded: retrieval.Relevant | None = None,
) -> Figures:
    """Give recall at 1, 5 and 10 in percent, MRR, both with chance and errors, and all ranks."""
    with finite.of("the encoder"):
        return of_ranks(retrieval.ranks(query, candidate, relevant, excluded), relevant)


def of_ranks(found: retrieval.Ranks, relevant: retrieval.Relevant) -> Figures:
    """Give the figures of the rank of each query's first right candidate."""
    figures: Figures = {"queries": relevant.shape[0], "gallery": relevant.shape[1]}
    for k in (1, 5, 10):
        figures[f"r{k}"] = percent(retrieval.recall_at(found, k))
        figures[f"r{k}_error"] = percent(retrieval.standard_error(found <= k))
        figures[f"r{k}_chance"] = percent(retrieval.chance_recall(relevant, k))
    figures["mrr"] = round(retrieval.mrr(found), 4)
    figures["mrr_error"] = _number(retrieval.standard_error(1 / found))
    figures["mrr_chance"] = _number(retrieval.chance_mrr(relevant))
    return {**figures, "ranks": found.tolist()}


def of_precision(query: Vectors, candidate: Vectors, relevant: retrieval.Relevant) -> Figures:
    """Give the mean average precision in percent, with chance and error."""
    with finite.of("the encoder"):
        return of_precisions(retrieval.average_precision(query, candidate, relevant), relevant)


def of_precisions(precisions: Floats, relevant: retrieval.Relevant) -> Figures:
    """Give the mean of average precisions in percent, with chance and error."""
    return {
        "queries": len(precisions),
        "gallery": relevant.shape[1],
        "map": percent(float(precisions.mean())),
        "map_error": percent(retrieval.standard_error(precisions)),
        "map_chance": percent(retrieval.chance_ap(relevant)),
    }


def apart(right: Floats, wrong: Floats, items: Rows) -> Figures:
    """Tell how often the right score is the higher one; items with several pairs count once."""
    _, item = np.unique(items, return_inverse=True)
    with finite.of("the encoder"):
        won = (retrieval.finite(right) > retrieval.finite(wrong)) + 0.5 * (right == wrong)
    means = np.bincount(item, weights=won) / np.bincount(item)
    figures = {"accuracy": percent(float(means.mean())), "accuracy_chance": 50.0}
    figures["accuracy_error"] = percent(retrieval.standard_error(means))
    return {**figures, "queries": len(means), "pairs": len(won)}


def told_apart(
    pairs: Sequence[tuple[int, Twin]],
    media: Callable[[Rows], Vectors],
    texts: Callable[[Sequence[str]], Vectors],
) -> dict[str, Figures]:
    """Tell how often the media of a row are nearer to its caption than to a twin."""
    found = {}
    for differs in dict.fromkeys(twin.differs for _, twin in pairs):
        some = [(row, twin) for row, twin in pairs if twin.differs == differs]
        rows = np.array([row for row, _ in some], dtype=np.int64)
        each, place = np.unique(rows, return_inverse=True)
        seen = media(each)[place]
        right, wrong = (
            (seen * texts(words)).sum(1)
            for words in zip(*((twin.right, twin.wrong) for _, twin in some), strict=True)
        )
        found[differs] = apart(right, wrong, rows)
    return found


def difference(ours: Figures, theirs: Figures) -> Figures:
    """Give what was gained over the same queries, in points, with the error of the pairs."""
    figures: Figures = {"queries": ours["queries"]}
    for k in (1, 10):
        gained = hits(ours, k) - hits(theirs, k)
        figures[f"r{k}"] = percent(float(gained.mean()))
        figures[f"r{k}_error"] = percent(retrieval.standard_error(gained))
    return figures


def percent(share: float) -> float:
    """Give a share in percent, to a hundredth; no number is zero, for JSON has none."""
    return round(100 * share, 2) if np.isfinite(share) else 0.0


def mean(several: Sequence[Figures]) -> Figures:
    """Give the mean of figures over different questions, and its error."""
    found: Figures = {"queries": sum(one["queries"] for one in several)}
    for name in several[0]:
        values = [one[name] for one in several]
        if name.endswith("_error"):
            found[name] = round(float(np.linalg.norm(values)) / len(several), 4)
        elif f"{name}_error" in several[0] or name.endswith("_chance"):
            found[name] = round(float(np.mean(values)), 4)
    return found


def _number(value: float) -> float:
    return round(value, 4) if np.isfinite(value) else 0.0


def hits(figures: Mapping[str, Any], k: int) -> NDArray[np.float64]:
    """Tell which queries found a right candidate among the first k."""
    return (np.asarray(figures["ranks"]) <= k).astype(np.float64)


def without_ranks(figures: Figures) -> Figures:
    """Leave out the ranks, which are many."""
    return {name: value for name, value in figures.items() if name != "ranks"}
