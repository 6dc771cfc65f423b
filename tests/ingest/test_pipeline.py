"""What a run takes, counts and finds, and what ends it."""

import os
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import omnisearch as om
from tests.ingest.folder import (
    sentence,
    write_mixed,
    write_picture,
    write_sound,
    write_texts,
)
from tests.ingest.killing import ROOT, Runs

pytestmark = pytest.mark.usefixtures("cache")
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
    for number in range(3):
        write_picture(source / f"large-{number}.png", number, side=5_000)
    write_texts(source, 5)
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
    assert stored == 8 and 0 < peak < allowed


def test_an_item_without_a_segment_has_failed(source: Path, col: om.Collection) -> None:
    (source / "only-signs.txt").write_text("\u2603 \u2603 \u2603")
    report = col.ingest(source)
    assert (report.stored, report.failed) == (0, 1)
    assert "signs" in report.failures[0].reason
    assert report.failures[0].stage == "encode"


def test_what_a_file_is_otherwise_than_it_claims_is_noted(source: Path, col: om.Collection) -> None:
    (source / "menu.txt").write_bytes("A café by the river, and a naïve waiter.".encode("cp1252"))
    write_picture(source / "a.png")
    (source / "a.png").rename(source / "a.jpg")
    write_texts(source, 2)
    report = col.ingest(source)
    assert (report.stored, report.noted) == (4, 2)
    assert report.notes == {
        os.fsencode(source / "menu.txt"): "in no Unicode: read as Windows-1252",
        os.fsencode(source / "a.jpg"): "called .jpg, holds png",
    }
    assert col.ingest().noted == 0


def test_a_reason_names_the_file_once_and_obeys_nothing(source: Path, col: om.Collection) -> None:
    (source / "a\x1b[31m.wav").write_bytes(b"RIFF\x24\0\0\0WAVEfmt ")
    write_sound(source / "b\nc.wav", seconds=0.01)
    failures = {one.path.rpartition(b"/")[2]: one.reason for one in col.ingest(source).failures}
    assert failures[b"b\nc.wav"].startswith("b\\u000ac.wav has no sound that can be heard")
    assert failures[b"a\x1b[31m.wav"].startswith("a\\u001b[31m.wav is no sound or film")


def test_progress_tells_at_once_what_failed(source: Path, col: om.Collection) -> None:
    (source / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
    write_picture(source / "b.png", side=4_000)  # a second of work, during which nothing is stored
    shown: list[om.Progress] = []
    report = col.ingest(source, progress=shown.append)
    assert (report.stored, report.failed) == (1, 1)
    assert any((one.failed, one.items) == (1, 0) for one in shown)


def test_two_runs_at_once_leave_one_collection(source: Path, tmp_path: Path) -> None:
    write_texts(source, 10)
    runs = Runs(tmp_path / "collection", source, tmp_path / "cache")
    both = [runs.start(), runs.start()]
    ended = [process.communicate(timeout=600) for process in both]
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
