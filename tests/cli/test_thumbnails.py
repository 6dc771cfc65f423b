"""Pictures in a terminal: what was emitted is painted again and held against the thumbnails."""

from __future__ import annotations

import os
import select
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import omnisearch as om
from omnisearch_cli import output
from omnisearch_cli.thumbnails import sixel
from tests.cli.graphics import Pixels, shown
from tests.cli.place import Place
from tests.cli.terminal import LONG_S, Desk, Session

ASK, SIXEL, NO_SIXEL = b"\x1b[c", b"\x1b[?62;4;22c", b"\x1b[?62;1;22c"
QUESTION = ("a lake at dusk", "--thumbnails")
ALONE: dict[str, Any] = {"OMNISEARCH_NO_HELPER": "1", "TERM": "xterm-256color"}
TRIES = 6  # to answer within the short time that is waited for it
SIDE = 6 * 12  # the lines of a picture, of letters whose size nobody tells


def wanted(place: Place, side: int = SIDE) -> list[Pixels]:
    """Draw the hits of the question here, in their order."""
    with om.open(place.home / ".omnisearch", mode="r") as col, om.Cutter() as cutter:
        drawn = [cutter.thumbnail(hit, side) for hit in col.query(QUESTION[0])]
    return [np.array(one) for one in drawn if one is not None]


def answering(session: Session, answer: bytes) -> tuple[int, str]:
    """Be a terminal that is asked what it is."""
    end = time.monotonic() + LONG_S
    while ASK not in b"".join(session.parts) and time.monotonic() < end:
        if select.select([session.screen], [], [], 0.05)[0]:
            session.parts.append(os.read(session.screen, 65_536))
    session.press(answer)
    return session.finish()


def test_kitty_shows_pictures_films_and_pages(library: Place) -> None:
    code, told = library.on_terminal("query", *QUESTION, "kitty")
    found = shown(told)
    assert code == 0
    pairs = zip(found.pictures, wanted(library), strict=True)
    same = [np.array_equal(one, other) for one, other in pairs]
    assert same == [True] * 3


def test_text_stays_as_it_is_without_pictures_and_fits_into_80_columns(library: Place) -> None:
    plain = library.on_terminal("query", QUESTION[0])[1]
    assert "\x1b_G" not in plain and "\x1bP" not in plain
    for way in ("kitty", "sixel"):
        lines = shown(library.on_terminal("query", *QUESTION, way)[1]).lines
        assert lines == shown(plain).lines
        assert max(map(output.width, lines)) <= 80


def test_sixels_are_the_thumbnails_but_for_their_palette(library: Place) -> None:
    found = shown(library.on_terminal("query", *QUESTION, "sixel")[1]).pictures
    expected = wanted(library)
    assert [one.shape for one in found] == [one.shape for one in expected] and len(found) == 3
    for one, other in zip(found, expected, strict=True):
        apart = np.abs(one.astype(int) - other.astype(int))
        assert apart.mean() < 12  # noise of many colours is the worst there is


def test_few_colours_are_kept_to_a_hundredth() -> None:
    pixels = np.zeros((17, 40, 3), np.uint8)
    pixels[:, 10:30] = (255, 0, 51)
    pixels[5:9, 3] = (0, 128, 255)
    found = shown(sixel.drawn(Image.fromarray(pixels))).pictures
    assert len(found) == 1 and found[0].shape == pixels.shape
    assert np.abs(found[0].astype(int) - pixels.astype(int)).max() <= 2


def test_a_terminal_that_says_that_it_has_sixels_gets_them(library: Place) -> None:
    for _ in range(TRIES):
        session = Desk(library).begin("query", *QUESTION, "auto", **ALONE)
        code, told = answering(session, SIXEL)
        assert code == 0 and told.count(ASK.decode()) == 1
        if found := shown(told).pictures:
            assert len(found) == 3 and "?62;" not in told  # no echo
            return
    raise AssertionError(f"none of {TRIES} answers was heard")


@pytest.mark.parametrize("answer", [NO_SIXEL, b""])
def test_a_terminal_that_says_no_or_nothing_gets_none(library: Place, answer: bytes) -> None:
    session = Desk(library).begin("query", *QUESTION, "auto", **ALONE)
    code, told = answering(session, answer)
    assert code == 0 and told.count(ASK.decode()) == 1 and not shown(told).pictures


def test_what_is_typed_ahead_is_left_alone(library: Place) -> None:
    session = Desk(library).begin("query", *QUESTION, "auto", **ALONE)
    session.press(b"ls\n")
    code, told = session.finish()
    assert code == 0 and ASK.decode() not in told and not shown(told).pictures


@pytest.mark.parametrize(
    "around",
    [
        {"TMUX": "/tmp/tmux-0/default,1,0"},
        {"STY": "1.pts"},
        {"TERM": "screen-256color"},
        {"TERM": "tmux-256color"},
        {"TERM": "dumb"},
        {"SSH_CONNECTION": "1.2.3.4 5 6.7.8.9 22"},
        {"CI": "true"},
    ],
)
def test_in_doubt_nothing_is_drawn_or_asked(library: Place, around: dict[str, Any]) -> None:
    told: dict[str, Any] = {"CI": "", "TERM": "xterm-kitty", "KITTY_WINDOW_ID": "1", **around}
    code, seen = library.on_terminal("query", *QUESTION, "auto", **told)
    assert code == 0 and "\x1b[c" not in seen and not shown(seen).pictures


def test_kitty_is_known_by_its_name_and_pipes_get_nothing(library: Place) -> None:
    told: dict[str, Any] = {"CI": "", "TERM": "xterm-kitty"}
    assert len(shown(library.on_terminal("query", *QUESTION, "auto", **told)[1]).pictures) == 3
    inside: dict[str, Any] = {
        "CI": "",
        "TERM": "xterm-256color",
        "KITTY_WINDOW_ID": "2",
        "VTE_VERSION": "7000",
    }
    assert not shown(library.on_terminal("query", *QUESTION, "auto", **inside)[1]).pictures
    for form in ("--json", "--no-json", "--paths"):
        assert "\x1b" not in library.run("query", *QUESTION, "kitty", form, **told).stdout
    assert "\x1b_G" not in library.on_terminal("query", *QUESTION, "kitty", "--json", **told)[1]


def test_show_draws_larger_and_a_file_that_is_gone_costs_its_picture_alone(
    library: Place, tmp_path: Path
) -> None:
    library.on_terminal("query", QUESTION[0], "--modality", "document")
    code, told = library.on_terminal("show", "1", "--thumbnails", "kitty")
    (found,) = shown(told).pictures
    assert code == 0 and max(found.shape) > SIDE
    lake = library.home / "files" / "lake.png"
    lake.rename(tmp_path / "lake.png")
    try:
        code, told = library.on_terminal("query", *QUESTION, "kitty")
    finally:
        (tmp_path / "lake.png").rename(lake)
    assert code == 0 and len(shown(told).pictures) == 2 and "lake.png" in told


def test_the_helper_draws_the_same(desk: Desk) -> None:
    asked = ("query", "a picture", "--modality", "image", "--thumbnails", "kitty")
    told = desk.ask_helped(*asked)
    assert told == desk.ask_alone(*asked) and len(shown(told[1]).pictures) == 1
