"""BM25 as its formula says, one row and one word at a time."""

from __future__ import annotations

import math
from collections.abc import Sequence

from omnisearch.storage.words import tokens


def bm25(
    texts: Sequence[str | None], words: Sequence[str], phrases: Sequence[Sequence[str]] = ()
) -> dict[int, float]:
    """Score every row that has a word, and each phrase."""
    rows = [tokens.terms(text or "") for text in texts]
    said = [row for row in rows if row]
    mean = sum(map(len, said)) / len(said)
    total: dict[int, float] = {}
    having = set(range(len(rows)))
    for phrase in [*((word,) for word in words), *phrases]:
        counts = {at: _count(row, phrase) for at, row in enumerate(rows)}
        idf = 0.0
        for word in phrase:
            having_word = sum(word in row for row in rows)
            idf += math.log(1 + (len(said) - having_word + 0.5) / (having_word + 0.5))
        for at, tf in counts.items():
            if tf:
                norm = 1.2 * (1 - 0.75 + 0.75 * len(rows[at]) / mean)
                total[at] = total.get(at, 0.0) + idf * tf * 2.2 / (tf + norm)
        if phrase in list(phrases):
            having &= {at for at, tf in counts.items() if tf}
    return {at: score for at, score in total.items() if at in having}


def _count(row: Sequence[str], phrase: Sequence[str]) -> int:
    last = len(row) - len(phrase) + 1
    return sum(list(row[at : at + len(phrase)]) == list(phrase) for at in range(last))
