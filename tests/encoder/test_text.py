"""Words to tokens, and long texts to passages."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omnisearch.encoder.model import ModelFiles
from omnisearch.encoder.text import Words, passages
from omnisearch.errors import PartError
from tests.encoder.conftest import SHIPPED_FOLDER

assert SHIPPED_FOLDER is not None
WORDS = Words(ModelFiles(SHIPPED_FOLDER))


def test_a_text_begins_and_ends_with_its_marks() -> None:
    found = WORDS.ids("A red bicycle")
    assert [found[0], found[-1]] == WORDS.none and len(found) == 5


@pytest.mark.parametrize("text", ["", "   \n\t ", "\x00\x01"])
def test_an_empty_text_is_refused(text: str) -> None:
    with pytest.raises(PartError, match="the text is empty: give words"):
        WORDS.ids(text)


def test_only_signs_that_are_unknown_are_refused() -> None:
    with pytest.raises(PartError, match="only signs that the encoder does not know: say it"):
        WORDS.ids("😀 🚲🚲")
    assert len(WORDS.ids("a bicycle 🚲")) == 5


def test_half_a_character_is_refused_with_its_place() -> None:
    for read in (WORDS.ids, WORDS.ids_or_none, WORDS.passages):
        with pytest.raises(PartError, match=r"lone surrogate\) at 2: decode it again"):
            read("ab\ud800c")


class Counting:
    """A tokenizer that counts the characters it is given."""

    def __init__(self, words: Words) -> None:
        self.words, self.known, self.given = words, words._tokens, 0
        words._tokens = self

    def encode(self, text: str) -> Any:
        self.given += len(text)
        return self.known.encode(text)

    def token_to_id(self, name: str) -> Any:
        return self.known.token_to_id(name)


def test_ten_megabytes_are_cut_without_reading_them_all() -> None:
    words = Words(WORDS._files)
    long = "The quick brown fox jumps over the lazy dog. " * 230_000
    counting = Counting(words)
    found = words.ids(long)
    assert counting.given < 10_000
    assert len(found) == WORDS.longest
    assert found == WORDS.ids(long[:5_000])
    assert words.ids("\n" * 10_000_000 + "a dog") == WORDS.ids("a dog")
    assert counting.given < 10_000
    with pytest.raises(PartError, match="'bbbbbbbbbbbbbbbbbbbb' has only signs"):
        words.ids("b" * 10_000_000 + " dog")
    assert counting.given < 500_000


def test_what_is_cut_is_what_the_reference_cuts() -> None:
    from tokenizers import Tokenizer

    assert SHIPPED_FOLDER is not None
    reference = Tokenizer.from_file(str(SHIPPED_FOLDER / "tokenizer.json"))
    reference.enable_truncation(WORDS.longest)
    reference.no_padding()
    for text in ("one two three", "wörds, and signs! " * 200, "x" * 99 + " y" * 4_000):
        assert WORDS.ids(text) == reference.encode(text).ids


def test_words_beside_media_may_be_absent() -> None:
    assert WORDS.ids_or_none("") == WORDS.none
    assert len(WORDS.ids_or_none("two words")) == 4


def test_passages_end_with_sentences_and_fit() -> None:
    text = "".join(f"Sentence number {n} speaks of things.\n" for n in range(200))
    spans = WORDS.passages(text)
    assert len(spans) > 3
    for start, stop in spans:
        assert text[start:stop].startswith("Sentence") and text[start:stop].endswith("things.")
        assert len(WORDS.ids(text[start:stop])) <= WORDS.longest
    joined = " ".join(text[start:stop] for start, stop in spans)
    assert joined.split() == text.split()
    assert WORDS.passages("  short.  ") == [(2, 8)]
    assert WORDS.passages(" \n ") == []


def by_letters(text: str) -> list[tuple[int, int]]:
    """Every character that is no blank is a token."""
    return [(at, at + 1) for at, one in enumerate(text) if not one.isspace()]


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="ab .!?\n。é", max_size=400), st.integers(1, 40))
def test_passages_leave_nothing_out_and_never_overlap(text: str, room: int) -> None:
    spans = passages(text, by_letters, room)
    ends = [0, *(end for span in spans for end in span)]
    assert ends == sorted(ends)
    assert "".join("".join(text[a:b] for a, b in spans).split()) == "".join(text.split())
    assert all(0 < len(by_letters(text[a:b])) <= room for a, b in spans)


def test_a_text_without_any_end_is_cut_in_time() -> None:
    spans = passages("ab " * 100_000, by_letters, 500)
    assert all(b - a <= 2_000 for a, b in spans) and len(spans) >= 400
    assert passages("a" * 5_000, by_letters, 3_000) == [(0, 2_000), (2_000, 5_000)]
