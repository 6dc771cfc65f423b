"""Folders that are followed: what changes is found, whatever happens to them meanwhile."""

import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import omnisearch as om
from omnisearch.ingest.following.follower import Follower
from omnisearch.ingest.following.pending import Pending
from omnisearch.ingest.report import Counts
from tests.ingest.following.watching import (
    LONG_S,
    Watched,
    differences,
    found,
    fresh,
    wait_for,
    watching,
)

pytestmark = pytest.mark.usefixtures("cache")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "collection"


def test_what_changes_is_found(source: Path, place: Path, encoder: om.Encoder) -> None:
    (source / "a.txt").write_text("the first note")
    with watching(place, source, encoder=encoder) as watched:
        deep = source / "b" / "c"
        deep.mkdir(parents=True)
        (deep / "d.txt").write_text("a dog in the snow")
        wait_for(watched, place, source)
        (source / "b").rename(source / "e")
        wait_for(watched, place, source)
        watched.wait(
            lambda: any("moved" in one.message for one in watched.events),
            "nobody says that it moved",
        )
        (source / "a.txt").write_text("another note")
        (source / "e" / "c" / "d.txt").unlink()
        watched.wait(lambda: len(found(place)) == 1, "the file is not gone")
        wait_for(watched, place, source)
    assert found(place) == fresh(source, place.with_name("fresh"), encoder)


@pytest.mark.slow
def test_a_burst_ends_as_a_fresh_ingest(tmp_path: Path) -> None:
    assert differences(tmp_path, seed=1, changes=500) == ""


def test_names_that_are_not_utf8_are_followed(
    source: Path, place: Path, encoder: om.Encoder
) -> None:
    with watching(place, source, encoder=encoder) as watched:
        (source / os.fsdecode(b"caf\xe9.txt")).write_text("coffee")
        wait_for(watched, place, source)
        (source / "later.txt").write_text("it is heard on")
        wait_for(watched, place, source)


def test_a_folder_that_goes_keeps_its_files_and_may_come_back(
    source: Path, place: Path, encoder: om.Encoder
) -> None:
    (source / "a.txt").write_text("one")
    away = source.with_name("away")
    with watching(place, source, encoder=encoder) as watched:
        source.rename(away)
        watched.wait(lambda: "lost" in watched.kinds(), "nobody says that it is gone")
        assert len(found(place)) == 1
        (away / "b.txt").write_text("two")
        away.rename(source)
        watched.wait(lambda: "back" in watched.kinds(), "nobody says that it is back")
        wait_for(watched, place, source)
        (source / "c.txt").write_text("three")
        wait_for(watched, place, source)


@pytest.mark.parametrize("another", [False, True])
def test_a_collection_that_goes_ends_it(
    source: Path, place: Path, encoder: om.Encoder, another: bool
) -> None:
    (source / "a.txt").write_text("one")
    with pytest.raises(om.errors.CollectionNotFoundError):
        with watching(place, source, encoder=encoder) as watched:
            shutil.rmtree(place)
            if another:
                om.open(place, encoder=encoder).add([om.Item("b", text="of another")])
            (source / "c.txt").write_text("three")
            end = time.monotonic() + LONG_S
            while watched.error is None and time.monotonic() < end:
                time.sleep(0.05)
    assert watched.events[-1].kind == "lost"
    assert "the collection is gone" in watched.events[-1].message
    if another:
        assert list(found(place)) == ["b"]
    else:
        assert not place.exists()


def test_what_is_left_out_and_what_was_deleted_stay_out(
    source: Path, place: Path, encoder: om.Encoder
) -> None:
    (source / "gone.txt").write_text("not wanted")
    with om.open(place, encoder=encoder) as col:
        col.ingest(source)
        col.delete(where="file.name = 'gone.txt'")
    with watching(place, source, encoder=encoder) as watched:
        (source / ".git").mkdir()
        (source / ".git" / "x.txt").write_text("x")
        (source / ".omnisearchignore").write_text("*.tmp")
        (source / "x.tmp").write_text("y")
        (source / "a.txt").write_text("wanted")
        watched.wait(lambda: bool(found(place)), "the note is not found")
    assert [places for places in found(place).values()] == [("0:a.txt",)]


def test_others_write_between(source: Path, place: Path, encoder: om.Encoder) -> None:
    other = source.with_name("other")
    other.mkdir()
    (other / "b.txt").write_text("from elsewhere")
    with watching(place, source, encoder=encoder) as watched:
        with om.open(place, encoder=encoder) as col:
            col.ingest(other)
            (source / "a.txt").write_text("while it is held")
            names = {name for places in found(place).values() for name in places}
            assert names == {"1:b.txt"}
        watched.wait(lambda: len(found(place)) == 2, "the note is not found")


def test_only_one_follows(source: Path, place: Path, encoder: om.Encoder) -> None:
    with watching(place, source, encoder=encoder):
        with pytest.raises(om.errors.CollectionLockedError, match="followed by another"):
            om.watch(place, source, encoder=encoder)
    stop = threading.Event()
    om.watch(place, source, encoder=encoder, stop=stop, on_event=lambda _: stop.set())


def test_a_single_file_is_followed_through_editors(
    source: Path, place: Path, encoder: om.Encoder
) -> None:
    note, other = source / "note.txt", source / "other.txt"
    note.write_text("one")
    other.write_text("no business of ours")
    with watching(place, note, encoder=encoder) as watched:
        before = found(place)
        made = source / "note.txt~"
        made.write_text("two")
        made.rename(note)
        watched.wait(lambda: set(found(place)) not in (set(), set(before)), "it is not seen")
    assert len(found(place)) == 1


def test_where_nothing_is_told_everything_is_looked_at(
    source: Path, place: Path, encoder: om.Encoder
) -> None:
    with watching(place, source, encoder=encoder, poll_s=0.5) as watched:
        (source / "a.txt").write_text("one")
        wait_for(watched, place, source)


def test_most_of_a_folder_is_not_taken_for_gone(
    source: Path, place: Path, encoder: om.Encoder
) -> None:
    for number in range(150):
        (source / f"{number}.txt").write_text(f"note {number}")
    with watching(place, source, encoder=encoder) as watched:
        shutil.rmtree(source, ignore_errors=True)
        source.mkdir(exist_ok=True)
        (source / "new.txt").write_text("a new one")
        watched.wait(lambda: len(found(place)) == 151, "the new one is not found")
        watched.wait(
            lambda: any("some held back" in one.message for one in watched.events),
            "what was held back is not told",
        )
        held = [one.report for one in watched.events if one.report and one.report.withheld]
        assert "--force" in held[0].warnings[0]


def test_a_missing_folder_and_a_wrong_pause_are_refused(tmp_path: Path, place: Path) -> None:
    with pytest.raises(om.errors.InputError, match="does not exist"):
        om.watch(place, tmp_path / "none")
    with pytest.raises(om.errors.InputError, match="poll_s is 0"):
        om.watch(place, tmp_path, poll_s=0)
    assert not place.exists()


def test_without_the_extra_the_command_to_install_it_is_said(source: Path, place: Path) -> None:
    code = (
        "import sys; sys.modules['watchfiles'] = None\n"
        "import omnisearch as om\n"
        f"om.watch({str(place)!r}, {str(source)!r})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "pip install 'omnisearch[watch]'" in done.stderr
    assert not place.exists()


class Failing:
    """Runs of which the second fails."""

    def __init__(self) -> None:
        self.tries = 0

    def whole(self) -> om.IngestReport:
        self.tries += 1
        if self.tries == 2:
            raise om.errors.StorageError("the disk is full")
        return Counts(seen=1, stored=1).report(0.0, self.tries)

    def part(self, paths: frozenset[bytes]) -> om.IngestReport:
        raise AssertionError(paths)

    def absent(self) -> frozenset[bytes]:
        return frozenset()


def test_a_fault_is_told_and_tried_again() -> None:
    stop, watched = threading.Event(), Watched()

    def tell(event: om.WatchEvent) -> None:
        watched.tell(event)
        if event.kind == "changed":
            stop.set()

    pending = Pending()
    pending.everything()
    Follower(Failing(), pending, tell, stop).run()
    assert watched.kinds() == ["ready", "trouble", "changed"]
    assert "the disk is full; it is tried again in 1 s" in watched.events[1].message


class Changing(Failing):
    """Work that finds the encoder changed while it was done, so many times."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times

    def whole(self) -> om.IngestReport:
        self.tries += 1
        if self.tries <= self.times:
            raise om.errors.SpaceMismatchError("the collection changed to vectors of another")
        return Counts(seen=1, stored=1).report(0.0, self.tries)


def test_a_change_of_the_encoder_is_met_with_the_new_one() -> None:
    stop, watched = threading.Event(), Watched()

    def tell(event: om.WatchEvent) -> None:
        watched.tell(event)
        stop.set()

    Follower(Changing(1), Pending(), tell, stop).run()
    assert watched.kinds() == ["ready"]
    with pytest.raises(om.errors.SpaceMismatchError):  # an encoder that was given stays another
        Follower(Changing(2), Pending(), tell, threading.Event()).run()
