"""From a question's vectors and words to exactly k hits.

Candidates are taken deeper until nothing that is none of them could be among the best k, or there
are no others.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import numpy.typing as npt

from omnisearch.encoder.calibration.calibrator import Calibrator, probability
from omnisearch.errors import QueryError
from omnisearch.query import (
    cursor,
    explaining,
    favouring,
    reranked,
    screening,
    settling,
    windows,
)
from omnisearch.query.asked import Asked
from omnisearch.query.candidates import Found, Segments, best_of_vectors
from omnisearch.query.diversity import spread, widened
from omnisearch.query.explaining import Explanation, Stages
from omnisearch.query.following import LEADS, Led, led
from omnisearch.query.fusing import DEEP
from omnisearch.query.grouping import Grouped, group
from omnisearch.query.hits import Answers, Hits
from omnisearch.query.judged import Judged
from omnisearch.query.judging import Judge
from omnisearch.query.narrowing import Allowed, narrow, saying
from omnisearch.query.options import Wish
from omnisearch.query.ordering import firsts, ordered
from omnisearch.query.preferring import Order
from omnisearch.query.reranked import Rerank
from omnisearch.query.settling import Bounds, Sought
from omnisearch.query.whole import behind
from omnisearch.storage.generation import Generation
from omnisearch.storage.words.asking import ask
from omnisearch.storage.words.scoring import Totals

_BESIDE = 4  # candidates of each kind beyond those asked for: some fold into others
_DEEPER = 3


@dataclass(frozen=True, slots=True)
class _Question:
    """What is asked of one generation, its filters applied."""

    asked: Asked
    wish: Wish
    allowed: Allowed
    said: Totals | None
    judge: Judge


@dataclass(frozen=True, slots=True)
class _Round:
    """What one depth of candidates comes to."""

    found: list[Found]
    means: list[Found]  # of passages, which led to some of the candidates
    judged: Judged
    grouped: Grouped
    whole: bool  # there are no other candidates
    bounds: Bounds
    scores: npt.NDArray[np.float32] | None = None  # that a reranker gave to candidates


def answer(
    now: Generation,
    asked: Asked,
    wish: Wish,
    calibrator: Calibrator | None,
    stages: Stages | None = None,
    rerank: Rerank | None = None,
) -> Hits:
    """Find exactly k hits, whenever k exist, best first; without a calibrator by score."""
    stages = stages or Stages()
    if wish.cursor is not None:
        wish = replace(wish, offset=cursor.offset(wish.cursor, asked, wish))
    question = _question(now, asked, reranked.widened(widened(wish)), calibrator, stages)
    depth, rounds = max(question.wish.reach + _BESIDE, _least_depth(asked, wish)), 1
    last, leading = _round(question, depth, stages), LEADS if wish.follow else 0
    while not _is_settled(last, question, leading):
        depth, rounds = depth * _DEEPER, rounds + 1
        last = _round(question, depth, stages)
    if wish.follow or wish.favours:
        last, more = _preferred(question, last, depth, stages)
        rounds += more
    last, moved = _reranked(question, last, rerank, wish, stages)
    if wish.order is not None:
        last = _ordered(question, last, wish.order)
        stages.end("ordering")
    if wish.diverse is not None:
        last = replace(last, grouped=spread(now, last.judged, last.grouped, wish.diverse))
        stages.end("spreading")
    found = _page(question, last, slice(wish.offset, wish.reach))
    if moved is not None:
        found = replace(found, remarks=(*found.remarks, *moved.judgement.remarks), kept=moved)
    found = screening.counted(found, last.judged, last.grouped, wish)
    if wish.explain:
        judged = None if moved is None else moved.judgement
        plan = _explained(question, last, rounds, stages)
        found = replace(found, plan=replace(plan, reranked=judged, withheld=found.withheld))
    goes_on = partial(reranked.goes_on, now, asked, wish, moved, rerank)
    if moved is not None:  # who goes on by it finds the order again
        goes_on = partial(str, goes_on())
    return Hits(now, replace(found, cursor=goes_on))


def _reranked(
    question: _Question, last: _Round, rerank: Rerank | None, wish: Wish, stages: Stages
) -> tuple[_Round, reranked.Reranked | None]:
    """Put the best hits in the order of a reranker, if one was asked for and may move any."""
    if rerank is None or not reranked.is_needed(wish):
        return last, None
    pool = Hits(question.allowed.now, _page(question, last, slice(0, wish.rerank_depth)))
    moved = reranked.judged_once(pool, last.judged, last.grouped, rerank, wish)
    grouped, scores = reranked.placed(last.judged, last.grouped, moved)
    stages.end("reranking")
    return replace(last, grouped=grouped, scores=scores), moved


def _least_depth(asked: Asked, wish: Wish) -> int:
    """Say how many of each kind are looked at whatever k is: ranks must not depend on it."""
    ranked = len(asked.vectors) > 1 and not asked.windows
    return DEEP if wish.fuse == "rrf" or ranked else 1


def _question(
    now: Generation, asked: Asked, wish: Wish, calibrator: Calibrator | None, stages: Stages
) -> _Question:
    allowed = narrow(now, wish)
    stages.end("filters")
    said = None
    if asked.words is not None:
        words = ask(asked.words)
        if words.phrases and (len(asked.vectors) or asked.also):  # words alone score nothing else
            allowed = allowed.within(saying(words, allowed))
        said = now.words.totals(words, allowed.every())
        said = now.words.beside(said, asked.also, allowed.every())
        stages.end("words")
    if wish.min_confidence is not None and calibrator is None:
        raise QueryError(
            "min_confidence: vectors of your own have no confidence, since no encoder made them; "
            "use min_score"
        )
    judge = Judge(now, asked, wish, calibrator)
    allowed = allowed if judge.by_wholes else replace(allowed, means={})
    return _Question(asked, wish, allowed, said, judge)


def _round(question: _Question, depth: int, stages: Stages) -> _Round:
    asked, wish, allowed, said = question.asked, question.wish, question.allowed, question.said
    sought = Sought(asked, wish, question.judge, said)
    found, means = best_of_vectors(allowed, asked.vectors, depth, wish.recall)
    stages.end("search")
    told = settling.saying(sought, depth)
    rows = [one.positions for one in found]
    rows += [behind(allowed, means, wish.recall), told.positions]
    whole = all(one.whole for one in found)
    if said is not None and not len(asked.vectors):
        whole = not told.others
    if wish.min_score is not None:  # what is farther than the last of a list has a lower score
        whole = all(one.whole or bool(one.cosines[-1] < wish.min_score) for one in found)
    keys = np.concatenate([np.zeros(0, np.int64), *rows])
    if windows.by_items(asked, wish):
        keys = np.concatenate([keys, windows.beside(allowed, keys)])
    segments = Segments.of(allowed.now, keys)
    judged = question.judge.judge(segments, found, said)
    stages.end("scoring")
    grouped = group(allowed.now, judged, wish, asked.leave_out)
    bounds = settling.bounds(sought, found, judged, told.least)
    stages.end("grouping")
    return _Round(found, means, judged, grouped, whole, bounds)


def _is_settled(last: _Round, question: _Question, least: int = 0) -> bool:
    """Tell whether no other candidate could be among the hits; one as sure might, by its id."""
    if last.whole or last.bounds.odds < last.grouped.least:
        return True
    places, count = last.grouped.places, max(question.wish.reach, least)
    if len(places) < count:
        return False
    return float(last.judged.order[places[count - 1]]) > last.bounds.order


def _preferred(question: _Question, last: _Round, depth: int, stages: Stages) -> tuple[_Round, int]:
    """Let what the best hits lead to and what is preferred be surer; tells how many rounds more."""
    found, rounds = _surer(question, last, depth), 0
    stages.end("preferring")
    while not _is_settled(found, question):
        depth, rounds = depth * _DEEPER, rounds + 1
        found = _surer(question, _round(question, depth, stages), depth)
        stages.end("preferring")
    return found, rounds


def _surer(question: _Question, last: _Round, depth: int) -> _Round:
    now, wish, before = question.allowed.now, question.wish, last.judged.segments.keys
    sought = Sought(question.asked, wish, question.judge, question.said)
    found = [
        favouring.favoured(one, sought, question.allowed, before, depth) for one in wish.favours
    ]
    leads = [*([_led(question, last)] if wish.follow else []), *(one.led for one in found)]
    keys = np.concatenate([before, *(one.keys for one in leads)])
    if windows.by_items(question.asked, wish):
        keys = np.concatenate([keys, windows.beside(question.allowed, keys)])
    segments = Segments.of(now, keys)
    judged = question.judge.judge(segments, last.found, question.said)
    bounds = favouring.bounds(sought, found, judged, last.bounds)
    gains = np.zeros(len(segments), np.float32)
    for led_to in leads:
        gains[segments.places(led_to.keys)] += led_to.gains
    judged = replace(judged, odds=judged.odds + gains, order=judged.order + gains)
    grouped = group(now, judged, wish, question.asked.leave_out)
    return replace(last, judged=judged, grouped=grouped, bounds=bounds)


def _led(question: _Question, last: _Round) -> Led:
    words, segments = question.asked.words, last.judged.segments
    if words is None:
        return Led.none()
    best = last.grouped.places[:LEADS]
    leads = np.where(segments.words[best] >= 0, segments.words[best], segments.content[best])
    return led(question.allowed.now, words, leads, question.allowed.every())


def _ordered(question: _Question, last: _Round, order: Order) -> _Round:
    """Put good answers in the order of a column; of all rows, if nothing else is asked for."""
    now, wish, count = question.allowed.now, question.wish, _BESIDE * question.wish.reach
    while order.alone:
        rows = firsts(now, order, question.allowed.every(), count)
        judged = question.judge.judge(Segments.of(now, rows), last.found, question.said)
        grouped = group(now, judged, wish, question.asked.leave_out)
        last = replace(last, judged=judged, grouped=grouped, scores=None)
        if len(rows) < count or len(grouped.places) >= wish.reach:
            break
        count *= _BESIDE
    judged = last.judged
    found = ordered(now, judged.segments.keys, judged.odds, last.grouped, order)
    return replace(last, grouped=found)


def _page(question: _Question, last: _Round, page: slice) -> Answers:
    """Give some of the hits, by where they stand in the list."""
    judged, places = last.judged, last.grouped.places[page]
    confidences = probability(last.grouped.odds[page]) if question.judge.calibrated else None
    bm25 = judged.bm25[places]
    return Answers(
        judged.positions[places],
        judged.scores[places],
        confidences,
        last.grouped.folded[page].tolist(),
        parts={
            "content": judged.content[places],
            "words": judged.words[places],
            "bm25": np.where(bm25 > 0, bm25, np.float32(np.nan)),
            "whole": judged.whole[places],
            "region": np.where(judged.parts[places], judged.content[places], np.float32(np.nan)),
        },
        offset=page.start,
        segments=True,
        words=question.asked.words,
        remarks=question.asked.remarks,
        spelling=question.asked.spelling,
        reranked=None if last.scores is None else last.scores[places],
        route=question.wish.understood,
    )


def _explained(question: _Question, last: _Round, rounds: int, stages: Stages) -> Explanation:
    said = None if question.said is None else int(np.count_nonzero(question.said.scores))
    survivors = explaining.survivors(question.allowed)
    searched = explaining.searched(question.allowed, [*last.found, *last.means])
    stages.end("explaining")
    route, candidates = question.wish.understood, len(last.judged.odds)
    shown = last.grouped.places[question.wish.offset : question.wish.reach]
    parts = tuple((np.flatnonzero(last.judged.parts[shown]) + 1).tolist())
    also, ms = question.asked.also, stages.ms
    return Explanation(survivors, searched, said, candidates, rounds, ms, route, parts, also=also)
