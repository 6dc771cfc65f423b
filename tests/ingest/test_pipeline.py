import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import omnisearch as om
from tests.ingest.folder import (
    contents,
    sentence,
    write_mixed,
    write_picture,
    write_sound,
    write_texts,
)
from tests.ingest.killing import ROOT, Runs

_WATCHED = """
import sys
import omnisearch as om
from omnisearch.ingest import memory

peak = 0

def watch(progress):
    global peak
    peak = max(peak, memory.taken())

with om.open(sys.argv[1]) as col:
    report = col.ingest(sys.argv[2], max_memory=int(sys.argv[3]), progress=watch)
print(report.stored, peak)
"""


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    return folder


@pytest.fixture(scope="module")
def encoder() -> om.Encoder:
    return om.Encoder.load()


@pytest.fixture
def col(tmp_path: Path, encoder: om.Encoder) -> Iterator[om.Collection]:
    with om.open(tmp_path / "collection", encoder=encoder) as opened:
        yield opened


def age(folder: Path) -> None:
    """Make files look as if nobody had touched them for a while."""
    past = (datetime.now(UTC) - timedelta(days=3)).timestamp()
    for path in folder.rglob("*"):
        os.utime(path, (past, past), follow_symlinks=False)


def test_every_file_is_counted_once(source: Path, col: om.Collection) -> None:
    write_mixed(source)
    report = col.ingest(source)
    assert (report.seen, report.stored, report.duplicate) == (22, 16, 2)
    assert (report.failed, report.new_failures, report.skipped, report.unchanged) == (1, 1, 3, 0)
    assert report.reasons == {"empty text": 1, "unsupported type": 1, "symlink": 1}
    assert report.types == {"text": 12, "png": 3, "wav": 1}
    (failure,) = report.failures
    assert failure.path == os.fsencode(source / "broken.png")
    assert failure.stage == "decode"
    assert report.generation == col.generation > 0
    assert not report.complete


def test_texts_are_found_by_their_meaning_with_place_and_words(
    source: Path, col: om.Collection
) -> None:
    (source / "bread.txt").write_text("Knead the dough and bake it until the crust is brown.")
    (source / "boats.md").write_text("# Sailing\n\nThe boats left the harbour before the storm.")
    col.ingest(source)
    question = col.encoder.encode(["a recipe for baking"], target="text")[0]
    best = col.search(question, k=1)[0]
    assert best.uri == (source / "bread.txt").as_uri()
    assert best.snippet == "Knead the dough and bake it until the crust is brown."
    assert best.view == "words"
    assert best.modality == "text"
    assert best.span == om.TextSpan(0, 53)
    assert best.metadata["file.name"] == "bread.txt"


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


def test_options_choose_what_is_looked_at(source: Path, col: om.Collection) -> None:
    write_texts(source, 2)
    write_picture(source / "lake.png")
    write_sound(source / "tone.wav")
    (source / ".secret.txt").write_text(sentence(9))
    report = col.ingest(source, modalities=["image"], exclude=["*.wav"])
    assert (report.stored, report.reasons) == (1, {"text: not asked for": 2})
    assert col.ingest(exclude=["note-1.txt"], since=datetime.now(UTC) + timedelta(1)).seen == 0
    rest = col.ingest(hidden=True)
    assert (rest.stored, rest.unchanged) == (4, 1)


def test_a_part_of_a_root_is_a_part_of_it(source: Path, col: om.Collection) -> None:
    write_texts(source / "a", 2)
    write_texts(source / "b", 2, first=2)
    col.ingest(source)
    (source / "a" / "note-0.txt").unlink()
    (source / "b" / "note-2.txt").unlink()
    report = col.ingest(source / "a")
    assert (report.seen, report.missing) == (1, 1)
    assert col.files.roots == (os.fsencode(source),)


def test_single_files_may_be_named(source: Path, col: om.Collection) -> None:
    write_texts(source, 3)
    report = col.ingest(source / "note-0.txt", source / "note-1.txt")
    assert (report.seen, report.stored) == (2, 2)
    (source / "note-0.txt").unlink()
    assert col.ingest().missing == 1


def test_names_of_any_bytes_are_taken(source: Path, col: om.Collection) -> None:
    names = [b"caf\xc3\xa9.txt", b"cafe\xcc\x81.txt", b"\xff\xfe.txt", b"a\nb.txt", b"-rf.txt"]
    for number, name in enumerate([*names, b"n" * 251 + b".txt"]):
        Path(os.fsdecode(os.fsencode(source) + b"/" + name)).write_text(sentence(number))
    report = col.ingest(source)
    assert (report.seen, report.stored) == (6, 6)
    assert len({row.locations for row in col.iterate()}) == 6


def test_a_stranger_language_is_told(source: Path, col: om.Collection) -> None:
    for number in range(6):
        text = (
            f"Brief {number}: Der Zug ist nicht gekommen, und wir haben auf dem Bahnhof gewartet."
        )
        (source / f"{number}.txt").write_text(text)
    report = col.ingest(source)
    assert "100 % of the text is not English" in report.warnings[0]
    assert report.complete


def test_what_the_caller_raises_ends_the_run(source: Path, col: om.Collection) -> None:
    write_texts(source, 40)

    class EnoughError(Exception):
        pass

    def show(progress: om.Progress) -> None:
        raise EnoughError

    with pytest.raises(EnoughError):
        col.ingest(source, progress=show)
    assert threading.active_count() < 8
    assert col.ingest().seen == 40
    assert col.count() == 40


def test_nothing_is_made_for_a_path_that_is_not_there(source: Path, tmp_path: Path) -> None:
    with om.open(tmp_path / "other") as col:
        with pytest.raises(om.errors.InputError, match="does not exist"):
            col.ingest(source / "absent")
        with pytest.raises(om.errors.InputError, match="name a folder"):
            col.ingest()
        with pytest.raises(TypeError, match="colour"):
            col.ingest(source, colour="red")  # type: ignore[call-arg]
    assert not (tmp_path / "other").exists()


def test_a_collection_of_own_vectors_takes_no_files(source: Path, tmp_path: Path) -> None:
    write_texts(source, 1)
    with om.open(tmp_path / "own") as col:
        col.add_vectors(["a"], [[1.0, 2.0]])
        with pytest.raises(om.errors.SpaceMismatchError):
            col.ingest(source)
        assert col.files.roots == ()


def test_an_estimate_stores_nothing(source: Path, col: om.Collection) -> None:
    write_mixed(source)
    found = om.estimate(col, source)
    assert (found.files, found.unchanged, found.skipped) == (21, 0, 1)
    assert found.kinds["text"].files == 16
    assert found.kinds["image"].files == 4
    assert found.seconds is not None
    assert 0 < found.seconds < 600
    assert 0 < found.disk_bytes < 10_000_000
    assert found.memory_bytes > 0
    assert col.count() == 0
    assert col.files.roots == ()


@pytest.mark.slow
def test_the_memory_that_is_allowed_is_enough_and_is_kept(source: Path, tmp_path: Path) -> None:
    for number in range(6):
        write_picture(source / f"large-{number}.png", number, side=5_000)
    write_texts(source, 20)
    allowed = 900 << 20  # of a process of its own: what tests hold counts too
    program = [sys.executable, "-c", _WATCHED, str(tmp_path / "kept"), str(source), str(allowed)]
    paths = os.pathsep.join(str(ROOT / part) for part in ("", "indexes", "cli"))
    done = subprocess.run(
        program,
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    stored, peak = map(int, done.stdout.split())
    assert stored == 26 and 0 < peak < allowed


def test_an_item_without_a_segment_has_failed(source: Path, col: om.Collection) -> None:
    (source / "only-signs.txt").write_text("\u2603 \u2603 \u2603")
    report = col.ingest(source)
    assert (report.stored, report.failed) == (0, 1)
    assert "signs" in report.failures[0].reason
    assert report.failures[0].stage == "encode"


def test_two_runs_at_once_leave_one_collection(source: Path, tmp_path: Path) -> None:
    write_texts(source, 10)
    runs = Runs(tmp_path / "collection", source, tmp_path / "cache")
    both = [runs.start(), runs.start()]
    ended = [process.communicate(timeout=120) for process in both]
    refused = [faults for _, faults in ended if faults]
    assert len(refused) < 2
    assert all("CollectionLockedError" in faults for faults in refused)
    with om.open(tmp_path / "collection", create=False, mode="r") as col:
        assert col.count() == 10


def test_a_transaction_takes_no_run(source: Path, col: om.Collection) -> None:
    write_texts(source, 1)
    with pytest.raises(ValueError, match="a transaction is open"), col.transaction():
        col.ingest(source)
    assert col.ingest(source).stored == 1
    with pytest.raises(ValueError, match="a transaction is open"), col.transaction():
        col.ingest()
