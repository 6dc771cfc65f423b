"""More to look for than was said: what the best hits of a question have in common with it.

Rocchio (1971) on vectors, RM3 (Abdul-Jaleel et al. 2004) on words, and words that stand with those
of the question here. A first answer is taken for right by as much as its hits are sure.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from omnisearch.query.asked import Asked
from omnisearch.query.hits import Hits
from omnisearch.query.options import Wish
from omnisearch.query.rewording import Way
from omnisearch.query.snippets import small_in
from omnisearch.storage import rows
from omnisearch.storage.generation import Generation
from omnisearch.storage.words import tokens
from omnisearch.storage.words.asking import ask
from omnisearch.storage.words.stems import stem

Floats = npt.NDArray[np.float32]
Positions = npt.NDArray[np.int64]

TOP = 5  # hits that are taken for right
_SHARE = 0.3  # of the question's vector that is theirs
_TERMS = 10  # of them, or of its words
_WEIGHT = 0.8  # of all these together, beside the words of the question
_READ = 20_000  # characters of a hit
_LETTERS = 3
_LOOKED_AT = 32  # rows that say a word of the question
_TOGETHER = 3  # of them that say another word too, at least
_OFTEN = 0.05  # of the rows: what stands with a word that more have stands with anything


def first(wish: Wish) -> Wish:
    """Ask for the hits that are taken for right: among what may be answers, and nothing more."""
    fresh = Wish()
    kept = "modality where params path after before mode combine fuse recall".split()
    same = {name: getattr(wish, name) for name in kept}
    return replace(fresh, k=TOP, group_by="none", **same)


def expanded(
    now: Generation, asked: Asked, ways: Collection[Way], answered: Callable[[], Hits]
) -> Asked:
    """Add to a question what its best hits, each as sure as it is, have in common with it."""
    hits = answered() if any(way != "neighbours" for way in ways) else None
    positions, sure = _weighted(hits)
    also: defaultdict[str, float] = defaultdict(float)
    if "words" in ways and asked.words is not None and len(positions):
        for term, weight in _of_hits(now, asked.words, positions, sure):
            also[term] += weight
    if "neighbours" in ways and asked.words is not None:
        for term, weight in _neighbours(now, asked.words):
            also[term] += weight
    plain = replace(asked, references=())  # what orders hits is held against them
    found = replace(asked, also=tuple(sorted(also.items())), before=plain)
    if "vectors" in ways and len(asked.vectors) and float(sure.sum()) > 0:
        found = replace(found, vectors=_towards(now, asked.vectors, positions, sure))
    return found


def _weighted(hits: Hits | None) -> tuple[Positions, Floats]:
    """Give the rows of hits, and how sure they are; all alike where nobody knows."""
    if hits is None:
        return np.zeros(0, np.int64), np.zeros(0, np.float32)
    found = hits.rows[1]
    known = hits.confidences
    return found, np.ones(len(found), np.float32) if known is None else np.nan_to_num(known)


def _towards(now: Generation, vectors: Floats, positions: Positions, sure: Floats) -> Floats:
    """Lead the vectors of a question (n, d) towards what was found, where lengths are one."""
    near = rows.vectors(now, positions).astype(np.float32)
    near /= np.maximum(np.linalg.norm(near, axis=1, keepdims=True), 1e-12)
    mean = sure @ near / sure.sum()
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    led = (1 - _SHARE) * vectors + _SHARE * length * mean / max(float(np.linalg.norm(mean)), 1e-12)
    return np.asarray(led * length / np.linalg.norm(led, axis=1, keepdims=True), np.float32)


def _of_hits(
    now: Generation, words: str, positions: Positions, sure: Floats
) -> list[tuple[str, float]]:
    """Give the words of hits, by how much of them each is and how rare it is."""
    share: defaultdict[str, float] = defaultdict(float)
    for position, weight in zip(positions.tolist(), sure.tolist(), strict=True):
        said = _said(now, position)
        for term, count in Counter(said).items():
            share[term] += weight * count / len(said)
    return _best(now, words, share)


def _neighbours(now: Generation, words: str) -> list[tuple[str, float]]:
    """Give the words that stand with those of the question more often than anywhere."""
    share: defaultdict[str, float] = defaultdict(float)
    for term in {one.term for one in ask(words).words if one.how == "spelt"}:
        saying = now.words.saying(term)
        if now.shown is not None:
            saying = saying[now.shown[saying]]
        if not _TOGETHER <= len(saying) <= max(_LOOKED_AT, _OFTEN * now.rows):
            continue
        some = saying[:: max(1, len(saying) // _LOOKED_AT)][:_LOOKED_AT]
        having = Counter(term for row in some.tolist() for term in set(_said(now, row)))
        for other, count in having.items():
            if count >= _TOGETHER:
                share[other] += count / len(some)
    return _best(now, words, share)


def _best(now: Generation, words: str, share: dict[str, float]) -> list[tuple[str, float]]:
    """Weigh words by their share and how rare they are; all together count as one part."""
    known = {stem(term) for term in tokens.terms(words)} | small_in(sorted(share))
    fit = [
        term
        for term in share
        if len(term) >= _LETTERS and not term.isdigit() and stem(term) not in known
    ]
    likely = sorted(fit, key=lambda term: (-share[term], term))[: 8 * _TERMS]
    rarity = {term: now.words.rarity(term) for term in likely}
    best = sorted(likely, key=lambda term: (-share[term] * rarity[term], term))[:_TERMS]
    whole = sum(share[term] * rarity[term] for term in best)
    if not whole:
        return []
    own = sum(now.words.rarity(one.term) for one in ask(words).words if one.how == "spelt")
    return [(term, _WEIGHT * own * share[term] / whole) for term in best]


def _said(now: Generation, position: int) -> Sequence[str]:
    cells, row = now.locate(position)
    return tokens.terms((cells.segment(row)[1] or "")[:_READ])
