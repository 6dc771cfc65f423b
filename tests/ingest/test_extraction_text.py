"""Texts: which passages they make, where these stand, and how they are decoded."""

from __future__ import annotations

from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omnisearch.encoder.model import ModelFiles
from omnisearch.encoder.registry import SHIPPED, place
from omnisearch.encoder.text import Words
from omnisearch.errors import EmptyError
from omnisearch.ingest.extraction.passages import ROOM, tokens
from omnisearch.media.caps import Caps
from tests.growing import grows_linearly
from tests.ingest.extracting import extracted, said, spans

ROOT = Path(__file__).parents[2]
PARAGRAPHS = "\n\n".join(
    f"Paragraph {number} tells of the harbour. The boats come home in the evening. "
    "Gulls follow them, and children count the crates of fish on the quay."
    for number in range(40)
)
MARKED = """---
title: Kitchen
---
# Soups

Onion soup takes an hour.

```python
# not a heading
cook(onions)
```

Bread
-----

Rye bread takes two days.
"""


def test_a_short_text_is_one_passage() -> None:
    item, segments, end = extracted(b"\n  Dear Anna, the key is under the mat.\n", "note.txt")
    assert item.fields["modality"] == "text" and item.fields["type"] == "text"
    assert spans(segments) == [{"start": 3, "end": 39}]
    assert segments[0].fields["words"] == "Dear Anna, the key is under the mat."
    assert segments[0].fields["view"] == "words" and not segments[0].arrays
    assert end.fields == {"what": "end", "truncated": False, "damaged": False, "columns": {}}


def test_passages_of_prose_are_the_text_at_their_span_and_leave_nothing_out() -> None:
    _, segments, _ = extracted(PARAGRAPHS.encode(), "story.txt")
    covered = 0
    for one in segments:
        span = one.fields["span"]
        assert one.fields["words"] == PARAGRAPHS[span["start"] : span["end"]]
        assert tokens(one.fields["words"]) <= ROOM
        assert span["start"] <= covered + 2  # the blanks between paragraphs
        covered = max(covered, span["end"])
    assert covered == len(PARAGRAPHS)
    assert all(ROOM / 2 <= tokens(one.fields["words"]) for one in segments[:-1])


def test_what_is_said_across_a_cut_is_in_one_passage() -> None:
    text = " ".join(f"Sentence {number} is here." for number in range(300))
    found = said(text.encode(), "long.txt")
    assert len(found) > 5
    for before, after in pairwise(found):
        assert after.split(". ")[0] in before


def test_a_heading_begins_a_passage_and_is_told_again() -> None:
    body = " ".join(f"Sentence {number} about soups is here." for number in range(60))
    found = said(f"# Soups\n\n{body}\n\n# Bread\n\n{body}\n".encode(), "cook.md")
    assert found[0].startswith("# Soups") and found[1].startswith("Soups\nSentence")
    bread = next(number for number, one in enumerate(found) if "# Bread" in one)
    assert found[bread].startswith("# Bread") and "# Bread" not in found[bread - 1]


def test_markdown_that_is_short_stays_as_it_is() -> None:
    item, segments, _ = extracted(MARKED.encode(), "notes.md")
    assert item.fields["type"] == "markdown"
    assert [one.fields["words"] for one in segments] == [MARKED.strip()]


def test_code_is_cut_between_functions() -> None:
    code = "\n\n".join(f"def f{n}(x):\n    y = x + {n}\n\n    return y * y" for n in range(60))
    found = said(code.encode(), "many.py")
    assert len(found) > 3
    assert all(one.startswith(("def ", "return", "y =")) for one in found)
    assert all(one.endswith("return y * y") for one in found)


def test_html_is_what_a_reader_sees() -> None:
    page = (
        "<!DOCTYPE html><html><head><title>Caf&eacute; &amp; Bar</title><style>p{x:1}</style>"
        "<script>if (a<b) { alert('x>y') }</script></head><body><h1>Menu</h1>"
        "<p>Two <b>eggs</b> <i>&lt;fresh&gt;</i>, don't\nask.<!-- no <p> --><ul><li>one<li>two</ul>"
        "<img src='http://example.org/a.png' alt='a > b'><svg><text>no</text></svg>5 < 6"
    )
    item, segments, _ = extracted(page.encode(), "menu.html")
    assert item.fields["columns"] == {"doc.title": "Café & Bar"}
    assert item.fields["named"] == "Café & Bar menu"
    words = "Menu\nTwo eggs <fresh>, don't ask.\none\ntwo\na > b 5 < 6"
    assert [one.fields["words"] for one in segments] == [words]
    span = segments[0].fields["span"]
    assert page[span["start"] : span["start"] + 4] == "Menu"
    assert page[span["end"] - 5 : span["end"]] == "5 < 6"


def test_rows_of_a_table_stay_whole_and_know_their_columns() -> None:
    rows = "".join(f'{n},"Widget ""{n}"", large\nand red",{n * 3}\n' for n in range(60))
    found = said(f"number,name,price\n{rows}".encode(), "stock.csv")
    assert found[0].startswith('number,name,price\n0,"Widget')
    assert found[1].startswith("number,name,price\n")
    assert all(one.rstrip()[-1].isdigit() for one in found)


def test_json_is_names_and_values() -> None:
    text = '{"a": {"title": "caf\\u00e9 \\ud800", "list": [1, 2, {"x": "y"}]}, "ok": true}'
    _, segments, _ = extracted(text.encode(), "one.json")
    assert segments[0].fields["words"] == "a: title: café \ufffd, list: 1, 2, x: y\nok: true"
    assert said(b'[{"deep": ' * 50_000 + b'"found"', "deep.json")[-1].endswith("found")


def test_subtitles_are_found_by_their_times() -> None:
    text = (
        "1\n00:00:01,000 --> 00:00:02,500\n<i>Hello</i> there\n\n"
        "2\n00:00:03,000 --> 00:00:04,000\nGeneral\nKenobi\n\n3\n00:01:03,000 --> 01:01:04,5\nlater"
    )
    item, segments, _ = extracted(text.encode("utf-8-sig"), "film.srt")
    assert item.fields["type"] == "srt" and item.fields["modality"] == "text"
    assert [one.fields["words"] for one in segments] == ["Hello there\nGeneral Kenobi", "later"]
    assert spans(segments) == [
        {"start_s": 1.0, "end_s": 4.0},
        {"start_s": 63.0, "end_s": 3664.5},
    ]
    vtt = b"WEBVTT\n\n01:02.000 --> 01:03.000 align:start\n<v Ann>Rolling &amp; rolling\n"
    assert said(vtt, "film.vtt") == ["Rolling & rolling"]


@pytest.mark.parametrize(
    ("encoding", "note"),
    [
        ("utf-8", []),
        ("utf-8-sig", []),
        ("utf-16", []),
        ("utf-16-le", []),
        ("utf-32", []),
        ("cp1252", ["in no Unicode: read as Windows-1252"]),
    ],
)
def test_encodings_are_told_apart(encoding: str, note: list[str]) -> None:
    text = "Der Bär läuft über die Brücke — später kommt er zurück, müde und träge."
    item, segments, _ = extracted(text.encode(encoding), "bear.txt")
    assert [one.fields["words"] for one in segments] == [text]
    assert spans(segments) == [{"start": 0, "end": len(text)}]
    assert item.fields["notes"] == note


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("windows-1251", "Добрый день, дорогие друзья"),
        ("shift_jis", "日本語のページです"),
        ("iso-8859-2", "Zażółć gęślą jaźń"),
    ],
)
def test_a_page_may_say_in_which_encoding_it_is(encoding: str, text: str) -> None:
    page = f"<html><meta http-equiv=x content='text/html; charset={encoding}'><p>{text}"
    item, segments, _ = extracted(page.encode(encoding), "old.html")
    assert [one.fields["words"] for one in segments] == [text]
    assert item.fields["notes"] == []
    lies = page.replace(encoding, "x-nothing").encode(encoding)
    assert extracted(lies, "old.html")[0].fields["notes"] == ["in no Unicode: read as Windows-1252"]


def test_some_damage_is_replaced_and_said() -> None:
    content = ("Grüße aus Österreich. " * 200).encode() + b"\xff\xfe end"
    item, segments, _ = extracted(content, "letter.txt")
    assert item.fields["notes"] == ["damaged: 2 signs are lost"]
    assert segments[-1].fields["words"].endswith("\ufffd\ufffd end")


def test_controls_are_blanks_and_offsets_stay() -> None:
    text = "plain words in the first place. " * 200 + "then\x00a\x1b[31mred\x07 word\u202e and more"
    _, segments, _ = extracted(text.encode(), "log.txt")
    last = segments[-1].fields
    assert last["words"].endswith("then a [31mred  word\u202e and more")
    assert last["span"]["end"] == len(text)


@pytest.mark.parametrize(
    "content", [b"", b" \n\t\n", b"\xef\xbb\xbf", b"<html><body></body></html>"]
)
def test_no_words_are_no_failure(content: bytes) -> None:
    with pytest.raises(EmptyError):
        extracted(content, "empty.html" if content[:1] == b"<" else "empty.txt")


def test_a_text_is_read_up_to_the_cap() -> None:
    found = extracted(b"word " * 1_000, "long.txt", Caps(text=1_000))
    assert found[2].fields["truncated"] and found[1][-1].fields["span"]["end"] == 999
    assert not extracted(b"word " * 200, "long.txt", Caps(text=1_000))[2].fields["truncated"]


@pytest.mark.parametrize(
    "evil",
    [
        ".",
        ".)",
        '\\"',
        "<",
        "<a '",
        "<a \"><b '>",
        "<!--",
        "<script>",
        "&",
        "<p>",
        "</",
        "\n\n",
        "# ",
        "```\n",
        "{",
        '"',
    ],
)
@pytest.mark.parametrize("name", ["evil.html", "evil.md", "evil.json", "evil.csv", "evil.srt"])
def test_no_text_takes_long(evil: str, name: str) -> None:
    def extract(size: int) -> None:
        content = (evil * (size // len(evil)) + " end").encode()
        with suppress(EmptyError):
            extracted(content, name)

    assert grows_linearly(extract, 60_000)  # 0.3 s where nothing else runs


def test_a_line_without_an_end_is_cut() -> None:
    found = said(b"x" * 500_000, "line.txt")
    assert sum(map(len, found)) >= 500_000 and max(map(tokens, found)) <= ROOM


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=3_000), st.sampled_from(["a.txt", "a.md", "a.py", "a.html", "a.csv"]))
def test_any_text_is_cut_in_order_and_within_itself(text: str, name: str) -> None:
    content = "Begin. " * 700 + text  # by which it is judged
    try:
        _, segments, _ = extracted(content.encode("utf-8", "replace"), name)
    except EmptyError:
        return
    places = [(one.fields["span"]["start"], one.fields["span"]["end"]) for one in segments]
    assert places == sorted(places) and len(set(places)) == len(places)
    assert all(0 <= start < end <= len(content) for start, end in places)
    assert all(one.fields["words"].strip() for one in segments)


def test_passages_fit_the_encoder() -> None:
    folder = place(SHIPPED)
    assert folder is not None
    words = Words(ModelFiles(folder, 1))
    over = count = 0
    for path in [*(ROOT / "docs").glob("*.md"), *(ROOT / "omnisearch" / "media").glob("*.py")]:
        for passage in said(path.read_bytes(), path.name):
            count += 1
            over += len(words.ids(passage)) >= words.longest
    assert count > 300 and over / count < 0.01
