"""A collection of files of every kind, and another encoder for it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import omnisearch as om
from tests.ingest.folder import write_picture, write_texts
from tests.ingest.reencoding.tiny import long, short
from tests.media.pdf import Sheet, pdf


@pytest.fixture
def path(tmp_path: Path, cache: Path) -> Path:
    return tmp_path / "collection"


def fill(source: Path) -> None:
    write_texts(source / "notes", 8)
    for number in range(3):
        write_picture(source / "pictures" / f"harbour-{number}.png", number)
    sheets = Sheet(("Brakes squeal when wet.",)), Sheet(("Oil the chain in spring.",))
    (source / "manual.pdf").write_bytes(pdf(*sheets))
    shutil.copy(source / "notes" / "note-1.txt", source / "copy.txt")
    (source / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(60))


@pytest.fixture
def made(path: Path, source: Path) -> Path:
    """Give a collection of files, of which one has failed."""
    fill(source)
    with om.open(path, encoder=short()) as col:
        assert col.ingest(source).failed == 1
    return path


@pytest.fixture
def other() -> Iterator[om.Encoder]:
    yield long()
