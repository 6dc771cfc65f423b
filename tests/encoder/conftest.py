from __future__ import annotations

from pathlib import Path

import pytest

from omnisearch.encoder.encoder import Encoder
from omnisearch.encoder.registry import SHIPPED, place

SHIPPED_FOLDER = place(SHIPPED)
assert SHIPPED_FOLDER is not None


@pytest.fixture(scope="session")
def mini() -> Encoder:
    """The encoder that ships, as users load it."""
    return Encoder.load()


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A folder of its own with the shipped files, of which any may be replaced."""
    assert SHIPPED_FOLDER is not None
    folder = tmp_path / "own"
    folder.mkdir()
    for file in SHIPPED_FOLDER.iterdir():
        (folder / file.name).symlink_to(file)
    return folder
