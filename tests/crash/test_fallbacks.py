"""File systems that lack links, exclusive renames or locks: another way, or a clear refusal."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import omnisearch as om
from omnisearch.storage import files
from tests.crash.invariants import History, check
from tests.crash.program import Life, live

LIFE = Life("whole", seed=8, steps=31)
ONE = np.ones((1, 4), "f4")


@pytest.fixture(autouse=True)
def unobserved() -> Iterator[None]:
    yield
    files.observer = None


def _lacking(*kinds: str) -> None:
    def refuse(kind: str, path: Path, detail: object = None) -> None:
        if kind in kinds:
            raise OSError(errno.EPERM, os.strerror(errno.EPERM), str(path))

    files.observer = refuse


def _ignore(kind: str, generation: int) -> None:
    """Nobody listens to the marks."""


@pytest.mark.parametrize(
    ("lacking", "way"),
    [
        ((), "link"),
        (("link",), "renameat2"),
        (("link", "renameat2"), "rename"),
        (("link", "renameat2", "hard_link"), "rename"),
    ],
)
def test_lives_without(lacking: tuple[str, ...], way: str, tmp_path: Path) -> None:
    _lacking(*lacking)
    live(tmp_path / "c", LIFE, _ignore)
    assert way in (tmp_path / "c" / "FORMAT").read_text().split()
    history = History(LIFE.told())
    with om.open(tmp_path / "c", mode="r") as reader:
        last = reader.generation
    check(tmp_path / "c", last, last, history)


def test_a_snapshot_without_links_is_a_copy(tmp_path: Path) -> None:
    with om.open(tmp_path / "c") as collection:
        collection.add_vectors(["a"], ONE)
        collection.compact()
        _lacking("hard_link", "link")
        collection.snapshot(tmp_path / "copy")
    with om.open(tmp_path / "copy", mode="r") as copy:
        assert [hit.id for hit in copy.search(ONE[0], k=1)] == ["a"]


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_refuses_to_write_without_locks(
    code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    om_root = tmp_path / "c"
    with om.open(om_root) as collection:
        collection.add_vectors(["a"], ONE)

    def refuse(descriptor: int, operation: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(om.errors.StorageError, match="without locks"):
        om.open(om_root).upsert(["a"], ONE)
    with om.open(om_root, mode="r") as reader:
        assert reader.count() == 1


def test_a_publishing_name_is_won_once_even_without_locks(tmp_path: Path) -> None:
    """Two writers that both believe to be alone: the second to publish is refused."""
    for way in ("link", "renameat2", "rename"):
        for made in ("first", "second"):
            files.write_file(tmp_path / f"{way}-{made}", [made.encode()])
        files.publish(tmp_path / f"{way}-first", tmp_path / way, way)
        with pytest.raises(om.errors.StorageError, match="another process"):
            files.publish(tmp_path / f"{way}-second", tmp_path / way, way)
        assert (tmp_path / way).read_bytes() == b"first"
