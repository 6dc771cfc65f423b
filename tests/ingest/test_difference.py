"""What looks the same is the same; what is not met is not gone until it was looked at."""

import os
import random
import resource
import shutil
import time
import uuid
from pathlib import Path

import pytest

from omnisearch.ingest.beneath import Beneath
from omnisearch.ingest.difference import (
    Loss,
    Met,
    New,
    Unchanged,
    compare,
    gone,
    withheld,
)
from omnisearch.ingest.entries import Entry, entry_of
from omnisearch.ingest.opening import Copy, opened
from omnisearch.ingest.rules import Rules
from omnisearch.ingest.walk import walk
from omnisearch.locations import Location, Root
from omnisearch.storage.catalog import Catalog
from omnisearch.storage.sightings import Sighting

SECOND = 1_000_000_000
ENTRY = Entry(0, b"a", 10, 100 * SECOND, 101 * SECOND, 7)
SEEN = Sighting(10, 100 * SECOND, 101 * SECOND, 7, 200 * SECOND, "stored", "ab" * 16)


def is_new(entry: Entry, seen: Sighting | None, *, held: bool = True) -> bool:
    found = compare(entry, seen, lambda *_: held)
    assert found == (New(entry) if isinstance(found, New) else Unchanged(entry, seen or SEEN))
    return isinstance(found, New)


def test_a_file_that_looks_as_it_did_is_unchanged() -> None:
    assert not is_new(ENTRY, SEEN)
    assert is_new(ENTRY, None)
    assert is_new(ENTRY, SEEN, held=False)
    assert is_new(ENTRY._replace(size=11), SEEN)
    assert is_new(ENTRY._replace(mtime_ns=1), SEEN)
    assert is_new(ENTRY._replace(ctime_ns=1), SEEN)
    assert is_new(ENTRY._replace(inode=8), SEEN)


@pytest.mark.parametrize(
    ("read_at_s", "new"), [(100, True), (101, True), (103, True), (104, False), (1_000, False)]
)
def test_a_file_read_right_after_it_was_changed_is_read_again(read_at_s: int, new: bool) -> None:
    assert is_new(ENTRY, SEEN._replace(read_at_ns=read_at_s * SECOND)) == new


def test_a_time_far_ahead_says_nothing() -> None:
    ahead = 10**18
    entry, seen = ENTRY._replace(mtime_ns=ahead), SEEN._replace(mtime_ns=ahead)
    assert not is_new(entry, seen)
    hour = seen.read_at_ns + 3_600 * SECOND  # the clock of a server may be wrong
    assert is_new(entry._replace(mtime_ns=hour), seen._replace(mtime_ns=hour))


def sighting(copy: Copy) -> Sighting:
    entry = copy.entry
    times = entry.mtime_ns, entry.ctime_ns, entry.inode, copy.read_at_ns
    return Sighting(entry.size, *times, "stored", copy.digest)


@pytest.mark.parametrize("edits", [100, pytest.param(1_000, marks=pytest.mark.slow)])
def test_no_edit_is_missed(tmp_path: Path, edits: int) -> None:
    """Edits that keep the length, right after reading, with the old time put back."""
    root = Root(0, os.fsencode(tmp_path), 0, "folder")
    path, chance = tmp_path / "a", random.Random(5)
    path.write_bytes(b"0000")
    missed = 0
    with Beneath(root) as handle:
        for number in range(edits):
            before = path.stat()
            with opened(handle, entry_of(0, b"a", before)) as copy:
                seen = sighting(copy)
            path.write_bytes(b"%04d" % (number + 1))
            if chance.random() < 0.5:
                os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
            missed += not is_new(entry_of(0, b"a", path.stat()), seen)
    assert missed == 0


def test_an_old_file_with_its_time_put_back_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"0000")
    os.utime(path, ns=(SECOND, SECOND))
    found = path.stat()
    later = time.time_ns() + 10 * SECOND  # as if it had been read much later
    times = found.st_mtime_ns, found.st_ctime_ns, found.st_ino, later
    seen = Sighting(4, *times, "stored")
    assert not is_new(entry_of(0, b"a", path.stat()), seen)
    time.sleep(0.02)  # the clock of the kernel ticks every few milliseconds
    path.write_bytes(b"1111")
    os.utime(path, ns=(SECOND, SECOND))
    assert is_new(entry_of(0, b"a", path.stat()), seen)
    shutil.copy2(path, tmp_path / "b")
    (tmp_path / "b").rename(path)
    assert is_new(entry_of(0, b"a", path.stat()), seen)


def test_what_was_not_met_is_found() -> None:
    met = Met()
    assert list(met.others([])) == []
    assert list(met.others([b"a"])) == [b"a"]
    names = [b"%d" % number for number in range(20_000)]
    for name in names:
        met.add(name)
    assert len(met) == 20_000
    assert list(met.others([b"x", *names, b"y"])) == [b"x", b"y"]
    assert list(met.others(iter([]))) == []


def test_gone_is_only_what_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for name in ("a", ".hidden", "now_a_folder", "now_a_link", "folder/b"):
        (tmp_path / name).touch()
    for name in ("now_a_folder", "now_a_link"):
        (tmp_path / name).unlink()
    (tmp_path / "now_a_folder").mkdir()
    (tmp_path / "now_a_link").symlink_to("a")
    (tmp_path / "link").symlink_to("folder")
    asked = [b"a", b".hidden", b"none", b"now_a_folder", b"now_a_link", b"a/b", b"folder/b"]
    with Beneath(Root(0, os.fsencode(tmp_path), 0, "folder")) as handle:
        found = list(gone(handle, [*asked, b"link/b", b"no/where", b"n" * 300]))
    assert found == [b"none", b"now_a_folder", b"now_a_link", b"a/b", b"link/b", b"no/where"]


ROOT = Root(0, b"/pictures", 5, "folder")
FILE = Root(0, b"/notes.txt", 5, "file")


@pytest.mark.parametrize(
    ("root", "loss", "reason"),
    [
        (ROOT, Loss(1_000, 0, 0, 0, None), None),
        (ROOT, Loss(10, 3, 7, 7, 5), None),
        (ROOT, Loss(10, 10, 1, 0, 5), None),
        (ROOT, Loss(10, 10, 0, 0, None), "/pictures is not there"),
        (ROOT, Loss(10, 10, 0, 0, 5), "/pictures is empty"),
        (ROOT, Loss(10, 3, 7, 0, 6), "/pictures is on another device than before"),
        (ROOT, Loss(10, 3, 7, 7, 6), None),
        (ROOT, Loss(200, 100, 100, 100, 5), None),
        (ROOT, Loss(200, 101, 99, 99, 5), "101 of 200 files below /pictures are gone at once"),
        (ROOT, Loss(100, 100, 1, 0, 5), None),
        (ROOT, Loss(202, 101, 101, 101, 5), None),
        (
            ROOT,
            Loss(5_000, 5_000, 5_000, 0, 5),
            "5,000 of 5,000 files below /pictures are gone at once",
        ),
        (FILE, Loss(1, 1, 0, 0, 5), None),
        (FILE, Loss(1, 1, 0, 0, None), "/notes.txt is not there"),
        (FILE, Loss(1, 1, 0, 0, 6), "/notes.txt is on another device than before"),
    ],
)
def test_what_may_come_back_is_not_hidden(root: Root, loss: Loss, reason: str | None) -> None:
    assert withheld(root, loss) == reason


@pytest.mark.slow
@pytest.mark.alone
def test_a_second_look_is_quick_and_light(tmp_path: Path) -> None:
    """Thousands of files a second of processor time, with a catalog of fifty thousand."""
    count, folder = 10_000, os.open(tmp_path, os.O_RDONLY)
    for number in range(count):
        os.close(os.open(f"{number}.txt", os.O_CREAT | os.O_WRONLY, dir_fd=folder))
    os.close(folder)
    held: set[str] = set()
    root = Root(0, os.fsencode(tmp_path), 0, "folder")
    with Catalog(tmp_path / ".cache", uuid.UUID(int=1)) as catalog, Beneath(root) as handle:
        for number in range(40_000):
            catalog.put(1, b"%d" % number, SEEN)
        for entry in walk(handle, Rules()):
            assert isinstance(entry, Entry)
            later = entry.ctime_ns + 10 * SECOND
            stat = entry.size, entry.mtime_ns, entry.ctime_ns, entry.inode, later
            catalog.put(0, entry.path, Sighting(*stat, "stored"))
            held.add(str(Location(0, entry.path)))
        catalog.commit()
        before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
        met, unchanged = Met(), 0
        for entry in walk(handle, Rules()):
            assert isinstance(entry, Entry)
            met.add(entry.path)
            found = compare(
                entry,
                catalog.get(0, entry.path),
                lambda one, _: str(Location(one.root, one.path)) in held,
            )
            unchanged += isinstance(found, Unchanged)
        assert not list(met.others(Location.parse(place).path for place in held))
        seconds = time.process_time() - started
    assert unchanged == count
    assert count / seconds >= 3_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before <= 32 << 10
