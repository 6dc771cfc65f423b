"""From a question's vectors and words to exactly k hits.

Candidates are taken deeper until the best k are settled, or there are no others.
"""

from __future__ import annotations

import numpy as np

from omnisearch.encoder.calibration.calibrator import Calibrator
from omnisearch.query.asked import Asked
from omnisearch.query.candidates import Found, Segments, best_of_kinds
from omnisearch.query.grouping import Grouped, group
from omnisearch.query.hits import Answers, Hits
from omnisearch.query.judging import Judge, Judged
from omnisearch.query.narrowing import Allowed, narrow
from omnisearch.query.options import Wish
from omnisearch.storage.generation import Generation
from omnisearch.storage.words.asking import ask
from omnisearch.storage.words.scoring import Totals

_BESIDE = 6  # candidates of each kind beyond those asked for: some fold into others
_SAYING = 100  # candidates that say the question's words, at least
_DEEPER = 3


def answer(now: Generation, asked: Asked, wish: Wish, calibrator: Calibrator | None) -> Hits:
    """Find exactly k hits, whenever k exist, best first; without a calibrator by score."""
    allowed = narrow(now, wish)
    judge = Judge(now, asked, wish, calibrator)
    said = _said(asked, allowed)
    depth = wish.reach + _BESIDE
    while True:
        candidates, whole = _candidates(asked, wish, allowed, said, depth)
        judged = judge.judge(candidates, said)
        grouped = group(now, _sure(judged, wish), wish, asked.leave_out)
        if whole or len(grouped.places) >= wish.reach:
            break
        depth *= _DEEPER
    return Hits(now, _answers(judged, grouped, wish, judge))


def _said(asked: Asked, allowed: Allowed) -> Totals | None:
    if asked.words is None:
        return None
    return allowed.now.words.totals(ask(asked.words), allowed.every())


def _candidates(
    asked: Asked, wish: Wish, allowed: Allowed, said: Totals | None, depth: int
) -> tuple[Segments, bool]:
    """Give candidates, and whether there are no others."""
    found: list[Found] = []
    for vector in asked.vectors:
        found += best_of_kinds(allowed, vector, depth, wish.recall)
    rows, whole = [one.positions for one in found], all(one.whole for one in found)
    if said is not None:
        most = max(_SAYING, depth)
        rows.append(said.best(most).positions)
        if not len(asked.vectors):
            whole = len(rows[-1]) < most
    return Segments.of(allowed.now, np.concatenate([np.zeros(0, np.int64), *rows])), whole


def _sure(judged: Judged, wish: Wish) -> Judged:
    if wish.min_confidence is None:
        return judged
    return judged


def _answers(judged: Judged, grouped: Grouped, wish: Wish, judge: Judge) -> Answers:
    page = slice(wish.offset, wish.reach)
    places = np.array(grouped.places[page], np.int64)
    segments, by_words = judged.segments, judged.by_words[places]
    positions = np.where(by_words, segments.words[places], segments.content[places])
    confidences = None
    if judge.calibrated:
        confidences = (1 / (1 + np.exp(-judged.odds[places].astype(np.float64)))).astype("f4")
    bm25 = judged.bm25[places]
    parts = {"content": judged.content[places], "words": judged.words[places]}
    parts["bm25"] = np.where(bm25 > 0, bm25, np.float32(np.nan))
    return Answers(
        positions, judged.scores[places], confidences, grouped.folded[page], parts, segments=True
    )
