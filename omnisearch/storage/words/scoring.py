"""BM25 over the words of one generation; what a filter leaves out is never scored.

How rare a word is counts over all living rows, wherever they lie: neither shards nor compaction
matter.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from omnisearch.storage.words.asking import Asked, Wanted
from omnisearch.storage.words.loose import Block
from omnisearch.storage.words.postings import NO_ROWS, Indices, Postings, Whole, common

Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float32]

K1, B = 1.2, 0.75  # as in Lucene, and in most of what BM25 was measured with
_OFTEN, _KEPT = 0.1, 16  # of the rows have a word whose scores are kept, and of so many words
_TOGETHER = 64  # rows of which the best is looked at first
_FEW = 0.5  # a smaller share of allowed rows is taken out before scoring


class Ranked(NamedTuple):
    """Rows that have a word that was asked for, best first, and how well they fit."""

    positions: Indices
    scores: Floats


@dataclass(frozen=True)
class Totals:
    """What every row scores, and the most that the question's words can score."""

    scores: Floats  # (rows,) 0 where a row has no word, lacks a phrase or is not allowed
    most: float  # where every word were said without end
    before: Totals | None = None  # without the words that stand beside those of the question

    def best(self, most: int | None = None, among: Mask | None = None) -> Ranked:
        """Give the rows that have a word, perhaps only some, best first; so many at most."""
        return _best(self.scores, among, most)


class _Frequent(NamedTuple):
    """What each row scores for a word that many have, kept since most questions have it too."""

    scores: Floats
    rarity: float


class _Found(NamedTuple):
    """What one block has of a word or phrase."""

    block: Block
    rows: Whole
    counts: Whole


class Words:
    """What the rows of one generation say; `blocks` may know of rows that came later.

    `alive` marks those that are not deleted; None where none is.
    """

    def __init__(self, rows: int, blocks: Sequence[Block], alive: Mask | None = None) -> None:
        self._rows, self._blocks, self._alive = rows, blocks, alive
        self._frequent: dict[Wanted, _Frequent] = {}

    def scores(self, asked: Asked, allow: Mask | None = None, most: int | None = None) -> Ranked:
        """Score the allowed rows that have a word of `asked` and every phrase; the best `most`."""
        total, having, _ = self._scored(asked, allow)
        return _best(total, having, most)

    def totals(self, asked: Asked, allow: Mask | None = None) -> Totals:
        """Score every row."""
        total, having, most = self._scored(asked, allow)
        if having is not None:
            total *= having
        return Totals(total, most)

    def beside(
        self, totals: Totals, terms: Sequence[tuple[str, float]], allow: Mask | None = None
    ) -> Totals:
        """Add what rows score for further words by their weights; the most stays as it is."""
        if not terms:
            return totals
        scores = totals.scores.copy()
        for term, weight in terms:
            found = [self._posted(block, Wanted(term)) for block in self._blocks]
            self._add(scores, found, weight * self._rarity(found), allow)
        return Totals(scores, totals.most, totals)

    def rarity(self, term: str) -> float:
        """Give how much a word says by being rare, as BM25 counts it."""
        return self._rarity([self._posted(block, Wanted(term)) for block in self._blocks])

    def saying(self, term: str) -> Indices:
        """Give the rows that say a word as it is spelt."""
        found = [self._posted(block, Wanted(term)) for block in self._blocks]
        rows = [one.rows.astype(np.int64) + one.block.start for one in found]
        return np.concatenate([np.zeros(0, np.int64), *rows])

    def says(self, term: str) -> bool:
        """Tell whether any row says a word as it is spelt."""
        return any(
            0 <= block.postings.first_row(term) < self._rows - block.start for block in self._blocks
        )

    @property
    def blocks(self) -> Sequence[Block]:
        """Give the postings behind it, which may know of rows that came later."""
        return self._blocks

    def _scored(self, asked: Asked, allow: Mask | None) -> tuple[Floats, Mask | None, float]:
        total, most = np.zeros(self._rows, np.float32), 0.0
        early = allow is not None and np.count_nonzero(allow) < _FEW * self._rows
        before, whole = allow if early else None, not early
        for word in asked.words:
            known, found = self._frequent.get(word), list[_Found]()
            if known is None:
                found = [self._posted(block, word) for block in self._blocks]
                known = self._kept(word, found)
            if known is not None:  # sooner added for all rows than looked up for some
                total += known.scores
                most += known.rarity * (K1 + 1)
                whole = True
                continue
            rarity = self._rarity(found)
            most += rarity * (K1 + 1)
            self._add(total, found, rarity, before)
        having = allow if whole else None
        for phrase in asked.phrases:
            found, rarity = self._phrase(phrase)
            self._add(total, found, rarity, before)
            most += rarity * (K1 + 1)
            there = np.zeros(self._rows, bool)
            for block, rows, _ in found:
                there[block.start + rows.astype(np.int64)] = True
            having = there if having is None else having & there
        return total, having, most

    def _kept(self, word: Wanted, found: Sequence[_Found]) -> _Frequent | None:
        """Score a word for all rows where many have it, and remember that; None for others."""
        often = sum(len(one.rows) for one in found) > _OFTEN * self._rows
        if not often or len(self._frequent) >= _KEPT:
            return None
        made = _Frequent(np.zeros(self._rows, np.float32), self._rarity(found))
        self._add(made.scores, found, made.rarity, None)
        self._frequent[word] = made
        return made

    def _posted(self, block: Block, word: Wanted) -> _Found:
        rows, counts = block.postings.posted(terms_of(block.postings, word))
        limit = self._rows - block.start
        if limit < len(block.postings.lengths):
            end = int(np.searchsorted(rows, limit))
            rows, counts = rows[:end], counts[:end]
        return _Found(block, rows, counts)

    def _rarity(self, found: Sequence[_Found]) -> float:
        rows = sum(self._living(one) for one in found)
        return math.log(1 + (self._documents - rows + 0.5) / (rows + 0.5))

    def _phrase(self, phrase: Sequence[Wanted]) -> tuple[list[_Found], float]:
        """Find rows where words follow each other; a phrase is as rare as its words together."""
        words = [[self._posted(block, word) for block in self._blocks] for word in phrase]
        rarity = sum(self._rarity(found) for found in words)
        blocks = zip(self._blocks, *words, strict=True)
        return [_following(block, phrase, found) for block, *found in blocks], rarity

    def _add(
        self, total: Floats, found: Sequence[_Found], rarity: float, allow: Mask | None
    ) -> None:
        for (block, rows, counts), norms in zip(found, self._norms, strict=True):
            if not len(rows):
                continue
            if allow is not None:
                chosen = allow[block.start : block.start + len(norms)][rows]
                rows, counts = rows[chosen], counts[chosen]
            often = counts.astype(np.float32)
            often /= often + norms[rows]
            often *= np.float32(rarity * (K1 + 1))
            total[block.start : block.start + len(norms)][rows] += often

    def _living(self, found: _Found) -> int:
        if self._alive is None:
            return len(found.rows)
        return int(np.count_nonzero(self._alive[found.block.start :][found.rows]))

    @cached_property
    def _lengths(self) -> list[Whole]:
        """Give the terms in each row of each block."""
        return [block.postings.lengths[: self._rows - block.start] for block in self._blocks]

    @cached_property
    def _living_lengths(self) -> list[Whole]:
        if self._alive is None:
            return self._lengths
        pairs = zip(self._blocks, self._lengths, strict=True)
        return [one[self._alive[block.start :][: len(one)]] for block, one in pairs]

    @cached_property
    def _documents(self) -> int:
        return sum(int(np.count_nonzero(one)) for one in self._living_lengths)

    @cached_property
    def _norms(self) -> list[Floats]:
        """Give what the length of each row takes from its counts."""
        terms = sum(int(one.sum(dtype=np.int64)) for one in self._living_lengths)
        mean = terms / max(1, self._documents) or 1.0
        every = [one.astype(np.float32) for one in self._lengths]
        return [np.float32(K1 * (1 - B)) + np.float32(K1 * B / mean) * one for one in every]


def terms_of(postings: Postings, word: Wanted) -> list[int]:
    """Find the terms that a word stands for."""
    match word.how:
        case "start":
            return postings.beginning(word.term)
        case "stem":
            return postings.stemmed(word.term)
    return postings.spelt(word.term)


def _following(block: Block, phrase: Sequence[Wanted], found: Sequence[_Found]) -> _Found:
    rows = found[0].rows
    for one in found[1:]:
        rows = common(rows, one.rows)
    if not len(rows):
        return _Found(block, NO_ROWS, NO_ROWS)
    places: Indices | None = None
    for shift, word in enumerate(phrase):
        here = block.postings.occurrences(terms_of(block.postings, word), rows) - shift
        places = here if places is None else common(places, here)
    assert places is not None
    counts = np.bincount(places >> 32, minlength=len(rows))
    there = np.flatnonzero(counts)
    return _Found(block, rows[there], counts[there].astype("<u4"))


def _best(total: Floats, having: Mask | None, most: int | None) -> Ranked:
    """Take the best rows, ties by position."""
    if having is not None:
        total = total * having
    floor = 0.0 if most is None else _floor(total, most)
    rows = np.flatnonzero(total >= floor if floor > 0 else total > 0)
    scores = total[rows]
    if most is not None and most < len(rows):
        kept = np.flatnonzero(scores >= np.partition(scores, -most)[-most])
        rows, scores = rows[kept], scores[kept]
    order = np.argsort(-scores, kind="stable")[:most]
    return Ranked(rows[order], scores[order])


def _floor(total: Floats, most: int) -> float:
    """Give a score that so many rows reach: the best of as many groups of rows do."""
    groups = len(total) // _TOGETHER
    if groups < most:
        return 0.0
    # Each group has rows from everywhere, so that the maximum runs along memory
    tops = total[: groups * _TOGETHER].reshape(_TOGETHER, groups).max(axis=0)
    return float(np.partition(tops, -most)[-most])
