"""Another encoder for a collection: what it cannot encode, and when it does not begin."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import omnisearch as om
from omnisearch.errors import (
    CollectionLockedError,
    InputError,
    SpaceMismatchError,
    StorageError,
)
from omnisearch.storage import locks
from tests.ingest.folder import sentence, write_picture
from tests.ingest.reencoding import seen
from tests.ingest.reencoding.tiny import Tiny, long, model, short


def test_what_one_file_cannot_have_is_refused_by_name(
    made: Path, source: Path, other: om.Encoder
) -> None:
    model(other).refuses = "Note 3:"
    with pytest.raises(InputError, match=r"1 item cannot be .*note-3\.txt: .*only zeros"):
        om.reencode(made, other)
    assert seen.spaces(made) == "short ffffffff 16"
    report = om.reencode(made, other, leave_out=True)
    (lost,) = report.left_out
    assert lost.path == bytes(source / "notes" / "note-3.txt")
    assert report.switched
    with om.open(made, encoder=long()) as col:
        assert col.ingest().stored == 1


def test_items_without_a_file_are_told_before_anything(
    made: Path, source: Path, other: om.Encoder
) -> None:
    write_picture(source / "outside.png", 9)
    with om.open(made, encoder=short()) as col:
        col.add_vectors(["own"], [[1.0] * 16])
        col.add([om.Item("shown", text="a red kettle", image=source / "outside.png")])
    (source / "outside.png").unlink()
    (source / "notes" / "note-2.txt").unlink()
    (source / "pictures" / "harbour-2.png").unlink()
    estimate = om.estimate_reencode(made, other)
    reasons = {
        one.item if one.path is None else Path(one.path.decode()).name: one.reason
        for one in estimate.unable
    }
    assert reasons == {
        "own": "it holds vectors of your own, which no encoder made",
        "shown": "it was given by a program, of which only the words are kept",
        "note-2.txt": "its file is gone",
        "harbour-2.png": "its file is gone",
    }
    rows = model(other).rows
    with pytest.raises(InputError, match=r"4 items cannot be encoded by long .* and 1 more"):
        om.reencode(made, other)
    assert model(other).rows == rows
    with pytest.raises(InputError, match=r"1 item cannot be encoded by long .own: it holds"):
        om.reencode(made, other, from_words=True)
    report = om.reencode(made, other, from_words=True, leave_out=True)
    assert [one.item for one in report.left_out] == ["own"]
    with om.open(made, encoder=long()) as col:
        assert col.get(["own"]) == [None]
        assert col.query("a red kettle", k=1)[0].item == "shown"
        assert col.query(sentence(2), k=1)[0].metadata["file.name"] == "note-2.txt"
        hit = col.query("harbour", k=10, mode="words", path="*harbour-2*")[0]
        assert (hit.modality, hit.view) == ("image", "words")


def test_a_kind_that_the_other_does_not_read_is_told(made: Path) -> None:
    reads = om.Encoder(Tiny("words", 8, ("text",)))
    with pytest.raises(InputError, match=r"4 items cannot be .*words does not read"):
        om.reencode(made, reads)
    report = om.reencode(made, reads, leave_out=True)
    assert sorted(one.reason for one in report.left_out) == [
        "words does not read document",
        *["words does not read image"] * 3,
    ]


def test_what_was_left_out_is_not_dropped_by_going_back(made: Path, source: Path) -> None:
    reads = om.Encoder(Tiny("words", 8, ("text",)))
    om.reencode(made, reads, leave_out=True)
    (source / "new.txt").write_text("A ferry crosses the bay at dusk.")
    with om.open(made, encoder=reads) as col:
        assert col.ingest().stored == 1
    before = seen.spaces(made)
    with pytest.raises(InputError, match="only what is new, but drops 4 items that the coll"):
        om.rollback_encoder(made)
    assert len(om.estimate_reencode(made, short()).unable) == 4
    with pytest.raises(InputError, match=r"4 items of the state that is kept of short .*dropped"):
        om.reencode(made, short())
    assert seen.spaces(made) == before
    (source / "pictures" / "harbour-2.png").unlink()
    report = om.reencode(made, short(), leave_out=True, switch=False)
    with om.open(made, encoder=reads) as col:
        assert report.items == len(col._handle.need().reading().items)
    assert len(report.left_out) == 3, "what is gone is missed by nobody"
    om.discard_encoder(made)
    om.rollback_encoder(made, force=True)
    with om.open(made, encoder=short()) as col:
        assert col.query("harbour", k=10, mode="words", path="*harbour-1*")
        assert col.ingest().stored == 1


def test_a_refused_run_leaves_nothing_behind(made: Path, source: Path, other: om.Encoder) -> None:
    (source / "notes" / "note-2.txt").unlink()
    with pytest.raises(InputError, match="1 item cannot be encoded"):
        om.reencode(made, other)
    assert not (made / "next").exists()
    with pytest.raises(InputError, match="no change of encoder under way: name an encoder"):
        om.reencode(made)


def test_nothing_to_go_back_to(made: Path) -> None:
    with pytest.raises(InputError, match="no state of another space is kept"):
        om.rollback_encoder(made)
    assert om.discard_encoder(made) == 0
    with pytest.raises(InputError, match="no change of encoder under way: name an encoder"):
        om.reencode(made)


def test_one_run_at_a_time(made: Path, other: om.Encoder) -> None:
    refused: list[str] = []

    def again(_: om.Progress) -> None:
        try:
            om.reencode(made, long())
        except CollectionLockedError as error:
            refused.append(str(error))

    om.reencode(made, other, progress=again)
    assert refused and "is encoded anew by another run already" in refused[0]


def test_a_run_of_another_process_is_told(made: Path, other: om.Encoder) -> None:
    om.reencode(made, other, switch=False)
    held = locks.lock_writer(made / "next")
    try:
        with pytest.raises(CollectionLockedError, match="is encoded anew by another run already"):
            om.reencode(made, other)
    finally:
        held.release()


def test_a_disk_without_room_is_told_first(
    made: Path, other: om.Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(made)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1_000))
    with pytest.raises(StorageError, match=r"takes about \d+ MB beside the old one, and 0 MB"):
        om.reencode(made, other)
    assert model(other).rows == 0


def test_vectors_of_ones_own_cannot_be_encoded(tmp_path: Path, other: om.Encoder) -> None:
    with om.open(tmp_path / "own") as col:
        col.add_vectors(["a"], [[1.0, 0.0]])
    with pytest.raises(SpaceMismatchError, match="which no encoder made"):
        om.reencode(tmp_path / "own", other)


def test_an_open_transaction_is_refused_first(made: Path, other: om.Encoder) -> None:
    with om.open(made, encoder=short()) as col:
        with pytest.raises(ValueError, match="a transaction is open"), col.transaction():
            om.reencode(col, other)
    assert model(other).rows == 0


def test_unknown_options_are_refused(made: Path, other: om.Encoder) -> None:
    with pytest.raises(TypeError, match="has no argument 'prune'"):
        om.reencode(made, other, prune=True)  # type: ignore[call-arg]
