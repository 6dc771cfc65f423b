"""Another space is built beside a collection, takes its place in one step, and gives it back."""

from __future__ import annotations

from pathlib import Path

import pytest

import omnisearch as om
from omnisearch.errors import CollectionLockedError, InputError, SpaceMismatchError
from omnisearch.storage import calibration, layout, switching
from omnisearch.storage.ledger import Ledger, LeftOut
from tests.storage.switching.toys import (
    NEW,
    OLD,
    Toy,
    begin,
    fill,
    item,
    items,
    made,
    reencoded,
    store_of,
    told,
)


def test_after_the_switch_everything_is_as_if_made_anew(path: Path, tmp_path: Path) -> None:
    assert reencoded(path) == 5
    assert told(path) == told(made(tmp_path / "fresh", NEW))
    with om.open(path, encoder=NEW) as col:
        assert (col.dim, col.stats()["space"]) == (12, "toy bbbb 12")
        assert col.query(text=item(7).text, mode="vector")[0].id == "item 7"
        assert col.add(items(20, 22)) == 6
        assert col.compact().rows == 22
        assert col.verify().problems == ()
    assert om.doctor(path).ok
    assert told(path) == told(made(tmp_path / "more", NEW, count=22))


def test_until_the_switch_the_old_space_is_asked(path: Path) -> None:
    before = told(path)
    with om.open(path, encoder=OLD) as col:
        fill(begin(store_of(col)))
        assert col.query(text=item(3).text, mode="vector")[0].id == "item 3"
        assert col.stats()["next"]["space"] == "toy bbbb 12"
        assert col.stats()["previous"] is None
    assert told(path) == before


def test_what_is_being_built_is_taken_up_again(path: Path) -> None:
    with om.open(path, encoder=OLD) as col:
        fill(begin(store_of(col)), count=10)
        scratch = begin(store_of(col))
        with om.open(scratch, mode="r") as half:
            assert half.count() == 10
        fill(scratch)
        switching.switch(store_of(col))
    assert len(told(path)) == 20


def test_another_encoder_does_not_take_up_what_one_began(path: Path) -> None:
    other = om.Encoder(Toy("cccc", 12))
    with om.open(path, encoder=OLD) as col:
        scratch = begin(store_of(col))
        said = r"toy bbbb 12 \(cosine, auto\), not of toy cccc 12 .* --discard"
        with pytest.raises(SpaceMismatchError, match=said):
            begin(store_of(col), other)
        assert switching.discard(store_of(col)) > 0
        assert not scratch.exists()
        assert switching.discard(store_of(col)) == 0
        assert begin(store_of(col), other) == scratch


def test_the_space_that_is_there_needs_no_building(path: Path) -> None:
    with om.open(path, encoder=OLD) as col:
        with pytest.raises(InputError, match="vectors of toy aaaa 8 already"):
            begin(store_of(col), OLD)
        with pytest.raises(InputError, match="no other space is being built"):
            switching.switch(store_of(col))
        with pytest.raises(InputError, match="no state of another space is kept"):
            switching.rollback(store_of(col))
    assert not (path / layout.NEXT).exists()


def test_rollback_is_undone_by_rollback(path: Path) -> None:
    before = told(path)
    assert reencoded(path) == 5
    after = told(path)
    for number, rows in enumerate((before, after, before), 6):
        with om.open(path) as col:
            assert switching.rollback(store_of(col)) == number
        assert told(path) == rows
        assert om.doctor(path).ok
    with om.open(path, encoder=OLD) as col:
        assert col.add(items(20, 21)) == 9
        assert col.stats()["previous"]["space"] == "toy bbbb 12"


def test_what_was_there_is_kept_by_links_and_nothing_else_is_left(path: Path) -> None:
    with om.open(path, encoder=OLD) as col:
        col.compact()
        (shard,) = (path / layout.SHARDS).iterdir()
        inode = (shard / layout.VECTORS).stat().st_ino
        fill(begin(store_of(col)))
        switching.switch(store_of(col))
    kept = path / layout.PREVIOUS / layout.SHARDS / shard.name / layout.VECTORS
    assert kept.stat().st_ino == inode
    assert {*layout.SPACES} & {one.name for one in path.iterdir()} == {"previous"}
    with om.open(path, encoder=NEW) as col:  # the manifest before is kept once, as ever
        col.add(items(20, 21))
        col.compact()
    assert not shard.exists()
    assert kept.exists()


def test_only_one_may_fill_it_and_nobody_switches_meanwhile(path: Path) -> None:
    with om.open(path, encoder=OLD) as col:
        with om.open(begin(store_of(col)), encoder=NEW) as scratch:
            scratch.add(items(0, 5))
            for forbidden in (switching.switch, switching.discard):
                with pytest.raises(CollectionLockedError, match="is being written by"):
                    forbidden(store_of(col))
        assert col.add(items(20, 21)) == 5
        assert switching.switch(store_of(col)) == 6
    assert sorted(told(path)) == [f"item {number}" for number in range(5)]


def test_folders_and_forgotten_places_go_along(path: Path) -> None:
    with om.open(path, encoder=OLD) as col:
        store = store_of(col)
        ledger = Ledger((), frozenset({"1:a"}))
        store.write_ledger(ledger)
        with om.open(begin(store), mode="r") as scratch:
            assert scratch._handle.need().read_ledger() == ledger
        store.write_ledger(Ledger((), frozenset({"1:b"})))
        with om.open(begin(store), mode="r") as scratch:
            assert scratch._handle.need().read_ledger().ignored == {"1:b"}


def test_what_a_space_goes_without_comes_and_goes_with_it(path: Path) -> None:
    def lines(space: om.Encoder, *names: str) -> tuple[LeftOut, ...]:
        return tuple(LeftOut(name, str(space.space), None, "it is no text") for name in names)

    with om.open(path, encoder=OLD) as col:
        store = store_of(col)
        store.write_ledger(Ledger(left_out=lines(OLD, "item 77")))
        with om.open(begin(store), encoder=NEW) as scratch:
            assert store_of(scratch).read_ledger().left_out == ()
            scratch.add(items(0, 15))
            known = lines(NEW, "item 3", "item 17", "item 15", "item 16")
            store_of(scratch).write_ledger(Ledger(left_out=known))
        switching.switch(store)
        told = [one.item for one in switching.lacking(store.reading(), store.read_ledger())]
        assert told == ["item 15", "item 16", "item 17"]  # not what came all the same
        assert col.stats()["left_out"] == 3
        switching.rollback(store)
        assert col.stats()["left_out"] == 1 and col.stats()["previous"]["left_out"] == 3
        switching.rollback(store)
        assert col.stats()["left_out"] == 3


def test_what_is_learnt_of_cosines_goes_with_its_space(path: Path) -> None:
    learnt = path / layout.CALIBRATION
    with om.open(path, encoder=OLD) as col:
        calibration.write(store_of(col), str(OLD.space), b"of old", {})
        fill(scratch := begin(store_of(col)))
        with om.open(scratch, encoder=NEW) as other:
            calibration.write(store_of(other), str(NEW.space), b"of new", {})
        assert calibration.newest(path, str(NEW.space)) is None
        switching.switch(store_of(col))
        for space, content in ((OLD, b"of old"), (NEW, b"of new")):  # one is of use to go back
            _, kept = calibration.newest(path, str(space.space)) or (0, b"")
            assert kept == content
        calibration.write(store_of(col), str(NEW.space), b"of newer", {})
        assert len(list(learnt.glob("*.cal"))) == 2
        switching.drop_previous(store_of(col))
    assert calibration.newest(path, str(OLD.space)) is None
    assert calibration.newest(path, str(NEW.space)) == (3, b"of newer")
    assert len(list(learnt.iterdir())) == 2


def test_purging_leaves_nothing_in_the_state_before(path: Path) -> None:
    with om.open(path, encoder=OLD) as col:
        fill(begin(store_of(col)))
        with pytest.raises(CollectionLockedError, match="would keep what is purged"):
            col.delete(["item 1"], purge=True)
        assert col.count() == 20
        switching.switch(store_of(col))
    with om.open(path, encoder=NEW) as col:
        assert (path / layout.PREVIOUS).exists()
        assert col.delete(["item 1"], purge=True) == 1
        assert not (path / layout.PREVIOUS).exists()
        with pytest.raises(InputError, match="no state of another space is kept"):
            switching.rollback(store_of(col))


def test_snapshots_repair_and_exports_leave_other_spaces_alone(path: Path, tmp_path: Path) -> None:
    reencoded(path)
    with om.open(path, encoder=NEW) as col:
        fill(begin(store_of(col), OLD), encoder=OLD)
        col.snapshot(tmp_path / "copy")
    assert not (tmp_path / "copy" / layout.NEXT).exists()
    (path / layout.HEAD).write_bytes(b"damaged")
    assert om.repair(path).ok
    assert {*layout.SPACES} & {one.name for one in path.iterdir()} == {"next", "previous"}
    assert len(told(path)) == 20
