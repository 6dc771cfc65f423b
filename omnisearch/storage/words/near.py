"""Words of a collection that are spelt nearly like another: one or two letters differ.

The letters of each term are kept as 64 bits, made when first asked for: an edit changes two of
them at most, so most terms are ruled out by counting bits. What is left is compared letter by
letter, all at once. Letters have two bytes at most, as Latin ones do: others may be missed.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from omnisearch.storage.words.letters import bits_of
from omnisearch.storage.words.postings import Postings, Whole, sizes
from omnisearch.storage.words.scoring import Words

Counts = npt.NDArray[np.int64]
_LEADS = np.uint64(0xFFFFFFFF)  # bits of what begins a letter of two bytes, and of no other letter
_MOST = 4096  # terms that are compared letter by letter: 4 MB


class Near(NamedTuple):
    """A term, by how many edits it differs (letters swapped count as one), and how many say it."""

    term: str
    edits: int
    rows: int


def near(words: Words, term: str, edits: int) -> list[Near]:
    """Find the terms of a generation that differ by some edits at most, in any order."""
    found: dict[str, Near] = {}
    for block in words.blocks:
        for one in _in_postings(block.postings, term, edits):
            known = found.get(one.term)
            rows = one.rows + (0 if known is None else known.rows)
            found[one.term] = one._replace(rows=rows)
    return list(found.values())


def _in_postings(postings: Postings, term: str, edits: int) -> list[Near]:
    """Compare a term with those of one block."""
    raw = np.frombuffer(term.encode(), np.uint8)
    if not len(postings.terms) or not len(raw):
        return []
    bits = np.bitwise_or.reduce(bits_of(raw))
    wide = 1 + (((postings.letters | bits) & _LEADS) != 0)  # bytes of a letter
    likely = np.abs(sizes(postings.terms.offsets) - len(raw)) <= edits * wide
    likely &= np.bitwise_count(postings.letters ^ bits) <= 2 * edits * wide
    places = np.flatnonzero(likely)
    if len(places) > _MOST:  # those that most say
        said = _rows(postings.starts, places)
        places = places[np.argsort(-said, kind="stable")[:_MOST]]
    terms = [postings.terms[at].decode("utf-8", "replace") for at in places.tolist()]
    if not terms:
        return []
    differ, said = distances(term, terms), _rows(postings.starts, places)
    chosen = np.flatnonzero(differ <= edits).tolist()
    return [Near(terms[at], int(differ[at]), int(said[at])) for at in chosen]


def _rows(starts: Whole, places: Counts) -> Counts:
    return np.asarray(starts[places + 1], np.int64) - np.asarray(starts[places], np.int64)


def distances(term: str, others: list[str]) -> Counts:
    """Count for each of the others (n,) the letters put in, left out, changed or swapped."""
    letters = np.array(others)
    width = letters.dtype.itemsize // 4
    given: npt.NDArray[Any] = letters.view(np.uint32).reshape(len(others), width)
    lengths = np.array([len(one) for one in others], np.int64)
    before2 = before = np.broadcast_to(np.arange(width + 1), (len(others), width + 1))
    for row, letter in enumerate(map(ord, term), 1):
        now = np.empty((len(others), width + 1), np.int64)
        now[:, 0] = row
        differs = given != letter
        for column in range(1, width + 1):
            cheapest = np.minimum(before[:, column], now[:, column - 1]) + 1
            cheapest = np.minimum(cheapest, before[:, column - 1] + differs[:, column - 1])
            if row > 1 and column > 1:
                swapped = ~differs[:, column - 2] & (given[:, column - 1] == ord(term[row - 2]))
                swap = before2[:, column - 2] + 1
                cheapest = np.where(swapped, np.minimum(cheapest, swap), cheapest)
            now[:, column] = cheapest
        before2, before = before, now
    return np.asarray(before[np.arange(len(others)), lengths], np.int64)
