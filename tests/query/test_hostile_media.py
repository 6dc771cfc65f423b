"""Hostile files as questions: each is asked with, or refused in one line, soon, by this process."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from omnisearch.decoding import Decoding
from omnisearch.encoder.parts import Audio, Document, Image, Part, Video
from omnisearch.errors import MediaError
from tests.hostile.case import Case
from tests.hostile.files import CASES
from tests.hostile.test_hostile import ENDLESS
from tests.hostile.watch import Lookout

FEW = 3  # of each topic, for the quick part
LONGEST_S = 75.0  # what a whole file may take, and some for a busy machine


def quick() -> list[Case]:
    topics: dict[str, list[Case]] = {}
    for case in CASES.values():
        if case.name not in ENDLESS:
            topics.setdefault(case.topic, []).append(case)
    return [case for some in topics.values() for case in some[:: max(1, len(some) // FEW)][:FEW]]


@pytest.fixture(scope="module")
def decode() -> Iterator[Decoding]:
    decoding = Decoding()
    yield decoding
    decoding.close()


def parts(path: Path) -> list[Part]:
    """Give the ways to ask with a file, whole and a piece."""
    return [
        Image(path, box=(0.25, 0.25, 0.5, 0.5)),
        Audio(path, from_s=1.0, to_s=2.0),
        Video(path, from_s=0.5, to_s=1.5),
        Document(path, 2),
        Image(path),
    ]


def attempt(decode: Decoding, part: Part) -> str:
    """Give what is said of a part, nothing where it can be asked with."""
    begun = time.monotonic()
    try:
        assert decode(part).windows
        said = ""
    except MediaError as error:
        said = str(error)
    assert time.monotonic() - begun < LONGEST_S
    return said


def check(decode: Decoding, folder: Path, cases: list[Case]) -> None:
    with Lookout(folder) as lookout:
        for case in cases:
            path = case.write(folder, lookout.bait)
            for part in parts(path):
                said = attempt(decode, part)
                assert said.isprintable() and len(said) < 400, (case.name, said)
                assert not said or not case.name.isprintable() or case.name in said, said
            path.unlink()
        assert lookout.touched() == []


def test_some_hostile_files_of_each_topic(decode: Decoding, tmp_path: Path) -> None:
    check(decode, tmp_path, quick())


@pytest.mark.slow
def test_every_hostile_file(decode: Decoding, tmp_path: Path) -> None:
    check(decode, tmp_path, [case for case in CASES.values() if case.name not in ENDLESS])


def test_a_file_that_is_no_file_is_refused_at_once(decode: Decoding, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    for name, message in (
        ("pipe", "has no bytes"),
        ("loop", "does not open"),
        ("absent", "does not open"),
        (".", "is a folder"),
        ("a\0b", "does not open"),
        ("n" * 5_000, "does not open"),
        ("/dev/zero", "is no regular file"),
    ):
        with pytest.raises(MediaError, match=message):
            decode(Image(str(tmp_path / name)))


def test_a_name_of_any_bytes_is_opened(decode: Decoding, tmp_path: Path) -> None:
    name = os.fsdecode(os.fsencode(tmp_path) + b"/b\xff\x1b[31m.txt")
    Path(name).write_text("words of a note")
    (window,) = decode(Document(name)).windows
    assert window.modality == "text"
    Path(name).write_bytes(bytes(range(256)) * 8)
    with pytest.raises(MediaError) as caught:
        decode(Document(name))
    assert "\x1b" not in str(caught.value)
