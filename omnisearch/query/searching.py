"""Search by vector: rows rather than items, by their nearness alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy.typing as npt

from omnisearch.errors import QueryError
from omnisearch.query import rows
from omnisearch.query.filters import Where
from omnisearch.query.hits import Answers, Batch, Hits
from omnisearch.query.nearest import Params, Question, check_queries, check_query, mask, nearest
from omnisearch.storage.generation import Generation

Need = Callable[[], Generation]


@dataclass(frozen=True, slots=True)
class Search:
    """What is wanted besides vectors; the numbers are right before a collection is looked at."""

    question: Question
    where: Where | None
    params: Params | None
    explain: bool

    def one(self, need: Need, vector: npt.ArrayLike | None, like: str | None) -> Hits:
        """Find the rows nearest to a vector, or to a stored id, which is left out itself."""
        if (vector is None) == (like is None):
            raise QueryError("search needs a vector or like=id, and not both")
        now = need()
        allow = mask(now, self.where, self.params)
        if like is not None:
            vector, allow = rows.like(now, like, allow)
        assert vector is not None
        found = nearest(now, check_query(vector, now), self.question, allow)
        least = self.question.min_score
        return Hits(now, Answers.of(next(iter(found), None), self.explain, least))

    def many(self, need: Need, vectors: npt.ArrayLike) -> Batch:
        """Find the rows nearest to each of many vectors, all in one generation."""
        now = need()
        queries = check_queries(vectors, now)
        near = nearest(now, queries, self.question, mask(now, self.where, self.params))
        found = [Answers.of(one, self.explain, self.question.min_score) for one in near]
        return Batch([Hits(now, one) for one in found or [Answers.none()] * len(queries)])
