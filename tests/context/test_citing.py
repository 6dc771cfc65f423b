from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnisearch.context.citing import CitationChecker, checked


@pytest.mark.parametrize(
    ("answer", "text", "cited", "struck"),
    [
        ("It is so [1].", "It is so [1].", (1,), ()),
        ("It is so [7].", "It is so [?].", (), (7,)),
        ("Both [1, 9] and [2][8].", "Both [1] and [2][?].", (1, 2), (9, 8)),
        ("All [1-3].", "All [1-3].", (1, 2, 3), ()),
        ("All [2-5].", "All [2, 3].", (2, 3), (4, 5)),
        ("So 【2†source】 and [Source 9].", "So 【2†source】 and [?].", (2,), (9,)),
        ("In [2021] nothing.", "In [2021] nothing.", (), ()),
        ("None [0], nor a[i] or [x].", "None [?], nor a[i] or [x].", (), (0,)),
        ("Open [1", "Open [1", (), ()),
        ("Lines [1,\n9].", "Lines [1,\n9].", (), ()),
        ("Back [3-1].", "Back [3-1].", (3, 1), ()),
    ],
)
def test_numbers_that_are_no_sources_are_struck(
    answer: str, text: str, cited: tuple[int, ...], struck: tuple[int, ...]
) -> None:
    found = checked(answer, range(1, 4))
    assert (found.text, found.cited, found.struck) == (text, cited, struck)


@given(
    st.lists(st.sampled_from(["So ", "[1]", " [9]", "[2, ", "8]", "[", "]", "word", "\n", "[12]"])),
    st.integers(1, 7),
)
def test_it_does_not_matter_how_an_answer_is_cut(pieces: list[str], step: int) -> None:
    answer = "".join(pieces)
    whole, checker = checked(answer, range(1, 4)), CitationChecker(range(1, 4))
    shown = [checker.feed(answer[at : at + step]) for at in range(0, len(answer), step)]
    assert "".join([*shown, checker.end()]) == whole.text
    assert (checker.cited, checker.struck) == (whole.cited, whole.struck)
    assert checked(whole.text, range(1, 4)).struck == ()


def test_what_is_shown_lags_no_more_than_a_bracket() -> None:
    checker = CitationChecker(range(1, 4))
    assert checker.feed("It rains ") == "It rains"
    assert checker.feed("[1") == ""
    assert checker.feed("] today") == " [1] today"
    assert checker.feed(" [" + "x" * 500) == " [" + "x" * 500


def test_a_long_list_is_checked_however_it_comes() -> None:
    answer = f"All [{', '.join(str(number) for number in range(1, 31))}]."
    checker = CitationChecker(range(1, 4))
    assert "".join([*map(checker.feed, answer), checker.end()]) == "All [1, 2, 3]."
    assert checker.struck == (*range(4, 31),)
