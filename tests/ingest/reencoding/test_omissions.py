"""What a space goes without is remembered: said once, told afterwards, never lost quietly."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

import omnisearch as om
from omnisearch.errors import InputError
from omnisearch.ingest.parquet import HINTS
from tests.ingest.folder import write_texts
from tests.ingest.reencoding.tiny import Tiny, long, model, short

PICTURES, PDF = 3, 1


def words() -> om.Encoder:
    return om.Encoder(Tiny("words", 8, ("text",)))


def third() -> om.Encoder:
    return om.Encoder(Tiny("third", 12))


@pytest.fixture
def built(made: Path) -> Path:
    """Give a collection beside which one waits that reads no pictures and no pages."""
    report = om.reencode(made, words(), leave_out=True, switch=False)
    assert len(report.left_out) == PICTURES + PDF
    return made


@pytest.fixture
def switched(built: Path) -> Path:
    om.reencode(built, words())
    return built


def test_a_switch_needs_nothing_said_again(built: Path) -> None:
    told = om.reencode_status(built)
    assert told.next is not None and told.previous is None and told.now.left_out == ()
    assert {one.reason for one in told.next.left_out} == {
        "words does not read document",
        "words does not read image",
    }
    with om.open(built, mode="r") as col:
        stats = col.stats()
    assert (stats["left_out"], stats["next"]["left_out"]) == (0, PICTURES + PDF)
    report = om.reencode(built, words())
    assert report.switched and len(report.left_out) == PICTURES + PDF
    told = om.reencode_status(built)
    assert told.next is None and told.previous is not None and told.previous.left_out == ()
    assert len(told.now.left_out) == PICTURES + PDF


def test_what_lacks_more_by_then_is_named(built: Path, source: Path) -> None:
    (source / "more.png").write_bytes((source / "pictures" / "harbour-1.png").read_bytes() + b"\0")
    with om.open(built, encoder=short()) as col:
        assert col.ingest().stored == 1
    with pytest.raises(InputError, match=r"1 item cannot be encoded by words .*more\.png: words"):
        om.reencode(built, words())
    assert om.reencode(built, words(), leave_out=True).switched


def test_what_fails_while_it_is_read_is_remembered(made: Path) -> None:
    other = long()
    model(other).refuses = "Note 3:"
    om.reencode(made, other, leave_out=True, switch=False)
    again = long()
    model(again).refuses = "Note 3:"
    (lost,) = om.reencode(made, again).left_out
    assert lost.path is not None and lost.path.endswith(b"note-3.txt")
    assert [one.item for one in om.reencode_status(made).now.left_out] == [lost.item]
    with om.open(made, encoder=long()) as col:
        assert col.stats()["left_out"] == 1
        assert col.ingest().stored == 1
        assert col.stats()["left_out"] == 0
    assert om.reencode_status(made).now.left_out == ()


def test_a_run_that_is_cut_forgets_nothing(made: Path) -> None:
    write_texts(made.parent / "files" / "more", 40)
    with om.open(made, encoder=short()) as col:
        col.ingest()
    other = words()
    model(other).fails_after = 30
    with pytest.raises(om.errors.EncoderServerError):
        om.reencode(made, other, leave_out=True)
    model(other).fails_after = None
    assert om.reencode(made, other).switched


def test_a_third_encoder_does_not_quietly_replace_what_only_the_first_has(switched: Path) -> None:
    said = r"4 items \(.* and 1 more\) would go with the state before .*: they were left out then"
    with pytest.raises(InputError, match=said):
        om.reencode(switched, third())
    assert not (switched / "next").exists()
    unable = om.estimate_reencode(switched, third()).unable
    assert {one.reason for one in unable} == {
        "only the state before the last change has it, which this change replaces"
    }
    om.rollback_encoder(switched)
    report = om.reencode(switched, third())
    assert report.left_out == () and report.items == 12


def test_a_third_encoder_replaces_it_when_told_to(switched: Path) -> None:
    report = om.reencode(switched, third(), leave_out=True, switch=False)
    assert len(report.left_out) == PICTURES + PDF and report.items == 8
    assert om.reencode(switched, third()).switched
    told = om.reencode_status(switched)
    assert told.previous is not None and told.previous.space == "words ffffffff 8"
    assert len(told.now.left_out) == PICTURES + PDF


def test_what_came_back_is_missed_by_nobody(switched: Path, source: Path) -> None:
    with om.open(switched, encoder=words()) as col:
        col.forget(source / "manual.pdf", source / "pictures")
    assert om.reencode_status(switched).now.left_out == ()
    assert om.reencode(switched, third()).switched


def test_going_back_brings_the_memory_of_that_space(switched: Path) -> None:
    om.rollback_encoder(switched)
    told = om.reencode_status(switched)
    assert told.now.left_out == () and told.previous is not None
    assert len(told.previous.left_out) == PICTURES + PDF
    assert {one.reason for one in told.previous.left_out} >= {"words does not read image"}
    om.rollback_encoder(switched)
    assert len(om.reencode_status(switched).now.left_out) == PICTURES + PDF


def test_going_back_names_what_came_since(switched: Path, source: Path) -> None:
    (source / "late.txt").write_text("A sparrow came late.")
    with om.open(switched, encoder=words()) as col:
        col.ingest()
    told = om.reencode_status(switched)
    assert told.previous is not None
    (late,) = told.previous.left_out
    assert (late.path, late.reason) == (bytes(source / "late.txt"), "it came after the change")
    with pytest.raises(InputError, match=r"has none of that \(.*late\.txt\): `omnisearch reenc"):
        om.rollback_encoder(switched)


def test_a_space_that_is_begun_anew_from_the_one_before_is_asked_anew(made: Path) -> None:
    om.reencode(made, words(), leave_out=True)
    om.rollback_encoder(made)
    with pytest.raises(InputError, match="4 items cannot be encoded by words"):
        om.reencode(made, words())


def test_an_export_says_nothing_of_it(switched: Path, tmp_path: Path) -> None:
    with om.open(switched, mode="r") as col:
        col.export(tmp_path / "out")
    told = [pq.read_schema(path).metadata[HINTS] for path in (tmp_path / "out").glob("*.parquet")]
    assert told and all(b"lineage" in one and b"left_out" not in one for one in told)
