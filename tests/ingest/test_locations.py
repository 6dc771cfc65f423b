"""A path has one way to be written, and comes back byte for byte."""

import os
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given as holds
from hypothesis import strategies as st

from omnisearch import locations
from omnisearch.errors import InputError
from omnisearch.locations import Location

PATHS = st.binary(max_size=300).filter(lambda path: b"\0" not in path)


@holds(PATHS, st.integers(0, 2**32 - 1))
def test_every_path_comes_back(path: bytes, root: int) -> None:
    place = Location(root, path)
    assert Location.parse(str(place)) == place
    assert str(place).isascii()
    assert str(place).isprintable()
    locations.shown(path).encode()


@pytest.mark.parametrize(
    ("path", "written"),
    [
        (b"", ""),
        (b"a/b.txt", "a/b.txt"),
        (b"-rf ~", "-rf%20~"),
        (b"50%", "50%25"),
        (b"a\nb", "a%0Ab"),
        ("é".encode(), "%C3%A9"),
        ("e\u0301".encode(), "e%CC%81"),
        (b"\xff", "%FF"),
    ],
)
def test_how_paths_are_written(path: bytes, written: str) -> None:
    assert locations.encode(path) == written
    assert locations.decode(written) == path
    assert str(Location(7, path)) == f"7:{written}"


@pytest.mark.parametrize(
    "text", ["", ":", "a", "1", "1a:b", "01:b", "-1:b", "\u0661:b", "1: b", "1:%41"]
)
def test_what_is_no_location_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no location|not how a path is written"):
        Location.parse(text)


@holds(PATHS)
def test_a_uri_is_the_path(path: bytes) -> None:
    uri = locations.uri(b"/corpus", path)
    assert uri.startswith("file:///corpus")
    assert unquote_to_bytes(uri.removeprefix("file://")) == locations.joined(b"/corpus", path)


def test_places_below_a_root() -> None:
    assert locations.joined(b"/", b"a") == b"/a"
    assert locations.joined(b"/a.txt", b"") == b"/a.txt"
    assert locations.uri(b"/my files", b"50%.txt") == "file:///my%20files/50%25.txt"
    assert locations.shown(b"caf\xe9") == "caf\\xe9"


def test_a_name_says_nothing_but_itself() -> None:
    shown = locations.shown("a\nfailed: b\r\x1b]0;c\x07\u202e\u2028".encode())
    assert shown == r"a\u000afailed: b\u000d\u001b]0;c\u0007\u202e\u2028"
    assert locations.text_of(b"a\nb\xff") == "a\nb\\xff"


def test_what_a_user_gives() -> None:
    assert locations.given(Path("a/b")) == b"a/b"
    assert locations.given(os.fsdecode(b"\xff")) == b"\xff"
    for wrong in ("", b"", "a\0b"):
        with pytest.raises(InputError, match="is no path"):
            locations.given(wrong)
