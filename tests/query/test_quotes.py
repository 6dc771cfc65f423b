"""What stands in quotation marks must be there; the marks of inches ask for nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

import omnisearch as om
from omnisearch.query.options import Mode
from omnisearch.storage.words.quotes import QUOTED
from tests.query.test_calibrating import Toy

MODES: tuple[Mode, ...] = ("hybrid", "words")


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ('a 5" pipe and a 6" pipe', []),
        ('the 5" pipe, "red paint"', ['"red paint"']),
        ('"red paint" on a 5" pipe', ['"red paint"']),
        ('("red paint"), or="blue"', ['"red paint"', '"blue"']),
        ('"red""blue"', ['"red"', '"blue"']),
        ('\u05e6\u05d4"\u05dc \u05d5\u05d0\u05e8\u05d4"\u05d1', []),  # letters of acronyms
        ('\u6211\u8981"\u7ea2\u8272"\u7684', ['"\u7ea2\u8272"']),  # written without spaces
        ("a 5\u201cpipe\u201d", ["\u201cpipe\u201d"]),
    ],
)
def test_a_straight_mark_behind_a_letter_or_digit_begins_nothing(
    text: str, quoted: list[str]
) -> None:
    assert [match[0] for match in QUOTED.finditer(text)] == quoted


def test_inches_are_no_phrase(tmp_path: Path) -> None:
    with om.open(tmp_path / "c", encoder=om.Encoder(Toy())) as col:
        col.add([om.Item("six", text="a 6 pipe"), om.Item("red", text="red paint")])
        for mode in MODES:
            hits = col.query(text='a 5" pipe and a 6" pipe', mode=mode)
            assert hits.ids[0] == "six" and "bm25" in hits[0].parts


@pytest.mark.parametrize("mode", MODES)
def test_a_phrase_that_nothing_says_is_told_of(tmp_path: Path, mode: Mode) -> None:
    with om.open(tmp_path / "c", encoder=om.Encoder(Toy())) as col:
        col.add([om.Item("red", text="red paint", metadata={"n": 1})])
        nothing = col.query(text='"paint red"', mode=mode)
        assert (len(nothing), nothing.remarks) == (
            0,
            ("what stands in quotes is said nowhere, word behind word: ask without the quotes",),
        )
        assert col.query(text='"red paint"', mode=mode).remarks == ()
        for filtered in ({"where": "n = 2"}, {"offset": 5}):
            hits = col.query(text='"red paint"', mode=mode, **filtered)
            assert (len(hits), hits.remarks) == (0, ())
