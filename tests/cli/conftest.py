import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.cli.place import IDS, ROWS, VECTORS, Place


def write_files(home: Path) -> None:
    np.save(home / "vectors.npy", VECTORS)
    np.save(home / "query.npy", VECTORS[7])
    metadata = {"id": IDS, "n": range(ROWS), "tag": ["even", "odd"] * (ROWS // 2)}
    pq.write_table(pa.table(metadata), home / "metadata.parquet")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    home = tmp_path / "home"
    home.mkdir()
    return Place(home)


@pytest.fixture
def files(place: Place) -> Path:
    """Write vectors.npy, metadata.parquet and query.npy into the home folder."""
    write_files(place.home)
    return place.home


@pytest.fixture(scope="session")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Give a user with a collection in ./.omnisearch, which no test may change."""
    place = Place(tmp_path_factory.mktemp("imported"))
    write_files(place.home)
    done = place.run("import", "vectors.npy", "--metadata", "metadata.parquet")
    assert done.returncode == 0, done.stderr
    return place


@pytest.fixture
def stored(imported: Place, tmp_path: Path) -> Place:
    """Give a user with a collection of their own in ./.omnisearch."""
    shutil.copytree(imported.home, tmp_path / "home")
    return Place(tmp_path / "home")
