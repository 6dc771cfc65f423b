"""Hits on a terminal, in a pipe and as paths, from hits that are made here."""

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

import omnisearch as om
from omnisearch_cli import output
from omnisearch_cli.answers import moment
from omnisearch_cli.answers.excerpt import excerpt
from omnisearch_cli.answers.printed import Form, printed
from omnisearch_cli.answers.screen import Screen
from omnisearch_cli.answers.table import sure

_SEQUENCES = re.compile("\x1b\\[[0-9]*m|\x1b\\]8;;[^\x1b]*\x1b\\\\")
TYRE = "Mending a flat tyre takes ten minutes. First, take off the wheel; then lift the tyre."
SPANS = st.sampled_from(
    [
        None,
        om.TimeSpan(3723.2, 3731.0),
        om.PageSpan(2),
        om.TextSpan(1200, 1850),
        om.RegionSpan((0.0, 0.0, 1.0, 1.0)),
        om.RegionSpan((0.1, 0.25, 0.5, 1 / 3)),
    ]
)


def hit(name: str = "a", **more: Any) -> om.Hit:
    uri = f"file://{quote(name)}" if name.startswith("/") else None
    told: dict[str, Any] = {
        "id": f"{name}#1",
        "item": name,
        "uri": uri,
        "locations": () if uri is None else (uri,),
        "modality": "text",
        "view": "words",
        "span": None,
        "score": 0.3,
        "confidence": None,
        "parts": {},
        "folded": 0,
        "snippet": None,
        "metadata": {},
    }
    return om.Hit(**{**told, **more})


def shown(hits: Sequence[om.Hit], form: Form = "table", first: int = 1, **screen: Any) -> str:
    lines = printed(hits, form, Screen(**{"terminal": True, **screen}), first)
    return b"".join(lines).decode()


def test_an_item_has_its_best_moment_and_what_it_says() -> None:
    marks = ((10, 14), (15, 19))
    hits = [
        hit("/m/talk.mp3", modality="audio", span=om.TimeSpan(133, 141), confidence=0.94, folded=2),
        hit("/m/manual.pdf", modality="document", span=om.PageSpan(3), confidence=0.5,
            snippet=TYRE, marks=marks),
    ]  # fmt: skip
    assert shown(hits, columns=60, first=11) == (
        " #  sure  kind      where\n"
        "11   94%  audio     /m/talk.mp3  2:13-2:21  +2 more\n"
        "12   50%  document  /m/manual.pdf  page 3\n"
        "                    Mending a flat tyre takes ten minutes.\n"
        "                    First, take off the wheel; then lift …\n"
    )
    bold = shown(hits, columns=60, bold=True)
    assert "Mending a \x1b[1mflat\x1b[0m \x1b[1mtyre\x1b[0m takes" in bold
    wide = shown(hits, columns=160).splitlines()
    assert wide[0] == " #  sure   score  kind      where".replace(" #", "#", 1)
    assert wide[3].endswith(TYRE)


def test_vectors_of_ones_own_show_their_metadata() -> None:
    own = [
        hit("row-7", modality=None, score=0.98123, metadata={"n": 7, "file.name": "x"}),
        hit("row-8", modality=None, score=-12345.6),
    ]
    assert shown(own) == "#     score  id\n1    0.9812  row-7  n=7\n2  -12345.6  row-8\n"
    assert shown([]) == ""


def test_what_only_repeats_the_name_is_not_said() -> None:
    named = hit("/p/red-shoe.jpg", snippet="Red Shoe")
    assert "Red Shoe" not in shown([named])
    assert "Red Shoe" not in shown([hit("/p/red-shoe.jpg", snippet="Red Shoe", marks=((0, 3),))])
    assert "Red Shoe" in shown([hit("/p/1.jpg", snippet="Red Shoe")])


def test_links_go_to_files_and_nowhere_else() -> None:
    line = shown([hit("/p/a b\n.jpg")], links=True).splitlines()[1]
    assert "\x1b]8;;file:///p/a%20b%0A.jpg\x1b\\/p/a b\\u000a.jpg\x1b]8;;\x1b\\" in line
    assert "\x1b" not in shown([hit("/p/" + "x" * 3000)], links=True)
    forged = hit("/p/x", uri="file:///p/\x1b]0;x\x07", locations=("file:///p/x",))
    assert "\x1b" not in shown([forged], links=True)


def test_names_and_words_say_nothing_to_a_terminal() -> None:
    bad = hit("/p/\x1b[31m\u202ename", snippet="a\x1b]0;x\x07 \u2028b", metadata={"\x9b": "\x00"})
    for form in ("table", "json"):
        text = shown([bad], form, bold=True)
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u202e]", _SEQUENCES.sub("", text))


def test_json_has_the_names_of_the_record() -> None:
    taken = datetime(2026, 5, 1, tzinfo=UTC)
    one = hit("/p/ü", span=om.PageSpan(2, (0, 0, 0.5, 1)), marks=((0, 3),), snippet="Red",
              metadata={"file.date": taken}, parts={"bm25": 2.0})  # fmt: skip
    (line,) = shown([one], "json", terminal=False).splitlines()
    told = json.loads(line)
    assert list(told)[:9] == "id item uri locations modality view span score confidence".split()
    assert list(told)[9:] == "parts folded snippet metadata marks reranked".split()
    assert told["uri"] == "file:///p/%C3%BC" and told["locations"] == ["file:///p/%C3%BC"]
    assert told["span"] == {"page": 2, "box": [0, 0, 0.5, 1]} and told["marks"] == [[0, 3]]
    assert told["metadata"] == {"file.date": "2026-05-01T00:00:00Z"}


def test_paths_are_the_bytes_of_the_names_each_once() -> None:
    hits = [hit("/p/a"), hit("sku"), hit("/p/a"), hit("/p/\nb", uri="file:///p/%0Ab%FF")]
    assert b"".join(printed(hits, "paths", Screen())) == b"/p/a\n/p/\nb\xff\n"
    assert shown(hits, "paths") == "/p/a\n/p/\\u000ab\\udcff\n"  # a terminal would obey them
    assert b"".join(printed(hits, "paths0", Screen())) == b"/p/a\0/p/\nb\xff\0"


def test_what_stands_beside_a_name_gives_way_to_it() -> None:
    long = "/m/a very long name of a book.txt"
    copies = ("file:///a", "file:///b")
    hits = [
        hit(long, span=om.TextSpan(525, 699), confidence=0.85, folded=3, locations=copies),
        hit(long, item="b" * 20, metadata={"file.row": 1_200}, confidence=0.85, folded=3),
    ]
    assert [shown(hits, columns=columns).splitlines()[1:] for columns in (40, 55, 70)] == [
        [
            "1   85%  …a book.txt  characters 525-699",
            "2   85%  … name of a book.txt  row 1,200",
        ],
        [
            "1   85%  …me of a book.txt  characters 525-699  +3 more",
            "2   85%  … a book.txt  row 1,200 (bbbbbbbbbbbbbbbbbbbb)",
        ],
        [
            "1   85%  text  …e of a book.txt  characters 525-699  +3 more  2 copies",
            "2   85%  text  … a book.txt  row 1,200 (bbbbbbbbbbbbbbbbbbbb)  +3 more",
        ],
    ]


@given(
    st.lists(
        st.builds(
            hit,
            st.text(min_size=1, max_size=200).map(lambda name: f"/{name}"),
            span=SPANS,
            confidence=st.none() | st.floats(0, 1),
            folded=st.integers(0, 10**6),
            reranked=st.none() | st.floats(-100, 100),
            locations=st.sampled_from([("file:///a",), ("file:///a",) * 1200]),
            metadata=st.sampled_from([{}, {"file.row": 5}, {"file.row": 1_234_567}]),
            snippet=st.none() | st.text(max_size=300),
            marks=st.sampled_from([(), ((0, 1),), ((3, 9), (20, 21))]),
        ),
        min_size=1,
        max_size=3,
    ),
    st.integers(40, 80) | st.sampled_from([100, 160]),
)
def test_no_line_is_wider_than_the_terminal(hits: list[om.Hit], columns: int) -> None:
    for line in shown(hits, columns=columns, bold=True, links=True).split("\n"):
        assert output.width(_SEQUENCES.sub("", line)) <= columns


@given(
    st.text(st.sampled_from("ab  é東京\u0301\x1b\n"), max_size=200),
    st.lists(st.tuples(st.integers(0, 200), st.integers(0, 200)), max_size=5),
    st.integers(8, 60),
)
def test_an_excerpt_keeps_to_its_lines(text: str, places: list[Any], columns: int) -> None:
    edges = sorted({edge for place in places for edge in place if edge <= len(text)})
    marks = list(zip(edges[::2], edges[1::2], strict=False))
    lines = excerpt(text, marks, columns, 2, bold=True)
    assert len(lines) <= 2
    assert all(output.width(_SEQUENCES.sub("", line)) <= columns for line in lines)
    plain = excerpt(text, marks, columns, 2, bold=False)
    assert plain == [_SEQUENCES.sub("", line) for line in lines]


def test_a_marked_word_that_is_cut_for_the_sign_reads_the_same() -> None:
    text, marks = "a \x1ba京", [(0, 3)]
    assert excerpt(text, marks, 8, 2, bold=False)[1] == "\\u001ba…"
    bold = excerpt(text, marks, 8, 2, bold=True)
    assert [_SEQUENCES.sub("", line) for line in bold] == ["a", "\\u001ba…"]


@pytest.mark.parametrize("long", [40, 237, 400, 30_000])
def test_a_word_that_is_cut_ends_in_one_sign(long: int) -> None:
    assert excerpt(f"a {'w' * long}", (), 20, 2, bold=False) == ["a", f"{'w' * 19}…"]
    assert excerpt(f"a {'東' * long}", (), 21, 2, bold=False) == ["a", f"{'東' * 10}…"]


def test_how_sure_never_says_all_or_nothing() -> None:
    told = [sure(one) for one in (None, 0.0, 0.0099, 0.01, 0.125, 0.994, 0.999, 1.0)]
    assert told == ["-", "<1%", "<1%", "1%", "12%", "99%", "99%", "99%"]


@pytest.mark.parametrize(
    ("span", "told"),
    [
        (om.TimeSpan(0.0, 0.4), "0:00-0:01"),
        (om.TimeSpan(9.777, 17.014), "0:09-0:17"),
        (om.TimeSpan(3590.0, 3602.0), "0:59:50-1:00:02"),
        (om.PageSpan(1200), "page 1,200"),
        (om.TextSpan(0, 50), ""),
        (om.TextSpan(1200, 1850), "characters 1,200-1,850"),
        (om.RegionSpan((0.0, 0.0, 1.0, 1.0)), ""),
        (om.RegionSpan((0.1, 0.25, 0.5, 1 / 3)), "box 0.1,0.25,0.5,0.333"),
    ],
)
def test_moments_are_told_as_players_and_books_do(span: Any, told: str) -> None:
    assert moment.told(span) == told


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("pptx", "slide 2"),
        ("xlsx", "sheet 2"),
        ("epub", "chapter 2"),
        ("eml", "part 2"),
        ("docx", "page 2"),
        (None, "page 2"),
    ],
)
def test_pages_are_called_what_they_are(kind: str | None, told: str) -> None:
    assert moment.told(om.PageSpan(2), kind) == told
    assert moment.told_whole(om.PageSpan(2, (0.0, 0.5, 1.0, 0.5)), kind).startswith(f"{told}, box ")


@pytest.mark.parametrize(
    ("environment", "links"),
    [
        ({"TERM": "xterm-256color"}, False),
        ({"TERM": "xterm-256color", "VTE_VERSION": "7600"}, True),
        ({"TERM": "xterm-256color", "VTE_VERSION": "7600", "SSH_TTY": "/dev/pts/1"}, False),
        ({"TERM": "xterm-256color", "VTE_VERSION": "7600", "TMUX": "x"}, False),
        ({"TERM": "screen-256color", "TERM_PROGRAM": "vscode"}, False),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "vscode"}, True),
        ({"TERM": "xterm-kitty"}, True),
        ({"TERM": "dumb", "TERM_PROGRAM": "vscode"}, False),
        ({"TERM": "xterm", "FORCE_HYPERLINK": "1"}, True),
        ({"TERM": "xterm-kitty", "FORCE_HYPERLINK": "0"}, False),
    ],
)
def test_links_only_where_the_terminal_surely_knows_them(
    environment: dict[str, str], links: bool
) -> None:
    assert Screen.of(environment, terminal=True, columns=80).links is links
    assert Screen.of(environment, terminal=False, columns=80).links is False


def test_bold_respects_no_color() -> None:
    assert Screen.of({"TERM": "xterm"}, terminal=True, columns=0) == Screen(80, True, True, False)
    assert not Screen.of({"TERM": "xterm", "NO_COLOR": "1"}, terminal=True, columns=80).bold
    assert not Screen.of({"TERM": "dumb"}, terminal=True, columns=80).bold
    assert not Screen.of({"TERM": "xterm"}, terminal=False, columns=80).bold
