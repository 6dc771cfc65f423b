"""What most tests of ingest begin with: an encoder for all of them, a folder, a collection."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import omnisearch as om


@pytest.fixture(scope="session")
def encoder() -> om.Encoder:
    return om.Encoder.load()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep what a run remembers apart from what the user's runs do."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    return folder


@pytest.fixture
def col(tmp_path: Path, cache: Path, encoder: om.Encoder) -> Iterator[om.Collection]:
    with om.open(tmp_path / "collection", encoder=encoder) as opened:
        yield opened
