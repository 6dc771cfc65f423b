"""What a run makes of files that moved, changed, are gone, failed before, or were deleted."""

import itertools
import os
import random
import shutil
import threading
import time
from pathlib import Path

import pytest

import omnisearch as om
from tests.ingest.folder import (
    age,
    contents,
    sentence,
    write_mixed,
    write_picture,
    write_texts,
)

pytestmark = pytest.mark.usefixtures("cache")


def test_what_did_not_change_is_not_read_again(source: Path, col: om.Collection) -> None:
    write_mixed(source)
    age(source)
    time.sleep(2.1)  # what changed while it was read is read again
    col.ingest(source)
    before = contents(col.path)
    shown: list[om.Progress] = []
    again = col.ingest(progress=shown.append)
    assert (again.seen, again.unchanged, again.failed, again.skipped) == (22, 18, 1, 3)
    assert (again.stored, again.segments, again.new_failures, again.bytes) == (0, 0, 0, 0)
    assert contents(col.path) == before


def test_a_renamed_folder_costs_no_encoding(source: Path, col: om.Collection) -> None:
    write_texts(source / "old", 30)
    write_picture(source / "old" / "lake.png")
    age(source)
    col.ingest(source)
    generation = col.generation
    vectors = {key: row[-1] for key, row in contents(col.path).items()}
    (source / "old").rename(source / "new")
    report = col.ingest()
    assert (report.unchanged, report.moved, report.missing) == (31, 31, 0)
    assert (report.segments, report.stored, report.duplicate) == (0, 0, 0)
    assert col.generation <= generation + 2
    after = contents(col.path)
    assert {key: row[-1] for key, row in after.items()} == vectors
    assert all("new/" in row[3][0] for row in after.values())


def test_a_renamed_picture_is_found_by_its_new_name(source: Path, col: om.Collection) -> None:
    write_picture(source / "lighthouse.png")
    col.ingest(source)
    (first,) = col.iterate()
    assert first.words == "lighthouse"
    (source / "lighthouse.png").rename(source / "waterfall.png")
    assert col.ingest().moved == 1
    (second,) = col.iterate()
    assert (second.id, second.words) == (first.id, "waterfall")
    assert second.metadata["file.name"] == "waterfall.png"


def test_files_that_are_renamed_and_deleted_all_the_time_end_no_run(
    source: Path, col: om.Collection
) -> None:
    write_texts(source, 60)
    draw, over = random.Random(3), threading.Event()

    def disturb() -> None:
        left = [f"note-{number}.txt" for number in range(60)]
        for number in itertools.count():
            at = draw.randrange(len(left))
            if number % 50 == 49 and len(left) > 40:
                (source / left.pop(at)).unlink()
            else:
                (source / left[at]).rename(source / f"moved-{number}.txt")
                left[at] = f"moved-{number}.txt"
            if over.wait(0.002):
                return

    chaos = threading.Thread(target=disturb)
    chaos.start()
    try:
        reports = [col.ingest(source) for _ in range(3)]
    finally:
        over.set()
        chaos.join()
    assert [report.failed for report in reports] == [0, 0, 0]
    last = col.ingest()
    assert (last.failed, last.withheld, last.warnings) == (0, False, ())
    there = sorted(os.fsencode(path.name) for path in source.iterdir())
    hits = [row for row in col.iterate() if row.locations]
    assert sorted(row.locations[0].partition(":")[2].encode() for row in hits) == there
    assert {row.words for row in hits} == {path.read_text() for path in source.iterdir()}


@pytest.mark.slow
def test_a_thousand_copies_of_a_photo_cost_one(source: Path, col: om.Collection) -> None:
    write_picture(source / "first.png")
    for number in range(999):
        shutil.copy(source / "first.png", source / f"copy-{number}.png")
    report = col.ingest(source)
    assert (report.stored, report.duplicate, report.segments) == (1, 999, 1)
    (row,) = col.iterate()
    assert len(row.locations) == 1000
    assert row.metadata["file.name"] == "copy-0.png"


def test_a_file_that_changed_is_another_item(source: Path, col: om.Collection) -> None:
    (source / "note.txt").write_text(sentence(1))
    col.ingest(source)
    (source / "note.txt").write_text(sentence(2))
    report = col.ingest()
    assert (report.stored, report.missing, report.moved) == (1, 0, 0)
    assert [row.words for row in col.iterate()] == [sentence(2)]
    (source / "note.txt").write_text(sentence(1))
    back = col.ingest()
    assert (back.stored, back.segments) == (0, 0)
    assert [row.words for row in col.iterate()] == [sentence(1)]


def test_a_file_that_is_gone_is_hidden_until_it_comes_back(
    source: Path, col: om.Collection
) -> None:
    write_texts(source, 3)
    col.ingest(source)
    (source / "note-1.txt").rename(source.parent / "aside.txt")
    report = col.ingest()
    assert (report.seen, report.missing, report.pruned) == (2, 1, 0)
    assert col.count() == 2
    shutil.copy(source.parent / "aside.txt", source / "note-1.txt")
    back = col.ingest()
    assert (back.stored, back.segments, back.seen) == (0, 0, 3)
    assert col.count() == 3


def test_prune_deletes_what_is_gone(source: Path, col: om.Collection) -> None:
    write_texts(source, 3)
    col.ingest(source)
    (source / "note-1.txt").unlink()
    report = col.ingest(prune=True)
    assert (report.missing, report.pruned) == (1, 1)
    assert len(contents(col.path)) == 2
    (source / "note-1.txt").write_text(sentence(1))
    assert col.ingest().stored == 1


def test_an_empty_root_hides_nothing(source: Path, col: om.Collection) -> None:
    write_texts(source, 3)
    col.ingest(source)
    shutil.rmtree(source)
    source.mkdir()
    report = col.ingest(prune=True)
    assert (report.missing, report.pruned, col.count()) == (0, 0, 3)
    assert "is empty" in report.warnings[0]
    assert report.withheld
    assert not report.complete
    source.rmdir()
    assert "is not there" in col.ingest().warnings[0]
    assert col.ingest(force=True).missing == 3
    assert col.count() == 0


def test_a_failure_is_known_until_the_file_changes(source: Path, col: om.Collection) -> None:
    (source / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
    age(source)
    first = col.ingest(source)
    assert (first.failed, first.new_failures) == (1, 1)
    assert [one.path for one in col.files.failures] == [os.fsencode(source / "bad.png")]
    known = col.ingest()
    assert (known.failed, known.new_failures) == (1, 0)
    assert known.failures[0].reason == first.failures[0].reason
    retried = col.ingest(retry_failed=True)
    assert (retried.failed, retried.new_failures) == (1, 0)
    write_picture(source / "bad.png")
    assert col.ingest().stored == 1
    assert col.files.failures == ()


def test_a_copy_of_a_failing_file_fails_too(source: Path, col: om.Collection) -> None:
    for name in ("a.png", "b.png", "c.png"):
        (source / name).write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
    report = col.ingest(source)
    assert (report.seen, report.failed, report.duplicate) == (3, 3, 0)
    assert {one.path[-5:] for one in report.failures} == {b"a.png", b"b.png", b"c.png"}
    for one in report.failures:
        others = {"a.png", "b.png", "c.png"} - {one.path[-5:].decode()}
        assert not any(name in one.reason for name in others)


def test_bytes_that_fail_under_one_name_are_read_under_another(
    source: Path, col: om.Collection
) -> None:
    for number in range(40):
        for suffix in ("mp4", "txt", "avi"):  # films are begun first, texts are quick
            (source / f"{number}.{suffix}").write_text(f"A note of number {number}.")
    report = col.ingest(source, jobs=4)
    assert report.seen == 120 and report.stored == 40
    assert report.failed + report.duplicate + report.skipped == 80
    again = col.ingest(source, jobs=4)
    assert (again.stored, again.new_failures, again.failed) == (0, 0, report.failed)


def test_copies_do_not_depend_on_their_order(tmp_path: Path, encoder: om.Encoder) -> None:
    seen = []
    for name, order in (("one", ("a.png", "b.png")), ("two", ("b.png", "a.png"))):
        folder = tmp_path / name / "files"
        for part in order:
            write_picture(folder / part)
            age(folder)
            with om.open(tmp_path / name / "collection", encoder=encoder) as col:
                col.ingest(folder)
        seen.append(contents(tmp_path / name / "collection"))
    first, second = ([row[5] for row in one.values()] for one in seen)
    assert first == second
    assert [dict(row[6])["file.name"] for row in seen[1].values()] == ["'a.png'"]


def test_what_is_deleted_stays_deleted_until_it_is_included(
    source: Path, col: om.Collection
) -> None:
    write_texts(source / "a", 2)
    write_texts(source / "b", 2, first=2)
    col.ingest(source)
    counted = col.forget(source / "a", dry_run=True)
    assert counted == om.Forgotten(files=2, items=2, rows=2)
    assert col.count() == 4
    assert col.forget(source / "a") == counted
    (item,) = {row.item for row in col.iterate() if row.words == sentence(2)}
    assert col.delete([item]) == 1
    report = col.ingest()
    assert (report.seen, report.stored, col.count()) == (1, 0, 1)
    assert (source / "a" / "note-0.txt").exists()
    assert [one.rpartition(b"/")[2] for one in col.files.ignored] == [b"a", b"note-2.txt"]
    again = col.ingest(include=[source / "a"])
    assert (again.stored, col.count()) == (2, 3)
    assert "--include" in col.ingest(source / "b" / "note-2.txt").warnings[0]


def test_a_root_that_is_forgotten_is_visited_no_more(source: Path, col: om.Collection) -> None:
    write_texts(source / "a", 1)
    write_texts(source / "b", 1)
    col.ingest(source / "a", source / "b")
    assert col.forget(source / "a") == om.Forgotten(files=1, items=0, rows=0)
    assert col.files.roots == (os.fsencode(source / "b"),)
    assert (col.ingest().seen, col.count()) == (1, 1)
