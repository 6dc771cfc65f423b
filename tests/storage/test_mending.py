"""A damaged file that can be made again is made again by whoever writes next."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import omnisearch as om
from omnisearch.storage import changes, coding, maintenance
from omnisearch.storage.handle import Handle, Options
from omnisearch.storage.origin import Origin
from omnisearch.storage.words.asking import ask
from tests.storage.test_segments import DIM, files

ROWS = 400


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a collection with one coded shard that has words and a deleted row."""
    monkeypatch.setattr(coding, "TRAINING_ROWS", 200)
    handle = Handle(tmp_path / "c", Options())
    store = handle.for_encoding(Origin("toy 0 8", DIM, dict))
    store.write(changes.keeping(files(range(ROWS // 2), n=3)))
    maintenance.compact_whole(store)
    handle.drop()
    with om.open(tmp_path / "c") as col:
        col.delete(["item 7"])
    return tmp_path / "c"


def told(root: Path) -> tuple[list[int], list[str], int, list[om.Record | None]]:
    """Ask for something of every derived file."""
    with om.open(root, mode="r") as col:
        said = col._need().words.scores(ask("number 11"), None, 5).positions.tolist()
        near = col.search(np.ones(DIM), k=20, recall=1.0).ids
        return said, list(near), col.count("n = 3"), col.get(["item 3#0", "item 7#0"])


@pytest.mark.parametrize("name", ["words.bin", "ids.bin", "columns.bin", "codes.faiss", "all"])
def test_the_next_write_mends_what_is_derived(
    root: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    wanted = told(root)
    derived = ["words.bin", "ids.bin", "columns.bin", "codes.faiss"]
    for each in derived if name == "all" else [name]:
        (path,) = root.glob(f"shards/*/{each}")
        path.chmod(0o600)
        path.write_bytes(path.read_bytes()[:-1] + b"\x07")
    assert told(root) == wanted
    assert len(om.doctor(root).problems) == (4 if name == "all" else 1)
    with om.open(root) as col:
        col.delete(["item 9"])
        _wait(lambda: om.doctor(root).ok)
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        found = told(root)
    assert caplog.records == []
    assert found[0] == wanted[0] and found[3] == wanted[3]
    assert found[2] == ROWS - 4
    assert [one for one in wanted[1] if not one.startswith("item 9#")] == [
        one for one in found[1] if one in wanted[1]
    ]


def test_compact_mends_without_anything_to_merge(root: Path) -> None:
    with om.open(root) as col:
        col.compact()
    for path in root.glob("shards/*/words.bin"):
        path.unlink()
    wanted = told(root)
    with om.open(root) as col:
        col.compact()
        assert om.doctor(root).ok
    assert told(root) == wanted


def test_readers_leave_everything_as_it_is(root: Path) -> None:
    (path,) = root.glob("shards/*/words.bin")
    path.unlink()
    before = sorted(str(one) for one in root.rglob("*"))
    told(root)
    assert sorted(str(one) for one in root.rglob("*")) == before


def _wait(until: Callable[[], bool]) -> None:
    end = time.monotonic() + 300
    while not until():
        assert time.monotonic() < end
        time.sleep(0.05)
