"""Words that are spelt alike: found are those that a plain comparison finds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omnisearch.storage.words.building import build
from omnisearch.storage.words.letters import letters
from omnisearch.storage.words.loose import Block
from omnisearch.storage.words.near import distances, near
from omnisearch.storage.words.postings import Table
from omnisearch.storage.words.scoring import Words

WORDS = st.text("abcdeé", min_size=1, max_size=7)


def edits(one: str, other: str) -> int:
    """Count edits by the textbook, letters that are swapped as one."""
    table = np.zeros((len(one) + 1, len(other) + 1), int)
    table[:, 0], table[0] = range(len(one) + 1), range(len(other) + 1)
    for a in range(1, len(one) + 1):
        for b in range(1, len(other) + 1):
            differ = one[a - 1] != other[b - 1]
            ways = [table[a - 1, b] + 1, table[a, b - 1] + 1, table[a - 1, b - 1] + differ]
            if a > 1 and b > 1 and one[a - 1] == other[b - 2] and one[a - 2] == other[b - 1]:
                ways.append(table[a - 2, b - 2] + 1)
            table[a, b] = min(ways)
    return int(table[-1, -1])


def spoken(words: list[str], blocks: int = 1) -> Words:
    made, start = [], 0
    for number in range(blocks):
        rows = [[word] for word in words[number::blocks]]
        made.append(Block(start, build([" ".join(row) for row in rows])))
        start += len(rows)
    return Words(start, made)


@given(WORDS, st.lists(WORDS, min_size=1, max_size=12))
@settings(max_examples=150)
def test_distances_are_those_of_the_textbook(term: str, others: list[str]) -> None:
    assert distances(term, others).tolist() == [edits(term, one) for one in others]


@given(WORDS, st.lists(WORDS, min_size=1, max_size=20), st.integers(0, 2), st.integers(1, 3))
@settings(max_examples=150)
def test_near_words_are_all_found(term: str, words: list[str], most: int, blocks: int) -> None:
    found = {one.term: (one.edits, one.rows) for one in near(spoken(words, blocks), term, most)}
    expected = {
        word: (edits(term, word), words.count(word)) for word in words if edits(term, word) <= most
    }
    assert found == expected


def test_letters_of_many_words() -> None:
    words = sorted(f"{chr(97 + n % 26)}{n}".encode() for n in range(70_000))
    table = Table.of([b"", *words])
    found = letters(table.offsets, table.text)
    assert found[0] == 0
    for at in (1, 2, 65_535, 65_536, 65_537, 70_000):
        expected = np.bitwise_or.reduce([np.uint64(1) << np.uint64(one & 63) for one in table[at]])
        assert found[at] == expected


@pytest.mark.parametrize("words", [[], [""]])
def test_nothing_is_near_where_nothing_is_said(words: list[str]) -> None:
    assert near(spoken(words), "harbour", 2) == []
