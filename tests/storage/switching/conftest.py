from pathlib import Path

import pytest

from tests.storage.switching.toys import made


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return made(tmp_path / "collection")
