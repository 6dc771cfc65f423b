"""Hostile files as questions, and what is no file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from omnisearch.decoding import Decoding
from omnisearch.encoder.parts import Document, Image
from omnisearch.errors import MediaError
from tests.hostile.case import Case
from tests.query.hostile import WAYS, asked, ending

FEW = 3  # of each topic, for the quick part


def quick() -> list[Case]:
    topics: dict[str, list[Case]] = {}
    for case in ending():
        topics.setdefault(case.topic, []).append(case)
    return [case for some in topics.values() for case in some[:: max(1, len(some) // FEW)][:FEW]]


@pytest.fixture(scope="module")
def decode() -> Iterator[Decoding]:
    decoding = Decoding()
    yield decoding
    decoding.close()


def test_some_hostile_files_of_each_topic(decode: Decoding, tmp_path: Path) -> None:
    assert [fault for case in quick() for fault in asked(decode, tmp_path, case, slice(None))] == []


@pytest.mark.slow
def test_many_hostile_files(decode: Decoding, tmp_path: Path) -> None:
    """Every third, in one way each; `make drill` asks with all and in every way."""
    faults: list[str] = []
    for number, case in enumerate(ending()[::3]):
        way = number % WAYS
        faults += asked(decode, tmp_path, case, slice(way, way + 1))
    assert faults == []


def test_a_file_that_is_no_file_is_refused_at_once(decode: Decoding, tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    for name, message in (
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
