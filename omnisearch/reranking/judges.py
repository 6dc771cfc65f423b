"""The kinds of rerankers, alike: candidates in, a score for each out, NaN where it has none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from omnisearch.records import Hit
from omnisearch.reranking.checked import checked
from omnisearch.reranking.patience import Stopped
from omnisearch.reranking.question import Candidate, Question
from omnisearch.reranking.wanted import named

if TYPE_CHECKING:
    from omnisearch.encoder.hub.cross import Cross
    from omnisearch.encoder.parts import Part
    from omnisearch.encoder.protocol import Reranker

Floats = npt.NDArray[np.float64]
_TOGETHER = 8  # candidates between two looks at the clock


class Judge(Protocol):
    """One reranker; one that heeds `stopped` ends soon after nobody waits for it."""

    @property
    def heeds(self) -> bool:
        """Whether it looks if somebody still waits."""
        ...

    def scores(
        self, question: Question, candidates: Sequence[Candidate], stopped: Stopped
    ) -> Floats:
        """Give a score (n,) for each candidate."""
        ...


class Called:
    """A function of the user's, which is given hits whose snippet is all that they say."""

    heeds = False

    def __init__(self, function: Callable[[Question, Sequence[Hit]], Any]) -> None:
        self._function = function

    def scores(
        self, question: Question, candidates: Sequence[Candidate], stopped: Stopped
    ) -> Floats:
        """Call it once with all candidates; what it raises is for the caller to see."""
        del stopped
        hits = [replace(one.hit, snippet=one.words or None) for one in candidates]
        return checked(self._function(question, hits), hits, named(self._function))


class Crossed:
    """A cross-encoder: words of the question beside the words or the picture of a candidate."""

    heeds = True

    def __init__(self, model: Cross) -> None:
        self._model = model

    def scores(
        self, question: Question, candidates: Sequence[Candidate], stopped: Stopped
    ) -> Floats:
        """Judge candidates of like length together; what says and shows nothing has no score."""
        found = np.full(len(candidates), np.nan)
        rows: list[tuple[int, list[Part]]] = []
        with self._model.turn(stopped):
            for place, one in enumerate(candidates):
                if stopped():
                    return found
                if parts := self._read(one):
                    rows.append((place, parts))
            rows.sort(key=lambda row: (_kinds(row[1]), len(candidates[row[0]].words)))
            while rows and not stopped():
                kinds = _kinds(rows[-1][1])  # the longest first, for memory
                count = sum(_kinds(parts) == kinds for _, parts in rows[-self._model.together :])
                batch, rows = rows[-count:], rows[:-count]
                scores = self._model.scores(question.text, [parts for _, parts in batch])
                hits = [candidates[place].hit for place, _ in batch]
                found[[place for place, _ in batch]] = checked(scores, hits, self._model.name)
        return found

    def _read(self, one: Candidate) -> list[Part]:
        """Give what the model can take of a candidate: its picture, beside words where it can."""
        from omnisearch.encoder.parts import Image, Text

        words: list[Part] = [Text(one.words)] if one.words.strip() else []
        picture = one.picture() if self._model.sees else None
        if picture is None:
            return words
        return [*(words if self._model.joins else ()), Image(picture)]


class Own:
    """The reranker that an encoder brings along, which sees the question decoded."""

    heeds = True

    def __init__(self, reranker: Reranker, parts: Sequence[Part], name: str) -> None:
        self._reranker, self._parts, self._name = reranker, parts, name

    def scores(
        self, question: Question, candidates: Sequence[Candidate], stopped: Stopped
    ) -> Floats:
        """Judge a few at a time; those that it cannot read have no score."""
        del question
        found = np.full(len(candidates), np.nan)
        for first in range(0, len(candidates), _TOGETHER):
            if stopped():
                break
            some = candidates[first : first + _TOGETHER]
            scores = self._reranker.scores(self._parts, some)
            hits = [one.hit for one in some]
            found[first : first + len(some)] = checked(scores, hits, self._name, lacking=True)
        return found


def _kinds(parts: Sequence[Part]) -> tuple[str, ...]:
    return tuple(part.modality for part in parts)
