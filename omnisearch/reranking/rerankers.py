"""Rerankers by name or as they were given, loaded once; all of an answer's scores in time."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock
from types import MethodType
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from omnisearch.errors import QueryError
from omnisearch.reranking.album import Album
from omnisearch.reranking.judges import Called, Crossed, Judge, Own
from omnisearch.reranking.order import order
from omnisearch.reranking.patience import Late, Patience, Stopped
from omnisearch.reranking.question import Candidate, Question
from omnisearch.reranking.wanted import CROSS, LATE, Reranker, Wanted, named

if TYPE_CHECKING:
    from omnisearch.encoder.encoder import Encoder
    from omnisearch.encoder.hub.cross import Cross
    from omnisearch.encoder.parts import Part

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.int64]
_MODELS = 2  # that are kept in memory; they may have gigabytes
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Task:
    """What is wanted of which question; its parts are decoded, and its encoder may have a reranker.

    `deadline_s` is for the judging alone: models are loaded before.
    """

    wanted: Wanted
    question: Question
    parts: Sequence[Part]
    encoder: Callable[[], Encoder]
    deadline_s: float | None


@dataclass(frozen=True)
class Judgement:
    """What came of it: which candidate comes to each place, and scores (n,), NaN for none."""

    order: Positions
    scores: Floats
    by: tuple[str, ...] = ()
    in_time: bool = True
    remarks: tuple[str, ...] = ()

    @classmethod
    def unchanged(cls, count: int, *remarks: str, in_time: bool = True) -> Judgement:
        """Leave all where they are."""
        scores = np.full(count, np.nan)
        return cls(np.arange(count), scores, in_time=in_time, remarks=remarks)

    @property
    def judged(self) -> int:
        """Count those that have a score."""
        return int(np.count_nonzero(~np.isnan(self.scores)))

    def __str__(self) -> str:
        if not self.by:
            return "not reranked"
        return f"{self.judged:,} of {len(self.scores):,} hits reranked by {', '.join(self.by)}"

    def as_json(self) -> dict[str, Any]:
        """Give the same for programs."""
        told = {"by": list(self.by), "hits": len(self.scores), "judged": self.judged}
        return {**told, "in_time": self.in_time}


@dataclass(slots=True)
class _Group:
    """What one reranker judges, by places among the candidates."""

    reranker: Reranker
    places: list[int]

    @property
    def name(self) -> str:
        return named(self.reranker)


class Rerankers:
    """Judges the best hits of questions; keeps the last models, and an album."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._models: dict[str, Cross] = {}
        self._patience, self.album = Patience(), Album()

    def close(self) -> None:
        """End what opens files, and let models go."""
        self._models.clear()
        self.album.close()

    def judged(
        self, task: Task, candidates: Sequence[Candidate], loaded: Callable[[], object]
    ) -> Judgement:
        """Put candidates in order, or leave all in theirs where that takes too long.

        `loaded` is called once all that is needed is there.
        """
        groups, remarks = list[_Group](), list[str]()
        for one in _groups(task.wanted, candidates):
            fault = _unfit(one.reranker, task)
            if fault is None:
                groups.append(one)
            else:
                remarks.append(f"not reranked by {one.name}: {fault}")
        judges = [self._judge(one.reranker, task) for one in groups]
        loaded()
        if not groups:
            return Judgement.unchanged(len(candidates), *remarks)

        def work(stopped: Stopped) -> Floats:
            scores = np.full(len(candidates), np.nan)
            for one, judge in zip(groups, judges, strict=True):
                some = [candidates[place] for place in one.places]
                scores[one.places] = judge.scores(task.question, some, stopped)
            return scores

        heeds = all(judge.heeds for judge in judges)
        found = self._patience.wait(work, task.deadline_s, heeds=heeds)
        names = tuple(one.name for one in groups)
        if isinstance(found, Late):
            told = _late(found, names, task.deadline_s or 0.0)
            return Judgement.unchanged(len(candidates), *remarks, told, in_time=False)
        moved = order(found, [np.array(one.places, np.int64) for one in groups])
        return Judgement(moved, found, names, remarks=tuple(remarks))

    def _judge(self, reranker: Reranker, task: Task) -> Judge:
        if not isinstance(reranker, str):
            return Called(reranker)
        if reranker == LATE:
            return _own(task)
        return Crossed(self._model(reranker.removeprefix(CROSS)))

    def _model(self, name: str) -> Cross:
        from omnisearch.encoder.hub import cross

        with self._lock:
            model = self._models.pop(name, None) or cross.open(name, say=_log.warning)
            self._models[name] = model
            while len(self._models) > _MODELS:
                del self._models[next(iter(self._models))]
        return model


def _groups(wanted: Wanted, candidates: Sequence[Candidate]) -> list[_Group]:
    """Bring together what one reranker judges."""
    found = list[_Group]()
    for place, candidate in enumerate(candidates):
        reranker = wanted.of(candidate.modality)
        if reranker is None:
            continue
        own = next((one for one in found if _same(reranker, one.reranker)), None)
        if own is None:
            found.append(_Group(reranker, [place]))
        else:
            own.places.append(place)
    return found


def _unfit(reranker: Reranker, task: Task) -> str | None:
    """Say why a question is not for a reranker: its order would forget a part of it."""
    if not isinstance(reranker, str):
        return None
    if reranker == LATE:
        return None if task.parts else "the question has no part that it reads"
    return None if task.question.words_only else "it reads questions in words alone"


def _own(task: Task) -> Own:
    encoder = task.encoder()
    own = encoder.reranker
    if own is None:
        raise QueryError(
            f"rerank is 'late', and {encoder.name} brings no reranker along: use cross:MODEL, a "
            "cross-encoder of sentence-transformers in a folder or of the hub, or in Python a "
            "function (question, hits) -> scores"
        )
    return Own(own, task.parts, f"of {encoder.name}")


def _same(one: Reranker, other: Reranker) -> bool:
    """Tell whether two are one; a method is another object each time that it is named."""
    if isinstance(one, str | MethodType):
        return one == other
    return one is other


def _late(why: Late, names: Sequence[str], deadline_s: float) -> str:
    told = ", ".join(names)
    if why is Late.BUSY:
        return f"not reranked: earlier calls of rerankers still run, so {told} was not asked"
    return (
        f"not reranked: {told} was not done within {deadline_s:g} s; give it more "
        "(rerank_deadline), or fewer hits (rerank_depth)"
    )
