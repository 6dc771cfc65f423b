"""Files that come back, move with their folder, can be read again, or are named in a list."""

import fcntl
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import omnisearch as om
from tests.ingest.folder import contents, sentence, write_texts

pytestmark = pytest.mark.usefixtures("cache")


@contextmanager
def in_use(path: Path) -> Iterator[None]:
    """Keep everybody from opening a file; its size and times stay as they are."""
    before = signal.signal(signal.SIGIO, signal.SIG_IGN)  # somebody wants to open it
    with path.open("r+b") as file:
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)
        try:
            yield
        finally:
            fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    signal.signal(signal.SIGIO, before)


def test_a_failed_file_is_followed_to_the_new_name_of_its_root(
    source: Path, tmp_path: Path, col: om.Collection
) -> None:
    write_texts(source, 2)
    (source / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
    assert col.ingest(source).failed == 1
    source.rename(tmp_path / "renamed")
    report = col.ingest(tmp_path / "renamed")
    assert (report.unchanged, report.moved, report.failed, report.missing) == (2, 2, 1, 0)
    again = col.ingest()
    assert (again.seen, again.failed, again.new_failures, again.warnings) == (3, 1, 0, ())
    assert [one.path for one in col.files.failures] == [os.fsencode(tmp_path / "renamed/bad.png")]


def test_what_is_included_is_counted_once(source: Path, col: om.Collection) -> None:
    write_texts(source / "a", 2)
    write_texts(source, 1, first=5)
    col.ingest(source)
    col.forget(source / "a" / "note-0.txt")
    report = col.ingest(include=[source / "a" / "note-0.txt"])
    assert (report.seen, report.stored, report.unchanged, report.duplicate) == (3, 1, 2, 0)
    col.forget(source / "a")
    report = col.ingest(source / "a" / "note-1.txt", include=[source / "a"])
    assert (report.seen, report.stored, report.duplicate) == (2, 2, 0)


def test_what_is_gone_below_an_included_folder_is_missed_once(
    source: Path, col: om.Collection
) -> None:
    write_texts(source / "a", 3)
    write_texts(source / "b", 1, first=5)
    col.ingest(source)
    col.forget(source / "a" / "note-0.txt")
    (source / "a" / "note-1.txt").unlink()
    report = col.ingest(include=[source / "a"])
    assert (report.seen, report.stored, report.unchanged, report.missing) == (3, 1, 2, 1)
    assert report.warnings == ()


def test_a_hidden_file_that_was_named_can_be_included(source: Path, col: om.Collection) -> None:
    write_texts(source, 1)
    hidden = source / ".drafts" / "plan.txt"
    hidden.parent.mkdir()
    hidden.write_text(sentence(8))
    col.ingest(source)
    assert col.ingest(hidden).stored == 1
    col.forget(hidden)
    report = col.ingest(include=[hidden])
    assert (report.seen, report.stored, report.unchanged) == (2, 1, 1)


def test_what_was_never_taken_in_cannot_be_included(
    tmp_path: Path, source: Path, col: om.Collection
) -> None:
    write_texts(source, 1)
    write_texts(tmp_path / "other", 1)
    col.ingest(source)
    with pytest.raises(om.errors.InputError, match="other is in no folder that was taken in"):
        col.ingest(include=[tmp_path / "other"])
    assert col.files.roots == (os.fsencode(source),)


def test_a_file_that_could_not_be_opened_is_tried_each_time(
    source: Path, col: om.Collection
) -> None:
    write_texts(source, 2)
    with in_use(source / "note-0.txt"):
        first = col.ingest(source)
        assert (first.stored, first.failed, first.new_failures) == (1, 1, 1)
        known = col.ingest()
        assert (known.failed, known.new_failures) == (1, 0)
    again = col.ingest()
    assert (again.stored, again.unchanged, again.failed) == (1, 1, 0)
    assert col.files.failures == ()


def test_a_name_cannot_forge_a_message(source: Path, col: om.Collection) -> None:
    folder = source / "a\nfailed: x"
    folder.mkdir()
    (folder / "b\x1b]0;c\x07\n.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
    (failure,) = col.ingest(source).failures
    assert failure.path == os.fsencode(folder / "b\x1b]0;c\x07\n.png")
    assert failure.reason.isprintable()
    folder.rename(source / "c")
    (source / "c").rename(source.parent / "c")
    with pytest.raises(om.errors.InputError) as raised:
        col.ingest(folder)
    assert str(raised.value).isprintable()


def test_paths_of_a_list_that_are_no_files_do_not_end_a_run(
    tmp_path: Path, source: Path, col: om.Collection
) -> None:
    write_texts(source, 2)
    write_texts(source / "deep", 1, first=3)
    os.mkfifo(source / "pipe")
    col.ingest(source / "deep")
    (tmp_path / "loop").symlink_to("loop")
    names = ["note-0.txt", "pipe", "gone.txt", "deep", "note-0.txt", "gone.txt"]
    listed = [*(source / name for name in names), tmp_path / "loop", col.path]
    report = col.ingest(listed=listed)
    assert (report.seen, report.stored, report.unchanged) == (6, 1, 1)
    assert (report.failed, report.new_failures, report.skipped) == (2, 2, 2)
    assert {one.path for one in report.failures} == {
        os.fsencode(source / "gone.txt"),
        os.fsencode(tmp_path / "loop"),
    }
    assert report.reasons == {"special file": 1, "collection of omnisearch": 1}
    assert col.files.failures == ()
    found = om.estimate(col, listed=listed)
    assert (found.files + found.unchanged, found.failed, found.skipped) == (2, 2, 2)
    nothing = col.ingest(listed=[source / "gone.txt"])
    assert (nothing.seen, nothing.failed) == (1, 1)
    with pytest.raises(om.errors.InputError, match=r"gone\.txt does not exist"):
        col.ingest(source / "gone.txt")
    with pytest.raises(om.errors.InputError, match="neither a folder nor"):
        col.ingest(source / "pipe")


def test_what_is_left_alone_from_now_on_is_counted(source: Path, col: om.Collection) -> None:
    write_texts(source, 2)
    (source / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
    col.ingest(source)
    (source / "new.txt").write_text(sentence(7))
    names = ("bad.png", "new.txt", "absent.txt", "note-0.txt")
    paths = [source / name for name in names]
    for dry_run in (True, False):
        forgotten = col.forget(*paths, dry_run=dry_run)
        assert forgotten == om.Forgotten(files=3, items=1, rows=1)
    assert col.files.failures == ()
    assert col.forget(*paths).files == 0
    report = col.ingest()
    assert (report.seen, report.warnings) == (1, ())
    named = col.ingest(source)
    assert "4 paths below" in named.warnings[0]
    assert "--include" in named.warnings[0]
    assert col.ingest(source, include=[source]).warnings == ()


def test_a_collection_that_is_open_for_reading_takes_nothing_in(
    source: Path, col: om.Collection
) -> None:
    write_texts(source, 1)
    col.ingest(source)
    with om.open(col.path, mode="r") as reader:
        with pytest.raises(om.errors.ReadOnlyError):
            reader.ingest()
        assert om.estimate(reader, source).failed == 0


def test_what_comes_back_to_its_place_is_unchanged(source: Path, col: om.Collection) -> None:
    write_texts(source, 4)
    col.ingest(source)
    aside = source.parent / "aside"
    aside.mkdir()
    for number in (1, 2):
        (source / f"note-{number}.txt").rename(aside / f"note-{number}.txt")
    assert col.ingest().missing == 2
    for path in aside.iterdir():
        path.rename(source / path.name)
    (source / "copy.txt").write_text(sentence(1))
    back = col.ingest()
    assert (back.seen, back.unchanged, back.duplicate, back.moved) == (5, 4, 1, 0)
    assert col.count() == 4


def test_a_root_that_was_renamed_has_moved(source: Path, col: om.Collection) -> None:
    write_texts(source, 3)
    (source / "copy.txt").write_text(sentence(1))
    col.ingest(source)
    vectors = {key: row[-1] for key, row in contents(col.path).items()}
    renamed = source.with_name("renamed")
    source.rename(renamed)
    report = col.ingest(renamed)
    assert (report.seen, report.unchanged, report.moved, report.duplicate) == (4, 4, 4, 0)
    assert (report.missing, report.segments) == (0, 0)
    assert {key: row[-1] for key, row in contents(col.path).items()} == vectors
    assert all(one.startswith("1:") for row in col.iterate() for one in row.locations)
    again = col.ingest()
    assert (again.seen, again.unchanged, again.warnings) == (4, 4, ())


def test_as_many_files_move_as_arrive(source: Path, col: om.Collection) -> None:
    write_texts(source, 1)
    for name in ("copy.txt", "other.txt"):
        (source / name).write_text(sentence(0))
    col.ingest(source)
    source.rename(source.with_name("unplugged"))
    write_texts(source.with_name("backup"), 1)
    report = col.ingest(source.with_name("backup"))
    assert (report.unchanged, report.moved, report.missing) == (1, 1, 0)
    (row,) = col.iterate()
    assert len(row.locations) == 3
    source.with_name("unplugged").rename(source)
    back = col.ingest()
    assert (back.seen, back.unchanged, back.duplicate, back.missing) == (4, 3, 1, 0)
    assert len(next(iter(col.iterate())).locations) == 4


def test_another_copy_of_a_root_is_a_duplicate(source: Path, col: om.Collection) -> None:
    write_texts(source, 2)
    col.ingest(source)
    write_texts(source.with_name("backup"), 2)
    report = col.ingest(source.with_name("backup"))
    assert (report.unchanged, report.moved, report.duplicate) == (0, 0, 2)
    assert all(len(row.locations) == 2 for row in col.iterate())


@pytest.mark.slow
def test_many_files_that_move_at_once_are_not_taken_for_lost(
    source: Path, col: om.Collection
) -> None:
    write_texts(source / "old", 120)
    col.ingest(source)
    (source / "old").rename(source / "new")
    report = col.ingest()
    assert (report.unchanged, report.moved, report.duplicate) == (120, 120, 0)
    assert (report.warnings, report.withheld) == ((), False)
