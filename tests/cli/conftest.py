from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.cli.place import IDS, ROWS, VECTORS, Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    home = tmp_path / "home"
    home.mkdir()
    return Place(home)


@pytest.fixture
def files(place: Place) -> Path:
    """Write vectors.npy, metadata.parquet and query.npy into the home folder."""
    np.save(place.home / "vectors.npy", VECTORS)
    np.save(place.home / "query.npy", VECTORS[7])
    metadata = {"id": IDS, "n": range(ROWS), "tag": ["even", "odd"] * (ROWS // 2)}
    pq.write_table(pa.table(metadata), place.home / "metadata.parquet")
    return place.home


@pytest.fixture
def stored(place: Place, files: Path) -> Place:
    """Give a user with a collection in ./.omnisearch."""
    done = place.run("import", "vectors.npy", "--metadata", "metadata.parquet")
    assert done.returncode == 0, done.stderr
    return place
