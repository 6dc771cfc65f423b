"""What is made of a sealed state is lent to whoever opens the same state, and to nobody else."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

import omnisearch as om
from omnisearch.errors import CorruptCollectionError
from omnisearch.storage import layout
from omnisearch.storage.derived import Derived
from omnisearch.storage.generation import Sealed
from omnisearch.storage.handle import Handle, Options

ROWS = 12_000


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("derived") / "collection"
    vectors = np.random.default_rng(0).normal(size=(ROWS, 16)).astype("f4")
    with om.open(found) as col:
        col.add_vectors([f"r{at}" for at in range(ROWS)], vectors)
        col.compact()
    return found


def opened(path: Path, derived: Derived | None = None) -> tuple[Handle, Sealed]:
    handle = Handle(path, Options(create=False, writable=False, derived=derived))
    return handle, handle.need().reading().sealed


def test_the_same_state_is_opened_with_what_was_made_of_it(path: Path) -> None:
    handle, sealed = opened(path)
    made = Derived.of(sealed)
    handle.drop()
    assert made.lists is not None and made.bytes > 9 * ROWS
    assert all(one.tables == () for one in made.sides)
    handle, again = opened(path, made)
    assert again is not sealed and again.labelled is not None
    assert again.labelled.lists is made.lists
    for shard, known in zip(again.shards, made.sides, strict=True):
        assert shard.sides.kinds is known.kinds and shard.sides.items is known.items
        assert shard.sides.tables == shard.tables
    handle.drop()


def test_vectors_that_were_checked_whole_are_not_checked_again(path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "collection"
    shutil.copytree(path, copy)
    handle, sealed = opened(copy)
    made = Derived.of(sealed)
    handle.drop()
    assert made.sound
    (file,) = copy.rglob(layout.VECTORS)
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    handle, lent = opened(copy, made)
    for shard in lent.shards:
        shard.touch(None)
    handle.drop()
    handle, anew = opened(copy)
    with pytest.raises(CorruptCollectionError, match="is damaged at byte"):
        for shard in anew.shards:
            shard.touch(None)
    assert not Derived.of(anew).sound
    handle.drop()


def test_another_state_is_made_anew(path: Path) -> None:
    handle, sealed = opened(path)
    made = Derived.of(sealed)
    handle.drop()
    with om.open(path) as col:
        col.delete([f"r{at}" for at in range(5000)])
        col.compact()
    handle, later = opened(path, made)
    assert later.labelled is not None and later.labelled.lists is not made.lists
    assert later.labelled.rows == sum(len(shard.sides.kinds) for shard in later.shards) < ROWS
    handle.drop()
