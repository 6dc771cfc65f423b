"""What groups of segments are about: the words that are said in one and seldom in all (c-TF-IDF).

Counted are segments that say a word, read from the postings; what media without speech say is the
name of their file.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from omnisearch.query.snippets import small_in
from omnisearch.relations.nodes import Nodes
from omnisearch.storage.generation import Generation
from omnisearch.storage.words.loose import Block
from omnisearch.storage.words.postings import sizes
from omnisearch.storage.words.stems import stem

Numbers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Counts = Numbers | np.integer[Any] | int

_WORDS = 4  # of a label
_LOOKED_AT = 16  # words of each group and block that may be the best of all blocks
_LETTERS = 3
_FEWEST = 2  # segments that say a word: one says nothing of a group
_COMMON = 0.5  # of all segments: what more say is the wording of the collection


def labels(nodes: Nodes, groups: Numbers, count: int) -> list[tuple[str, ...]]:
    """Give the words of each group; `groups` (n,) has that of each node, -1 for none."""
    now, rest = nodes.now, count  # what is in no group is one more, which has no label
    count += 1
    of_node = np.where(groups >= 0, groups, rest)
    of_row = np.where(nodes.of_row >= 0, of_node[nodes.of_row], -1)
    speaking = np.zeros(count, np.int64)
    wanted: set[str] = set()
    for block in now.words.blocks:
        own = _own(block, of_row)
        spoken = own[np.asarray(block.postings.lengths[: len(own)]) > 0]
        speaking += np.bincount(spoken[spoken >= 0], minlength=count)
        wanted.update(_candidates(block, own, count))
    scored: defaultdict[int, list[tuple[float, str]]] = defaultdict(list)
    small = small_in(sorted(wanted))
    for term in sorted(one for one in wanted if stem(one) not in small):
        said = _saying(now, term, of_row, count)
        worth = _worth(said, said.sum(), speaking, speaking.sum())
        for group in np.flatnonzero((said >= _FEWEST) & (worth > 0)).tolist():
            scored[group].append((-float(worth[group]), term))
    return [tuple(_distinct(sorted(scored[group]))) for group in range(rest)]


def _own(block: Block, of_row: Numbers) -> Numbers:
    return of_row[block.start : block.start + len(block.postings.lengths)]


def _candidates(block: Block, own: Numbers, count: int) -> Iterator[str]:
    """Give the words that are most a group's own within one block."""
    postings = block.postings
    terms = np.repeat(np.arange(len(postings.terms)), sizes(postings.starts))
    rows = np.asarray(postings.rows, np.int64)
    there = rows < len(own)
    terms, found = terms[there], own[rows[there]]
    pairs, said = np.unique((terms * count + found)[found >= 0], return_counts=True)
    terms, found = pairs // count, pairs % count
    every = np.bincount(terms, said, len(postings.terms)).astype(np.int64)
    alike = np.bincount(found, said, count).astype(np.int64)
    worth = _worth(said, every[terms], alike[found], int(said.sum()))
    order = np.lexsort((terms, -worth, found))
    begins = np.searchsorted(found[order], np.arange(count + 1))
    for first, last in zip(begins[:-1].tolist(), begins[1:].tolist(), strict=True):
        left = _LOOKED_AT
        for at in order[first:last].tolist():
            term = postings.terms[int(terms[at])].decode()
            if len(term) >= _LETTERS and not term.isdigit():
                yield term
                left -= 1
            if not left or worth[at] <= 0:
                break


def _saying(now: Generation, term: str, of_row: Numbers, count: int) -> Numbers:
    found = of_row[now.words.saying(term)]
    return np.bincount(found[found >= 0], minlength=count)


def _worth(said: Numbers, everywhere: Counts, own: Numbers, total: Counts) -> Floats:
    """Give the share of a group that says a word, times how much rarer it is in all."""
    here, all_over = said / np.maximum(own, 1), everywhere / np.maximum(total, 1)
    worth = here * np.log(np.maximum(here, 1e-12) / np.maximum(all_over, 1e-12))
    return np.asarray(np.where(all_over > _COMMON, 0, worth))


def _distinct(scored: list[tuple[float, str]]) -> Iterator[str]:
    """Give the first few that are not forms of one word."""
    seen: set[str] = set()
    for _, term in scored:
        root = stem(term)
        if root not in seen:
            seen.add(root)
            yield term
        if len(seen) == _WORDS:
            return
