"""An open file as a source, handed to decoders: whether or not it has a descriptor of its own."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest

import omnisearch as om
from omnisearch.errors import MediaError
from omnisearch.media.descriptor import descriptor_of
from omnisearch.media.source import Stream
from tests.cutting.hits import photo
from tests.ingest.reencoding.tiny import Tiny


def content(source: Stream) -> bytes:
    with descriptor_of(source) as descriptor:
        return os.pread(descriptor, 100, 0)


def test_a_file_in_memory_or_in_an_archive_is_given_from_its_beginning(tmp_path: Path) -> None:
    memory = io.BytesIO(b"0123456789")
    memory.seek(4)
    assert [content(Stream(memory, "x")) for _ in range(2)] == [b"0123456789"] * 2
    assert not memory.closed
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("inside", b"abc")
    with zipfile.ZipFile(tmp_path / "a.zip") as archive, archive.open("inside") as inside:
        assert content(Stream(inside, "x")) == b"abc"  # type: ignore[arg-type]
    with (tmp_path / "a.zip").open("rb") as file, descriptor_of(Stream(file, "x")) as descriptor:
        assert descriptor == file.fileno()


@pytest.mark.parametrize(
    ("file", "told"),
    [(io.StringIO("abc"), "a.png is a StringIO that cannot be read"),
     ("a.png", "a.png is a str that cannot be read"),
     (io.BytesIO(), "a.png is empty")],
    ids=["letters", "a path", "empty"],
)  # fmt: skip
def test_what_cannot_be_read_is_named(file: Any, told: str) -> None:
    with pytest.raises(MediaError, match=told):
        content(Stream(file, "a.png"))


@pytest.mark.slow
def test_a_question_may_have_a_file_in_memory(tmp_path: Path) -> None:
    with om.open(tmp_path / "c", encoder=om.Encoder(Tiny("tiny", 8))) as col:
        col.add([om.Item("a", image=photo())])
        (path := tmp_path / "a.jpg").write_bytes(photo())
        asked = (om.Stream(io.BytesIO(photo()), "a.jpg"), path)
        found = [[hit.score for hit in col.query(om.Image(one))] for one in asked]
        assert found[0] == found[1] != []
