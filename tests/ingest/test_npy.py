"""Vectors in a file: tried first, whole or absent."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import omnisearch as om
from omnisearch.errors import StorageError

ROWS = np.arange(12, dtype=np.float32).reshape(4, 3)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def never() -> Iterator[npt.NDArray[np.float32]]:
    pytest.fail("the place was not tried first")
    yield ROWS[0]


@pytest.mark.parametrize("vectors", [ROWS, list(ROWS), iter(ROWS), ROWS.tolist(), ROWS[:1]])
def test_rows_come_back_as_they_were(vectors: Any, tmp_path: Path) -> None:
    shape = om.write_npy(tmp_path / "v.npy", vectors)
    found = np.load(tmp_path / "v.npy", allow_pickle=False)
    assert found.shape == shape and found.dtype == np.float32
    np.testing.assert_array_equal(found, ROWS[: shape[0]])
    assert names(tmp_path) == ["v.npy"]


def test_no_rows_are_an_empty_array(tmp_path: Path) -> None:
    assert om.write_npy(tmp_path / "v.npy", []) == (0, 0)
    assert np.load(tmp_path / "v.npy").shape == (0, 0)


def test_many_rows_are_counted_at_the_end(tmp_path: Path) -> None:
    om.write_npy(tmp_path / "v.npy", (ROWS[at % 4] for at in range(12_345)))
    assert np.load(tmp_path / "v.npy").shape == (12_345, 3)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("no/such/v.npy", "No such file or directory"),
        ("folder.npy", "it is no regular file"),
        ("file/v.npy", "Not a directory"),
        ("dangling.npy", "No such file or directory"),
        ("loop.npy", "symbolic links"),
        ("pipe.npy", "it is no regular file"),
        ("x" * 300 + ".npy", "File name too long"),
    ],
)
def test_a_place_that_takes_no_file_is_refused_first(name: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "folder.npy").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "dangling.npy").symlink_to("gone/v.npy")
    (tmp_path / "loop.npy").symlink_to("loop.npy")
    os.mkfifo(tmp_path / "pipe.npy")
    before = names(tmp_path)
    with pytest.raises(StorageError, match=f"cannot write .*: .*{said}"):
        om.write_npy(tmp_path / name, never())
    assert names(tmp_path) == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anything")
def test_what_may_not_be_written_stays(tmp_path: Path) -> None:
    (tmp_path / "v.npy").write_bytes(b"kept")
    (tmp_path / "v.npy").chmod(0o444)
    with pytest.raises(StorageError, match="Permission denied"):
        om.write_npy(tmp_path / "v.npy", never())
    assert (tmp_path / "v.npy").read_bytes() == b"kept"


def test_a_link_stays_and_its_target_is_written(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "v.npy").symlink_to("there/w.npy")
    for count in (4, 2):  # absent at first, then replaced
        om.write_npy(tmp_path / "v.npy", ROWS[:count])
        assert (tmp_path / "v.npy").is_symlink()
        np.testing.assert_array_equal(np.load(tmp_path / "there/w.npy"), ROWS[:count])
    assert names(tmp_path / "there") == ["w.npy"]


def test_nothing_is_left_where_making_them_fails(tmp_path: Path) -> None:
    def failing() -> Iterator[npt.NDArray[np.float32]]:
        yield ROWS[0]
        raise KeyboardInterrupt

    (tmp_path / "v.npy").write_bytes(b"kept")
    with pytest.raises(KeyboardInterrupt):
        om.write_npy(tmp_path / "v.npy", failing())
    with pytest.raises(ValueError, match=r"vector 1 has shape \(2,\), the first has \(3,\)"):
        om.write_npy(tmp_path / "v.npy", [ROWS[0], ROWS[0, :2]])
    assert names(tmp_path) == ["v.npy"]
    assert (tmp_path / "v.npy").read_bytes() == b"kept"
