"""What is wrong beside a collection harms it neither before a switch nor by one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import omnisearch as om
from omnisearch.errors import CorruptCollectionError, InputError, SpaceMismatchError
from omnisearch.locations import Root
from omnisearch.schema import LOCATIONS
from omnisearch.storage import changes, layout, switching
from omnisearch.storage.batch import Segments
from omnisearch.storage.ledger import Ledger
from omnisearch.storage.store import Store
from tests.storage.switching.toys import (
    NEW,
    OLD,
    begin,
    fill,
    items,
    made,
    reencoded,
    store_of,
    told,
)


def flip(file: Path) -> None:
    """Change a byte in the middle of a file, in a copy of its own."""
    raw = bytearray(file.read_bytes())
    raw[len(raw) // 2] ^= 1
    file.unlink()
    file.write_bytes(raw)


@pytest.mark.parametrize("name", [layout.VECTORS, layout.ROWS, layout.IDS])
def test_what_is_damaged_is_not_switched_to(path: Path, name: str) -> None:
    before = told(path)
    with om.open(path, encoder=OLD) as col:
        scratch = begin(store_of(col))
        fill(scratch)
        with om.open(scratch, encoder=NEW) as other:
            other.compact()
        (shard,) = (scratch / layout.SHARDS).iterdir()
        flip(shard / name)
        with pytest.raises(CorruptCollectionError, match=r"next.*doctor --index .*next --repair"):
            switching.switch(store_of(col))
        assert col.add(items(20, 21)) == 5
        assert col.delete(["item 20"]) == 1
        assert om.doctor(path).ok
        if name == layout.IDS:  # which is derived
            assert om.repair(scratch).ok
            assert switching.switch(store_of(col)) == 7
    assert (told(path) == before) is (name != layout.IDS)


@pytest.mark.parametrize("name", [layout.FORMAT, layout.HEAD, "manifests/000000000001.json"])
def test_a_collection_opens_whatever_is_beside_it(path: Path, name: str) -> None:
    with om.open(path, encoder=OLD) as col:
        scratch = begin(store_of(col))
        flip(scratch / name)
        assert om.doctor(path).ok
        assert col.stats()["next"]["space"] is None
        assert col.query(text=items(3, 4)[0].text, mode="vector")[0].id == "item 3"
        with pytest.raises(CorruptCollectionError):
            begin(store_of(col))
        with pytest.raises(CorruptCollectionError):
            switching.switch(store_of(col))
        assert switching.discard(store_of(col)) > 0
        fill(begin(store_of(col)))
        switching.switch(store_of(col))
    assert len(told(path)) == 20


def test_a_damaged_state_before_is_not_gone_back_to(path: Path) -> None:
    reencoded(path)
    after = told(path)
    kept = next((path / layout.PREVIOUS / layout.SHARDS).iterdir())
    flip(kept / layout.VECTORS)
    with om.open(path, encoder=NEW) as col:
        with pytest.raises(CorruptCollectionError, match="previous"):
            switching.rollback(store_of(col))
        assert om.doctor(path).ok
        assert col.stats()["previous"]["space"] == "toy aaaa 8"
    assert told(path) == after


def test_without_the_manifest_of_the_switch_the_old_space_is_repaired(path: Path) -> None:
    before = told(path)
    reencoded(path)
    with om.open(path, encoder=NEW) as col:
        col.add(items(20, 22))
    newest = max((path / layout.MANIFESTS).glob("*.json"))
    flip(newest)
    with pytest.raises(CorruptCollectionError, match="doctor"):
        told(path)
    report = om.repair(path)
    assert report.ok and report.lost_generations == 2
    assert told(path) == before
    with om.open(path, encoder=OLD) as col:
        assert col.add(items(20, 21)) == 7


def test_a_folder_of_that_name_is_not_taken_for_ours(path: Path, tmp_path: Path) -> None:
    made(tmp_path / "stranger", NEW).rename(path / layout.NEXT)
    with om.open(path, encoder=OLD) as col:
        with pytest.raises(InputError, match="belongs to another collection"):
            switching.switch(store_of(col))
        assert col.count() == 20


def test_vectors_made_before_a_switch_are_not_written_behind_it(path: Path) -> None:
    before, vector = store_of(col := om.open(path, encoder=OLD)), np.ones((1, 8), np.float32)
    kinds = ["late"], [None], ["words"], ["text"]
    rows = Segments(*kinds, vector, [{}], space=str(OLD.space))  # type: ignore[arg-type]
    late = [changes.recording(rows, replacing=False), changes.keeping(rows)]
    late.append(changes.putting(["late"], vector, None, str(OLD.space), replacing=True))
    fill(begin(before))
    switching.switch(before)
    for prepare in late:
        with pytest.raises(SpaceMismatchError, match="changed to vectors of toy bbbb 12 while"):
            before.write(prepare)
    assert col.get(["late"]) == [None]
    col.close()


def located(store: Store, item: str, *places: str) -> None:
    """Store a row that is of files."""
    dim = store.reading().sealed.manifest.settings.dim
    vector = np.ones((1, dim), np.float32)
    kinds = [f"{item}#0"], [item], ["content"], ["image"]
    rows = Segments(*kinds, vector, [{LOCATIONS: list(places)}])  # type: ignore[arg-type]
    store.write(changes.keeping(rows))


def test_files_that_were_forgotten_meanwhile_do_not_come(path: Path) -> None:
    roots = tuple(Root(number, b"/folder", 1, "folder") for number in (1, 2))
    with om.open(path, encoder=OLD) as col:
        store = store_of(col)
        store.write_ledger(Ledger(roots))
        with om.open(begin(store), encoder=NEW) as scratch:
            located(store_of(scratch), "stays", "1:a/b", "1:c")
            located(store_of(scratch), "goes", "1:a/b", "1:a/d/e")
            located(store_of(scratch), "of no root", "2:c")
        store.write_ledger(Ledger(roots[:1], frozenset({"1:a"})))
        switching.switch(store)
        assert [row.id for row in col.iterate()] == ["stays#0"]
        assert om.doctor(path).ok
