"""Postings of some rows: for each term the rows that have it, how often, and at which positions.

Arrays only, sorted by term and then by row, so that the same code reads a mapped file, merges
shards, and searches rows that are not on disk yet.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from omnisearch.errors import CorruptCollectionError
from omnisearch.storage.words.letters import letters
from omnisearch.storage.words.stems import stem

Whole = npt.NDArray[np.unsignedinteger[Any]]
Indices = npt.NDArray[np.int64]
NO_ROWS = np.zeros(0, "<u4")


class Table:
    """Sorted texts as UTF-8, one after another."""

    def __init__(self, offsets: Whole, text: npt.NDArray[np.uint8]) -> None:
        self.offsets, self.text = offsets, text
        self._ends = np.ascontiguousarray(offsets, np.uint64).data.cast("B").cast("Q")
        self._bytes = text.data

    @classmethod
    def of(cls, texts: Sequence[bytes]) -> Table:
        """Lay out texts that are sorted already."""
        lengths = np.fromiter(map(len, texts), np.int64, len(texts))
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype("<u8")
        return cls(offsets, np.frombuffer(b"".join(texts), np.uint8))

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, at: int) -> bytes:
        return bytes(self._bytes[self._ends[at] : self._ends[at + 1]])

    def __iter__(self) -> Iterator[bytes]:
        raw, ends = self.text.tobytes(), self.offsets.tolist()
        return (raw[a:b] for a, b in pairwise(ends))

    def first(self, text: bytes) -> int:
        """Count the texts that are smaller."""
        return bisect_left(self, text)

    def find(self, text: bytes) -> int:
        """Give the number of a text, or -1."""
        at = self.first(text)
        return at if at < len(self) and self[at] == text else -1


@dataclass(frozen=True, slots=True)
class Stems:
    """The terms of each stem."""

    table: Table
    starts: Whole  # (stems + 1,)
    terms: Whole  # (terms,)

    @classmethod
    def of(cls, terms: Table) -> Stems:
        """Group terms by their stems."""
        found: defaultdict[bytes, list[int]] = defaultdict(list)
        for number, term in enumerate(terms):
            found[stem(term.decode()).encode()].append(number)
        known = sorted(found)
        starts = np.cumsum([0, *(len(found[one]) for one in known)])
        ordered = [number for one in known for number in found[one]]
        return cls(Table.of(known), starts.astype("<u8"), np.array(ordered, "<u4"))


@dataclass(frozen=True)
class Postings:
    """What is known of the words of some rows; positions of posting p follow those of p - 1."""

    lengths: Whole  # (rows,) terms in each row
    terms: Table
    starts: Whole  # (terms + 1,) where the postings of each term begin
    rows: Whole  # (postings,) ascending within a term
    counts: Whole  # (postings,) how often the row has the term
    firsts: Whole  # (terms + 1,) where the positions of each term begin
    places: Whole  # (occurrences,) ascending within a posting
    stored: Stems | None = None  # as a file has them

    @cached_property
    def stems(self) -> Stems:
        """Group the terms by their stems: for files, and for questions of forms, not for others."""
        return self.stored or Stems.of(self.terms)

    def posted(self, terms: Sequence[int]) -> tuple[Whole, Whole]:
        """Give the rows that have one of these terms, ascending, and how often each has them."""
        if not terms:
            return NO_ROWS, NO_ROWS
        pieces = [self._slice(term) for term in terms]
        rows, counts = (
            np.concatenate([array[one] for one in pieces]) if len(pieces) > 1 else array[pieces[0]]
            for array in (self.rows, self.counts)
        )
        self._check(rows)
        if len(pieces) == 1:
            return rows, counts
        both, inverse = np.unique(rows, return_inverse=True)
        return both, np.bincount(inverse, counts, len(both)).astype("<u4")

    def occurrences(self, terms: Sequence[int], among: Whole) -> Indices:
        """Give each occurrence in some rows, ascending, as `place in among << 32 | position`."""
        found = [np.zeros(0, np.int64)]
        for term in terms:
            one = self._slice(term)
            rows, counts = self.rows[one], self.counts[one].astype(np.int64)
            self._check(rows)
            at = np.minimum(np.searchsorted(among, rows), len(among) - 1)
            chosen = np.flatnonzero(among[at] == rows) if len(among) else np.zeros(0, np.int64)
            starts = int(self.firsts[term]) + np.cumsum(counts) - counts
            picked = ranges(starts[chosen], counts[chosen])
            if len(picked) and int(picked[-1]) >= len(self.places):
                raise CorruptCollectionError("words.bin is damaged: positions past its end")
            found.append((np.repeat(at[chosen], counts[chosen]) << 32) | self.places[picked])
        return np.sort(np.concatenate(found)) if len(terms) > 1 else found[-1]

    def spelt(self, term: str) -> list[int]:
        """Find a term."""
        at = self.terms.find(term.encode())
        return [at] if at >= 0 else []

    def first_row(self, term: str) -> int:
        """Give the first row that says a term, or -1."""
        for at in self.spelt(term):
            rows = self._slice(at)
            if rows.start < rows.stop:
                return int(self.rows[rows.start])
        return -1

    def beginning(self, start: str) -> list[int]:
        """Find every term that begins so."""
        prefix = start.encode()
        first = self.terms.first(prefix)
        return list(range(first, self.terms.first(prefix + b"\xff")))

    def stemmed(self, stem: str) -> list[int]:
        """Find every term of a stem."""
        at = self.stems.table.find(stem.encode())
        if at < 0:
            return []
        found: list[int] = self.stems.terms[self._span(self.stems.starts, at)].tolist()
        if found and max(found) >= len(self.terms):
            raise CorruptCollectionError("words.bin is damaged: a stem of a term that is not there")
        return found

    @cached_property
    def letters(self) -> npt.NDArray[np.uint64]:
        """Give which letters each term has, as bits; made when words are first compared by them."""
        return letters(self.terms.offsets, self.terms.text)

    def _slice(self, term: int) -> slice:
        return self._span(self.starts, term)

    @staticmethod
    def _span(starts: Whole, at: int) -> slice:
        return slice(int(starts[at]), int(starts[at + 1]))

    def _check(self, rows: Whole) -> None:
        """Refuse rows that are not there; a checksum says nothing of who wrote the file."""
        if len(rows) and int(rows.max()) >= len(self.lengths):
            raise CorruptCollectionError("words.bin is damaged: it names a row that is not there")


Sorted = TypeVar("Sorted", bound=npt.NDArray[Any])


def common(one: Sorted, other: Sorted) -> Sorted:
    """Give what two ascending arrays without repeats share."""
    few, many = (one, other) if len(one) <= len(other) else (other, one)
    if not len(few):
        return few
    at = np.minimum(np.searchsorted(many, few), len(many) - 1)
    return few[many[at] == few]  # type: ignore[no-any-return]


def ranges(starts: Indices, lengths: Indices) -> Indices:
    """List the numbers of several ranges, one range after another."""
    total = int(lengths.sum())
    begins = np.cumsum(lengths) - lengths
    return np.repeat(starts - begins, lengths) + np.arange(total)


def sizes(starts: Whole) -> Indices:
    """Give the lengths of runs that follow each other."""
    ends = starts.astype(np.int64)
    return ends[1:] - ends[:-1]


def narrow(array: npt.NDArray[Any]) -> Whole:
    """Give numbers in the fewest bytes that hold them."""
    largest = int(array.max()) if len(array) else 0
    kind = "<u1" if largest < 1 << 8 else "<u2" if largest < 1 << 16 else "<u4"
    return array.astype(kind, copy=False)
