"""The nearest rows of one generation to one or many vectors, under a filter."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from omnisearch.errors import InputError, QueryError
from omnisearch.query.filters import Where, bind, evaluate
from omnisearch.storage import admission
from omnisearch.storage.generation import Generation
from omnisearch_indexes import Neighbours

Mask = npt.NDArray[np.bool_]
_EASY = (1e-15, 1e15)  # lengths that float32 surely gets right, NaN and infinity excluded
DEFAULT_RECALL = 0.99
Params = Mapping[str, Any]
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked besides the vectors."""

    k: int = 10
    recall: float | None = None
    min_score: float | None = None

    def __post_init__(self) -> None:
        if isinstance(self.k, bool) or not isinstance(self.k, int | np.integer):
            raise TypeError(f"k is {self.k!r}: a whole number of hits")
        if self.k < 1:
            raise QueryError(f"k is {self.k}: ask for 1 hit or more")
        for name, value in (("recall", self.recall), ("min_score", self.min_score)):
            if value is not None and not isinstance(value, int | float | np.number):
                raise TypeError(f"{name} is {value!r}: a number")
        if self.recall is not None and not 0 < self.recall <= 1:
            raise QueryError(f"recall is {self.recall}: a share above 0, 1 at most")
        if self.min_score is not None and math.isnan(self.min_score):
            raise QueryError("min_score is NaN: give a score")


def check_query(vector: npt.ArrayLike, now: Generation) -> Floats:
    """Take one query vector as (1, d)."""
    array = np.asarray(vector)
    if array.dtype == np.float32 and array.shape == (now.sealed.manifest.settings.dim,):
        length = _length(array)
        if _EASY[0] < length < _EASY[1]:
            cosine = now.sealed.manifest.settings.metric == "cosine"
            short: Floats = np.divide(array[None, :], length if cosine else 1, dtype=np.float32)
            return short
    if array.ndim != 1:
        raise QueryError(
            f"the query has shape {array.shape}: search takes one vector (d,), "
            "search_batch takes many (n, d)"
        )
    return check_queries(array[None, :], now)


def _length(vector: Floats) -> float:
    with np.errstate(over="ignore", invalid="ignore"):
        return math.sqrt(vector @ vector)


def check_queries(vectors: npt.ArrayLike, now: Generation) -> Floats:
    """Take query vectors as (n, d), of unit length where scores are cosines."""
    settings = now.sealed.manifest.settings
    if np.ndim(vectors) != 2:
        raise QueryError(
            f"the queries have shape {np.shape(vectors)}: search_batch takes many (n, d), "
            "search takes one vector (d,)"
        )
    try:
        queries = admission.check_vectors(vectors, "query")
        admission.check_dim(queries, settings, "query")
        admission.check_scores(queries, settings, "query")
        return admission.unit(queries, "query")[0] if settings.metric == "cosine" else queries
    except InputError as error:
        raise QueryError(str(error)) from error


def mask(
    now: Generation, where: Where | None, params: Params | None, *, hidden: bool = False
) -> Mask | None:
    """Mark the live rows that match; None where every row does.

    Rows of files that are missing are left out, unless `hidden` ones are asked for too.
    """
    among = now.alive if hidden else now.shown
    if where is None:
        if params:
            raise QueryError("params without where: name them in a condition")
        return among
    bound = bind(where, params, now.schema)
    chosen = np.empty(now.rows, bool)
    for part, start in zip(now.parts, now.starts.tolist(), strict=False):
        chosen[start : start + part.rows] = evaluate(bound, part.columns)
    return chosen if among is None else np.logical_and(chosen, among, out=chosen)


def nearest(
    now: Generation, queries: Floats, question: Question, allow: Mask | None
) -> list[Neighbours]:
    """Find min(k, allowed rows) rows for each query, nearest first, ties by position."""
    k = min(int(question.k), now.live)
    if not k or not len(queries):
        return []
    found = now.searcher.search(queries, k, allow, question.recall or DEFAULT_RECALL)
    if now.sealed.manifest.settings.metric == "cosine":
        for one in found:  # half precision may round a cosine beyond one
            np.clip(one.scores, -1.0, 1.0, out=one.scores)
    return found
