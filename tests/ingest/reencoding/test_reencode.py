"""Another encoder for a collection: what comes of it is what taking everything in again gives."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import omnisearch as om
from omnisearch.errors import (
    EncoderServerError,
    InputError,
    SpaceMismatchError,
)
from tests.ingest.folder import write_picture, write_sound, write_texts
from tests.ingest.reencoding import seen
from tests.ingest.reencoding.tiny import READS, Hearing, Tiny, long, model, short


def test_it_ends_as_a_fresh_collection_would(
    made: Path, source: Path, tmp_path: Path, other: om.Encoder
) -> None:
    report = om.reencode(made, other)
    assert (report.before, report.space) == ("short ffffffff 16", "long ffffffff 24")
    assert report.switched and not report.left_out and report.segments == report_segments(made)
    with om.open(tmp_path / "fresh", encoder=long()) as fresh:
        fresh.ingest(source)
        wanted = seen.rows(fresh), seen.vectors(fresh), seen.books(fresh)[1]
    with om.open(made, encoder=long()) as col:
        assert col.dim == 24
        assert (seen.rows(col), seen.vectors(col), col.columns) == wanted
        again = col.ingest()
        assert (again.stored, again.duplicate, again.failed) == (0, 0, 1)


def report_segments(path: Path) -> int:
    with om.open(path, mode="r") as col:
        return int(col.stats()["segments"])


def test_all_but_vectors_is_as_it_was(made: Path, source: Path, other: om.Encoder) -> None:
    (source / "about.csv").write_text("path,price,tag\nnotes/note-2.txt,5,blue\n")
    with om.open(made, encoder=short()) as col:
        col.ingest(metadata=source / "about.csv", exclude=["about.csv"])
        item = next(hit.item for hit in col.query("harbour", k=1))
        told = {"stars": 4, "more": {"deep": [1, None]}, "labels": ["a", "b"], "as_text": "7"}
        col.update([item], metadata=[told])
        col.add([om.Item("record", text="a violin in the meadow", metadata={"price": 7.5})])
        col.forget(source / "notes" / "note-5.txt")
        before = seen.rows(col), seen.books(col)
    report = om.reencode(made, other)
    assert (report.from_words, report.left_out) == (1, ())
    with om.open(made, encoder=long()) as col:
        assert (seen.rows(col), seen.books(col)) == before
        assert col.query("a violin in the meadow", k=1)[0].item == "record"
        assert col.ingest(exclude=["about.csv"]).stored == 0
        assert col.verify().ok


def test_nothing_changes_until_the_switch(made: Path, other: om.Encoder) -> None:
    answers: list[tuple[str, list[str]]] = []
    reader = om.open(made, mode="r", encoder=short())
    wanted = reader.query("the harbour", k=5).ids

    def look(_: om.Progress) -> None:
        answers.append((seen.spaces(made), reader.query("the harbour", k=5).ids))

    report = om.reencode(made, other, switch=False, progress=look)
    assert not report.switched
    assert answers and {space for space, _ in answers} == {"short ffffffff 16"}
    assert all(ids == wanted for _, ids in answers)
    reader.close()
    encoded = model(other).rows
    assert om.reencode(made, other).switched
    assert model(other).rows == encoded
    assert seen.spaces(made) == "long ffffffff 24"


def test_what_changes_meanwhile_is_caught_up(
    made: Path, source: Path, tmp_path: Path, other: om.Encoder
) -> None:
    with om.open(made, encoder=short()) as col:
        col.add([om.Item("kept", text="old words"), om.Item("gone", text="a kettle")])
    om.reencode(made, other, switch=False)
    (source / "notes" / "new.txt").write_text("A sparrow came late.")
    (source / "notes" / "note-3.txt").unlink()
    (source / "notes" / "note-4.txt").write_text("Everything is different here.")
    (source / "pictures" / "harbour-1.png").rename(source / "moved.png")
    with om.open(made, encoder=short()) as col:
        col.ingest(prune=True)
        col.delete(["gone"])
        col.add([om.Item("kept", text="new words entirely")], replace=True)
        col.update(["kept"], metadata=[{"price": 3}])
        col.forget(source / "copy.txt")
        before = seen.rows(col), seen.books(col)
    encoded = model(other).rows
    om.reencode(made, other)
    assert model(other).rows == encoded + 3
    with om.open(made, encoder=long()) as col:
        assert (seen.rows(col), seen.books(col)) == before
        assert col.query("A sparrow came late.", k=1)[0].snippet == "A sparrow came late."
        assert col.query("new words entirely", k=1)[0].item == "kept"


def test_what_is_written_all_the_while_is_there(made: Path, other: om.Encoder) -> None:
    stored: list[str] = []
    begun = threading.Event()

    def write() -> None:
        with om.open(made, encoder=short()) as col, suppress(SpaceMismatchError):
            for number in range(10_000):
                col.add([om.Item(f"note-{number}", text=f"kettle {number}")])
                stored.append(f"note-{number}")
                begun.set()
                if number % 3 == 2:
                    col.delete([f"note-{number - 1}"])
                    stored.remove(f"note-{number - 1}")
                time.sleep(0.02)

    writing = threading.Thread(target=write)
    writing.start()
    assert begun.wait(300)
    assert om.reencode(made, other).switched
    writing.join(300)
    with om.open(made, encoder=long()) as col:
        found = [one for one in seen.rows(col) if one.startswith("note-")]
    assert len(stored) > 3 and sorted(found) == sorted(stored)


def test_the_present_encoder_is_nothing_to_do(made: Path) -> None:
    encoder = short()
    report = om.reencode(made, encoder)
    assert not report.switched and report.space == report.before
    assert model(encoder).rows == 0
    assert not (made / "next").exists()


def test_an_encoder_that_fails_half_way_changes_nothing(made: Path, other: om.Encoder) -> None:
    with om.open(made, mode="r") as col:
        before = seen.rows(col), seen.vectors(col), col.generation
    model(other).fails_after = 6
    with pytest.raises(EncoderServerError, match="does not answer"):
        om.reencode(made, other)
    with om.open(made, mode="r") as col:
        assert (seen.rows(col), seen.vectors(col), col.generation) == before
    model(other).fails_after = None
    om.reencode(made, other)
    assert seen.spaces(made) == "long ffffffff 24"


def test_going_back_and_forth(made: Path, other: om.Encoder) -> None:
    with om.open(made, encoder=short()) as col:
        before = seen.rows(col), seen.vectors(col)
        om.reencode(col, other)
        assert col.dim == 24 and col.encoder.space == other.space
        assert col.query("harbour", k=1).ids
        om.rollback_encoder(col)
        assert (seen.rows(col), seen.vectors(col)) == before
    om.rollback_encoder(made)
    assert seen.spaces(made) == "long ffffffff 24"


def test_what_was_written_since_is_not_lost_by_going_back(
    made: Path, source: Path, other: om.Encoder
) -> None:
    om.reencode(made, other)
    (source / "late.txt").write_text("A sparrow came late.")
    with om.open(made, encoder=long()) as col:
        col.ingest()
        before = seen.rows(col)
    said = r"1 write came after the change, .* --encoder short` keeps it"
    with pytest.raises(InputError, match=said):
        om.rollback_encoder(made)
    report = om.reencode(made, short())
    assert (report.segments, report.from_words, report.left_out) == (1, 0, ())
    with om.open(made, encoder=short()) as col:
        assert seen.rows(col) == before
        assert col.query("A sparrow came late.", k=1)[0].snippet == "A sparrow came late."
    with om.open(made, encoder=short()) as col:
        col.update([next(iter(before))], metadata=[{"price": 1}])
    om.rollback_encoder(made, force=True)
    assert seen.spaces(made) == "long ffffffff 24"


def test_a_change_that_is_given_up(made: Path, other: om.Encoder) -> None:
    om.reencode(made, other, switch=False)
    with pytest.raises(SpaceMismatchError, match=r"go on with that encoder.*--discard"):
        om.reencode(made, om.Encoder(Tiny("third", 8)))
    assert om.discard_encoder(made) > 10_000
    assert not (made / "next").exists()
    assert om.reencode(made, om.Encoder(Tiny("third", 8))).switched


def test_what_was_heard_is_kept_by_an_encoder_that_hears_nothing(path: Path, source: Path) -> None:
    write_sound(source / "song.wav", 2.0)
    with om.open(path, encoder=om.Encoder(Hearing("short", 16, (*READS, "audio")))) as col:
        assert col.ingest(source).stored == 1
        assert len(seen.rows(col)) == 2
    deaf = om.Encoder(Tiny("long", 24, (*READS, "audio")))
    om.reencode(path, deaf)
    with om.open(path, encoder=deaf) as col:
        (hit,) = col.query("whale", mode="words")
        assert (hit.modality, hit.snippet) == ("audio", "a whale sings")
        assert len(seen.rows(col)) == 1


def test_an_estimate_stores_nothing(made: Path, other: om.Encoder) -> None:
    def everything() -> dict[str, Any]:
        return {str(one): one.stat().st_size for one in made.rglob("*") if one.is_file()}

    before = everything()
    found = om.estimate_reencode(made, other)
    assert everything() == before
    assert (found.items, found.done, found.files, found.from_words) == (12, 0, 12, 0)
    assert found.seconds is not None and found.seconds > 0
    assert 0 < found.disk_bytes < found.free_bytes
    om.reencode(made, other, switch=False)
    rest = om.estimate_reencode(made, other)
    assert (rest.done, rest.files) == (12, 0)


def test_rows_of_tables_are_encoded_from_their_words(
    path: Path, tmp_path: Path, other: om.Encoder
) -> None:
    table = tmp_path / "shop.csv"
    table.write_text("sku,text,price\n1,a red kettle,5\n2,two blue cups,7\n")
    wanted = {"id": "sku", "text": "text", "meta": "price"}
    with om.open(path, encoder=short()) as col:
        col.ingest_table(table, columns=wanted)
        before = seen.rows(col)
    report = om.reencode(path, other)
    assert (report.segments, report.from_words) == (0, 2)
    with om.open(path, encoder=long()) as col:
        assert seen.rows(col) == before
        assert col.query("a red kettle", k=1)[0].metadata["price"] == 5
        again = col.ingest_table(table, columns=wanted)
        assert (again.stored, again.unchanged) == (0, 2)


def test_regions_of_pictures_are_encoded_too(path: Path, source: Path, other: om.Encoder) -> None:
    write_picture(source / "harbour.png", side=512)
    with om.open(path, encoder=short()) as col:
        assert col.ingest(source, regions=True).segments > 1
        before = seen.rows(col)
    om.reencode(path, other)
    with om.open(path, encoder=long()) as col:
        assert seen.rows(col) == before


def test_what_cosines_are_worth_is_learnt_before_the_switch(
    path: Path, source: Path, other: om.Encoder
) -> None:
    write_texts(source, 140)
    with om.open(path, encoder=short()) as col:
        col.ingest(source)
    om.reencode(path, other, switch=False)
    learnt = {one.read_bytes() for one in (path / "next" / "calibration").iterdir()}
    assert len(learnt) == 2
    om.reencode(path, other)
    assert learnt <= {one.read_bytes() for one in (path / "calibration").iterdir()}


def test_an_empty_collection_changes_its_encoder(path: Path, other: om.Encoder) -> None:
    with om.open(path, encoder=short()) as col:
        col.add([om.Item("one", text="words")])
        col.delete(["one"])
    assert om.reencode(path, other).items == 0
    assert seen.spaces(path) == "long ffffffff 24"
