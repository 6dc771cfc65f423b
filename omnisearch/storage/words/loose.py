"""Postings of rows that arrive a few at a time: few blocks, the newest ones joined as they grow."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import NamedTuple

from omnisearch.storage.words.building import Mask, build, merge, without
from omnisearch.storage.words.postings import Postings

Texts = Callable[[int, int], Sequence[str | None]]


class Block(NamedTuple):
    """Postings of rows from `start` on."""

    start: int
    postings: Postings


def joined(parts: Sequence[tuple[Sequence[Block], int, Mask | None]]) -> Postings | None:
    """Join what parts say, given as blocks, rows, and the rows that stay; None where none does."""
    if not any(blocks for blocks, _, _ in parts):
        return None
    found = []
    for blocks, rows, keep in parts:
        one = blocks[0].postings if blocks else build([None] * rows)
        found.append(one if keep is None else without(one, keep))
    return merge(found)


class LooseWords:
    """Grows at its end only, when somebody asks; what was given out stays true."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts
        self._lock = threading.Lock()
        self._blocks: list[Block] = []
        self._rows = 0

    def upto(self, rows: int) -> list[Block]:
        """Give the postings of the first rows; the last block may know of rows behind them."""
        with self._lock:
            if rows > self._rows:
                self._append(rows)
            return [block for block in self._blocks if block.start < rows]

    def _append(self, rows: int) -> None:
        block = Block(self._rows, build(self._texts(self._rows, rows)))
        blocks = [*self._blocks, block]
        while len(blocks) > 1 and _size(blocks[-2]) <= 2 * _size(blocks[-1]):
            joined = merge([blocks[-2].postings, blocks[-1].postings])
            blocks[-2:] = [Block(blocks[-2].start, joined)]
        self._blocks, self._rows = blocks, rows


def _size(block: Block) -> int:
    return len(block.postings.lengths)
