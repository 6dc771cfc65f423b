"""Postings from texts, and from other postings without looking at a text again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from omnisearch.storage.words.postings import (
    Indices,
    Postings,
    Table,
    Whole,
    narrow,
    ranges,
    sizes,
)
from omnisearch.storage.words.tokens import terms

Mask = npt.NDArray[np.bool_]
_BLOCK = 1 << 20  # postings moved at once, so that a merge needs little beside its result


def build(texts: Sequence[str | None]) -> Postings:
    """Index texts, one for each row; None says nothing."""
    numbers: defaultdict[str, int] = defaultdict()
    numbers.default_factory = numbers.__len__
    found: list[int] = []
    lengths = np.zeros(len(texts), np.int64)
    for row, text in enumerate(texts):
        if text:
            of_row = terms(text)
            found.extend(map(numbers.__getitem__, of_row))
            lengths[row] = len(of_row)
    names = [name.encode() for name in numbers]
    order = sorted(range(len(names)), key=names.__getitem__)
    ranks = np.empty(len(names), np.int64)
    ranks[order] = np.arange(len(names))
    table = Table.of([names[at] for at in order])
    return _sorted(table, ranks[np.array(found, np.int64)], lengths)


def _sorted(table: Table, ranks: Indices, lengths: Indices) -> Postings:
    """Make postings of occurrences that come row by row."""
    owners = np.repeat(np.arange(len(lengths)), lengths)
    positions = ranges(np.zeros(len(lengths), np.int64), lengths)
    order = np.argsort(ranks, kind="stable")
    ranks, owners = ranks[order], owners[order]
    begins = np.ones(len(ranks), bool)
    begins[1:] = (ranks[1:] != ranks[:-1]) | (owners[1:] != owners[:-1])
    heads = np.flatnonzero(begins)
    every = np.arange(len(table) + 1)
    return Postings(
        lengths=narrow(lengths),
        terms=table,
        starts=np.searchsorted(ranks[heads], every).astype("<u8"),
        rows=owners[heads].astype("<u4"),
        counts=narrow(np.diff(heads, append=len(ranks))),
        firsts=np.searchsorted(ranks, every).astype("<u8"),
        places=narrow(positions[order]),
    )


def without(postings: Postings, keep: Mask) -> Postings:
    """Drop rows; those behind them move up."""
    if keep.all():
        return postings
    kept = keep[postings.rows]
    owners = np.repeat(np.arange(len(postings.terms)), sizes(postings.starts))
    counts = postings.counts.astype(np.int64)
    moved = (np.cumsum(keep) - 1).astype("<u4")
    occurring = np.repeat(kept, counts)
    every = np.arange(len(postings.terms) + 1)
    starts = np.searchsorted(owners[kept], every)
    firsts = np.searchsorted(np.repeat(owners, counts)[occurring], every)
    there = np.flatnonzero(np.diff(starts))  # terms that some row still has
    table = Table.of([postings.terms[at] for at in there.tolist()])
    return Postings(
        lengths=narrow(postings.lengths[keep]),
        terms=table,
        starts=np.append(starts[there], starts[-1]).astype("<u8"),
        rows=moved[postings.rows[kept]],
        counts=narrow(counts[kept]),
        firsts=np.append(firsts[there], firsts[-1]).astype("<u8"),
        places=narrow(postings.places[occurring]),
    )


def merge(parts: Sequence[Postings]) -> Postings:
    """Join the postings of rows that follow each other."""
    if len(parts) == 1:
        return parts[0]
    names = sorted(set().union(*(set(part.terms) for part in parts)))
    number = {name: at for at, name in enumerate(names)}
    terms_of = [np.array([number[name] for name in part.terms], np.int64) for part in parts]
    runs = [sizes(part.starts) for part in parts]
    spans = [sizes(part.firsts) for part in parts]
    starts, firsts = _starts(len(names), terms_of, runs), _starts(len(names), terms_of, spans)
    rows = np.empty(int(starts[-1]), "<u4")
    counts = np.empty(len(rows), np.result_type(*(part.counts.dtype for part in parts)))
    places = np.empty(int(firsts[-1]), np.result_type(*(part.places.dtype for part in parts)))
    next_start, next_first, shift = starts[:-1].copy(), firsts[:-1].copy(), 0
    for part, owners, run, span in zip(parts, terms_of, runs, spans, strict=True):
        _scatter(rows, part.rows, next_start[owners], run, shift)
        _scatter(counts, part.counts, next_start[owners], run)
        _scatter(places, part.places, next_first[owners], span)
        next_start[owners] += run
        next_first[owners] += span
        shift += len(part.lengths)
    table = Table.of(names)
    return Postings(
        lengths=narrow(np.concatenate([part.lengths for part in parts])),
        terms=table,
        starts=starts.astype("<u8"),
        rows=rows,
        counts=counts,
        firsts=firsts.astype("<u8"),
        places=places,
    )


def _starts(terms: int, owners: Sequence[Indices], runs: Sequence[Indices]) -> Indices:
    totals = np.zeros(terms, np.int64)
    for owner, run in zip(owners, runs, strict=True):
        totals[owner] += run
    return np.concatenate([[0], np.cumsum(totals)])


def _scatter(target: Whole, source: Whole, begins: Indices, runs: Indices, shift: int = 0) -> None:
    """Copy runs that follow each other in `source` to where each begins in `target`."""
    ends = np.cumsum(runs)
    first = 0
    while first < len(runs):
        done = int(ends[first - 1]) if first else 0
        last = max(first + 1, int(np.searchsorted(ends, done + _BLOCK, "right")))
        moved = source[done : int(ends[last - 1])] + target.dtype.type(shift)
        target[ranges(begins[first:last], runs[first:last])] = moved
        first = last
