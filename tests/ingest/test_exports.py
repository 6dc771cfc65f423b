"""What was taken in goes out as files and comes back as it was: ids, vectors, spans, words, all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import omnisearch as om
from omnisearch.errors import InputError, SpaceMismatchError
from omnisearch.ingest.lineage import Lineage
from omnisearch.ingest.parquet import HINTS
from omnisearch.storage import batch
from omnisearch.storage.rows import gather
from tests.ingest.folder import write_picture, write_sound, write_texts
from tests.media.pdf import Sheet, pdf


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give a home with a collection of several kinds of files; no test changes it."""
    home = tmp_path_factory.mktemp("taken")
    files = home / "files"
    write_texts(files, 4)
    (files / "copy.txt").write_bytes((files / "note-1.txt").read_bytes())
    write_picture(files / "noise\udcff.png")
    write_sound(files / "tone.wav", 1.0)
    (files / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(60))
    pages = (Sheet(("Brakes squeal when wet.",)), Sheet(("Oil the chain in spring.",)))
    (files / "manual.pdf").write_bytes(pdf(*pages))
    write_texts(home / "more", 1, first=9)
    patch = pytest.MonkeyPatch()
    patch.setenv("XDG_CACHE_HOME", str(home / "cache"))
    with om.open(home / "c") as col:
        col.ingest(files, home / "more")
        col.add([om.Item("shoe", text="red shoes", metadata={"price": 40, "more": {"a": [1]}})])
        col.forget(files / "note-3.txt")
        col.update(["shoe"], metadata=[{"price": 41}])
        (files / "note-2.txt").rename(home / "note-2.txt")
        col.ingest(files)
        (home / "note-2.txt").rename(files / "note-2.txt")
    yield home
    patch.undo()


def rows(col: om.Collection) -> dict[str, tuple[Any, ...]]:
    """Give each row with everything that is stored of it, vectors bit for bit."""
    now = col._need()
    found = gather(now, np.flatnonzero(np.ones(now.rows, bool) if now.shown is None else now.shown))
    told = found.table.to_pylist()
    return {
        one["segment"]: ({k: v for k, v in one.items() if v is not None}, vector.tobytes())
        for one, vector in zip(told, found.vectors, strict=True)
    }


def restored(folder: Path, index: Path, *, replace: bool = False) -> om.Collection:
    col = om.open(index)
    for part in om.read_vectors(folder).batches(rows=5):
        col.restore(part, replace=replace)
    return col


def test_what_was_taken_in_comes_back_as_it_was(taken: Path, tmp_path: Path) -> None:
    with om.open(taken / "c", mode="r") as before:
        wanted, failures = rows(before), before.files.failures
        assert before.export(tmp_path / "out") == len(wanted)
        asked = before.query(text="how to oil a chain", k=5)
        answers = [(hit.id, hit.uri, hit.span, hit.snippet, hit.score) for hit in asked]
    with restored(tmp_path / "out", tmp_path / "again") as col:
        assert rows(col) == wanted
        assert col.files.failures == failures and len(failures) == 1
        found = col.query(text="how to oil a chain", k=5)
        assert [(hit.id, hit.uri, hit.span, hit.snippet, hit.score) for hit in found] == answers
        col.compact()
        assert rows(col) == wanted
        assert col.verify().ok


def test_the_next_run_takes_up_where_the_first_ended(taken: Path, tmp_path: Path) -> None:
    """What was hidden is taken in anew, and what was deleted stays away; the rest is unchanged."""
    with om.open(taken / "c", mode="r") as before:
        before.export(tmp_path / "out")
    with restored(tmp_path / "out", tmp_path / "again") as col:
        report = col.ingest()
        names = {record.metadata.get("file.name") for record in col.iterate()}
    assert (report.stored, report.unchanged, report.failed) == (1, 7, 1)  # note-2 came back
    assert "note-2.txt" in names and "note-3.txt" not in names


def test_what_passes_a_filter_brings_all_of_its_item(taken: Path, tmp_path: Path) -> None:
    with om.open(taken / "c", mode="r") as before:
        written = before.export(tmp_path / "out", where="doc.page = 2")
        pages = [record for record in before.iterate(where="file.name = 'manual.pdf'")]
        assert written == len(pages) > before.count("doc.page = 2") > 0
    with restored(tmp_path / "out", tmp_path / "again") as col:
        assert sorted(rows(col)) == sorted(record.id for record in pages)


def test_others_can_read_what_rows_are(taken: Path, tmp_path: Path) -> None:
    with om.open(taken / "c", mode="r") as before:
        before.export(tmp_path / "out", where="file.name = 'manual.pdf'")
    table = pq.read_table(tmp_path / "out" / "metadata.parquet").to_pylist()
    vectors = np.load(tmp_path / "out" / "vectors.npy")
    assert len(table) == len(vectors)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-3)
    assert {row["segment.modality"] for row in table} == {"document"}
    assert {row["segment.view"] for row in table} == {"content", "words"}
    assert {json.loads(row["segment.span"])["page"] for row in table} == {1, 2}
    assert "Oil the chain in spring." in {json.loads(row["segment.words"]) for row in table}


def test_an_interrupted_one_goes_on_and_replaces_if_asked(taken: Path, tmp_path: Path) -> None:
    with om.open(taken / "c", mode="r") as before:
        before.export(tmp_path / "out")
        wanted = rows(before)
    first = next(om.read_vectors(tmp_path / "out").batches(rows=5))
    with om.open(tmp_path / "again") as col:
        col.restore(first)
        with pytest.raises(InputError, match="stored already"):
            col.restore(first)
        col.restore(first, replace=True)
    with restored(tmp_path / "out", tmp_path / "again", replace=True) as col:
        assert rows(col) == wanted


def test_files_of_two_collections_do_not_mix(taken: Path, tmp_path: Path) -> None:
    with om.open(taken / "c", mode="r") as before:
        before.export(tmp_path / "out")
    part = next(om.read_vectors(tmp_path / "out").batches())
    with om.open(tmp_path / "own") as col:
        col.add_vectors(["a"], np.ones((1, part.vectors.shape[1])))
        with pytest.raises(SpaceMismatchError, match="own vectors"):
            col.restore(part)
    write_texts(tmp_path / "others", 1, first=30)
    with om.open(tmp_path / "filed") as col:
        col.ingest(tmp_path / "others")
        with pytest.raises(InputError, match="has folders of its own"):
            col.restore(part)
        assert (col.count(), len(col.files.roots)) == (1, 1)
    with om.open(tmp_path / "plain") as col, pytest.raises(InputError, match="taken by files"):
        col.add_vectors(part.ids, part.vectors, metadata=part.metadata)
    assert not (tmp_path / "plain").exists()


def test_rows_of_ones_own_are_no_export_of_files(tmp_path: Path) -> None:
    with om.open(tmp_path / "own") as col:
        col.add_vectors(["a", "b"], [[3, 4], [1, 0]], metadata=[{"n": 1, "more": {"a": 1}}, {}])
        assert col.export(tmp_path / "out") == 2
    part = next(om.read_vectors(tmp_path / "out").batches())
    with om.open(tmp_path / "again") as col:
        with pytest.raises(InputError, match="add_vectors"):
            col.restore(part)
        col.add_vectors(part.ids, part.vectors, metadata=part.metadata)
        (found,) = col.get(["a"], vectors=True)
    assert found is not None and found.vector is not None
    assert found.vector == pytest.approx([3, 4], rel=1e-3)
    assert found.metadata["more"] == {"a": 1}


@pytest.mark.parametrize(
    "lie, told",
    [
        ({"segment.view": "sight"}, "view 'sight'"),
        ({"segment.modality": "smell"}, "modality 'smell'"),
        ({"segment.span": json.dumps({"page": "two"})}, "a span that is none"),
        ({"segment.span": json.dumps([1])}, "a span that is none"),
        ({"segment.words": json.dumps({"a": 1})}, "words that are no text"),
        ({"segment.norm": 7.0}, "has length"),
        ({"segment.look": "x"}, "segment.look"),
        ({"file.bytes": "x"}, "file.bytes"),
        ({"file.secret": 1}, "file.secret"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_row_that_says_what_cannot_be_is_refused(
    lie: dict[str, Any], told: str, taken: Path, tmp_path: Path
) -> None:
    with om.open(taken / "c", mode="r") as before:
        before.export(tmp_path / "out", where="file.name = 'manual.pdf'")
    path = tmp_path / "out" / "metadata.parquet"
    table = pq.read_table(path)
    for name, value in lie.items():
        column = pa.array([value] * len(table))
        at = table.schema.get_field_index(name)
        table = table.append_column(name, column) if at < 0 else table.set_column(at, name, column)
    pq.write_table(table, path)
    with pytest.raises(InputError, match=told):
        restored(tmp_path / "out", tmp_path / "again")
    assert not (tmp_path / "again").exists()


def root_at(path: str) -> dict[str, object]:
    return {"root": 0, "path": path, "device": 1, "kind": "folder"}


@pytest.mark.parametrize(
    "tree",
    [
        [],
        {"space": 1},
        {"space": "toy", "encoder": None},
        {"space": "toy", "encoder": None, "canaries": {"a": "?"}, "ledger": []},
        {"space": "toy", "encoder": None, "canaries": 3, "ledger": []},
        {"space": "toy", "encoder": None, "canaries": {}, "ledger": [{"root": "x"}]},
        {"space": "toy", "encoder": None, "canaries": {}, "ledger": [3]},
        {"space": "toy", "encoder": ["x"], "canaries": {}, "ledger": []},
        {"space": "toy", "encoder": None, "canaries": {}, "ledger": [root_at("here")]},
        {"space": "toy", "encoder": None, "canaries": {}, "ledger": [root_at("/a%00b")]},
    ],
    ids=str,
)
def test_a_foreign_origin_is_checked(tree: object, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not read"):
        Lineage.of_json(tree)
    hints = {HINTS: json.dumps({"lineage": tree})}
    table = pa.table({"id": ["a"]}).replace_schema_metadata(hints)
    pq.write_table(table, tmp_path / "metadata.parquet")
    np.save(tmp_path / "vectors.npy", np.ones((1, 4), np.float32))
    with pytest.raises(InputError, match=r"metadata\.parquet: .*does not read"):
        om.read_vectors(tmp_path)


def test_only_what_users_fix_is_fixed(taken: Path, tmp_path: Path) -> None:
    with om.open(taken / "c", mode="r") as before:
        before.export(tmp_path / "out")
        assert batch.WORDS_MARK in "".join(rows(before))
    assert om.read_vectors(tmp_path / "out").columns == {"price": "int", "more": "json"}
