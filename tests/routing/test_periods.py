"""Words that are days: read on a Wednesday, the fifteenth of January 2025."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnisearch.routing.periods import Period, mentions
from omnisearch.routing.question import Question

TODAY = date(2025, 1, 15)
DAYS = {
    "2024-05-03": ("2024-05-03", "2024-05-04"),
    "2024-05": ("2024-05-01", "2024-06-01"),
    "in 2019": ("2019-01-01", "2020-01-01"),
    "3 May 2023": ("2023-05-03", "2023-05-04"),
    "the 3rd of May, 2023": ("2023-05-03", "2023-05-04"),
    "May 3rd": ("2024-05-03", "2024-05-04"),
    "May 3rd, 2021": ("2021-05-03", "2021-05-04"),
    "in May": ("2024-05-01", "2024-06-01"),
    "in January": ("2025-01-01", "2025-02-01"),
    "December of 2023": ("2023-12-01", "2024-01-01"),
    "Sept '19": ("2019-09-01", "2019-10-01"),
    "last March": ("2024-03-01", "2024-04-01"),
    "in summer 2023": ("2023-06-01", "2023-09-01"),
    "last winter": ("2024-12-01", "2025-03-01"),
    "in the 90s": ("1990-01-01", "2000-01-01"),
    "in the 1950s": ("1950-01-01", "1960-01-01"),
    "the sixties": ("1960-01-01", "1970-01-01"),
    "today": ("2025-01-15", "2025-01-16"),
    "Yesterday": ("2025-01-14", "2025-01-15"),
    "the day before yesterday": ("2025-01-13", "2025-01-14"),
    "this week": ("2025-01-13", "2025-01-20"),
    "last week": ("2025-01-06", "2025-01-13"),
    "last weekend": ("2025-01-11", "2025-01-13"),
    "this month": ("2025-01-01", "2025-02-01"),
    "last month": ("2024-12-01", "2025-01-01"),
    "last year": ("2024-01-01", "2025-01-01"),
    "on Monday": ("2025-01-13", "2025-01-14"),
    "last Wednesday": ("2025-01-08", "2025-01-09"),
    "the last three weeks": ("2024-12-25", "2025-01-16"),
    "past 2 months": ("2024-11-15", "2025-01-16"),
    "the last year": ("2024-01-01", "2025-01-01"),
    "ten days ago": ("2025-01-05", "2025-01-06"),
    "two weeks ago": ("2024-12-30", "2025-01-06"),
    "a month ago": ("2024-12-01", "2025-01-01"),
    "3 years ago": ("2022-01-01", "2023-01-01"),
    "on 29 February": ("2024-02-29", "2024-03-01"),
}
NONE = (
    "",
    "a mayfly in the marching band",
    "room 20245",
    "2024-13-01",
    "0 days ago",
    "INV-2024-17",
    "thirty crowns",
)


def read(text: str, *dated: date) -> list[Period]:
    asked = Question.of(text, TODAY)

    def has(period: Period) -> bool:
        return not dated or any(period.first <= one < period.end for one in dated)

    return [one.period for one in mentions(asked.plain, TODAY, has)]


@pytest.mark.parametrize("text", DAYS)
def test_words_are_days(text: str) -> None:
    first, end = map(date.fromisoformat, DAYS[text])
    assert read(f"{text}?") == [Period(first, end)]


@pytest.mark.parametrize("text", NONE)
def test_what_is_no_day(text: str) -> None:
    assert read(text) == []


def test_of_several_years_the_latest_with_anything_is_meant() -> None:
    assert read("in May", date(2021, 5, 9), date(2019, 5, 9)) == [
        Period(date(2021, 5, 1), date(2021, 6, 1))
    ]
    assert read("on May 9", date(2019, 5, 9)) == [Period(date(2019, 5, 9), date(2019, 5, 10))]
    assert read("in winter", date(2022, 1, 9)) == [Period(date(2021, 12, 1), date(2022, 3, 1))]


def test_several_stand_in_their_order() -> None:
    assert read("from March 2023 to 2 June 2024") == [
        Period(date(2023, 3, 1), date(2023, 4, 1)),
        Period(date(2024, 6, 2), date(2024, 6, 3)),
    ]


@given(st.text(), st.dates())
def test_no_text_is_too_odd(text: str, today: date) -> None:
    asked = Question.of(text, today)
    assert len(asked.plain) == len(asked.text)
    for one in mentions(asked.plain, today, lambda period: False):
        assert one.period.first < one.period.end and 0 <= one.start < one.end <= len(text)


PIECES = st.sampled_from(
    "last this past the in may march 31 29 february 9999 1800 2099 years weeks ago ten 99 "
    "monday summer winter '24 90s between and yesterday 2024-02-30 september of".split()
)


@given(st.lists(PIECES, max_size=8).map(" ".join), st.dates())
def test_no_mixture_of_its_words_is_too_odd(text: str, today: date) -> None:
    for one in mentions(text, today, lambda period: period.first.day == 7):
        assert one.period.first < one.period.end
