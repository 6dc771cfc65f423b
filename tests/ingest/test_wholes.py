"""The mean of a long text's passages: made with them, never shown, kept true by every path."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import omnisearch as om
from omnisearch.ingest.wholes import lacking, name_of
from omnisearch.query.rows import read_records
from omnisearch.records import TextSpan
from omnisearch.storage.generation import Generation
from tests.ingest.folder import WORDS, contents, write_texts
from tests.ingest.reencoding.tiny import long, short

pytestmark = pytest.mark.usefixtures("cache")
THINGS = ("whale", "bread", "organ", "desert")


def chapter(thing: str, number: int) -> str:
    """Give some 180 tokens about one thing."""
    lines = (
        f"The {thing} of the {WORDS[(number + at) % 20]} is told of by the {WORDS[at % 20]}."
        for at in range(14)
    )
    return " ".join(lines)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    write_texts(folder, 3)
    book = "\n\n".join(chapter(thing, at) for at, thing in enumerate(THINGS))
    (folder / "book.txt").write_text(book)
    (folder / "whale.txt").write_text(chapter("whale", 9))
    return folder


@pytest.fixture
def col(tmp_path: Path) -> Iterator[om.Collection]:
    with om.open(tmp_path / "collection", encoder=short()) as opened:
        yield opened


def state(col: om.Collection) -> Generation:
    return col._storing().reading()


def passages(col: om.Collection, name: str = "book.txt") -> list[om.Record]:
    rows = col.iterate(vectors=True)
    return [row for row in rows if row.metadata.get("file.name") == name]


def means(col: om.Collection) -> list[om.Record]:
    """Give the rows that are means, which nothing public lists."""
    now = state(col)
    assert now.wholes is not None
    rows = now.wholes.rows
    return read_records(now, rows if now.alive is None else rows[now.alive[rows]], vectors=True)


def check_book(col: om.Collection) -> om.Record:
    """Check that the book has its mean, of all passages, with what is known of the book."""
    (mean,), parts = means(col), passages(col)
    assert mean.id == name_of(parts[0].item) and mean.item == parts[0].item
    assert (mean.span, mean.words, mean.modality) == (None, None, "text")
    assert mean.vector is not None and all(one.vector is not None for one in parts)
    directions = [
        one.vector / np.linalg.norm(one.vector) for one in parts if one.vector is not None
    ]
    np.testing.assert_allclose(mean.vector, np.mean(directions, axis=0), atol=2e-3)
    shared = {name for name in parts[0].metadata if not name.startswith("segment.")}
    assert {name: mean.metadata.get(name) for name in shared} == {
        name: parts[0].metadata[name] for name in shared
    }
    now = state(col)
    assert now.wholes is not None
    led = now.wholes.passages(now.wholes.rows, None)
    assert {now.id_at(row) for row in led.tolist()} == set(_row_ids(now, parts))
    assert lacking(now) == []
    return mean


def _row_ids(now: Generation, parts: list[om.Record]) -> list[str]:
    return [now.id_at(int(row)) for one in parts for row in now.find([one.id])]


def test_a_long_text_has_the_mean_of_its_passages(source: Path, col: om.Collection) -> None:
    report = col.ingest(source)
    count = len(passages(col))
    assert count >= 4 and report.segments == count + 4
    check_book(col)
    assert col.ingest().unchanged == 5 and len(means(col)) == 1


def test_nothing_shows_it(source: Path, col: om.Collection) -> None:
    col.ingest(source)
    mean = check_book(col)
    count = len(passages(col)) + 4
    assert col.count() == col.stats()["segments"] == len(list(col.iterate())) == count
    assert len(col.search(mean.vector, k=50)) == count
    hits = col.query("the whale and the bread", k=50, group_by="none")
    assert len(hits) == count and mean.id not in hits.ids
    assert all(hit.span is not None for hit in hits)
    assert col.details(mean.item).segments == count - 4  # type: ignore[union-attr]
    related = col.related(passages(col, "whale.txt")[0].id, k=50)
    assert mean.id not in [one.hit.id for one in related]
    assert col.verify().ok


def test_it_makes_passages_surer_and_the_best_is_shown(source: Path, col: om.Collection) -> None:
    col.ingest(source)
    asked = "the organ the whale the bread the desert"
    hit = next(h for h in col.query(asked, k=5) if h.metadata["file.name"] == "book.txt")
    assert isinstance(hit.span, TextSpan) and hit.folded == len(passages(col)) - 1
    others = [one for one in col.query(asked, k=5) if one.item != hit.item]
    assert "whole" in hit.parts and not any("whole" in one.parts for one in others)
    every = col.query(asked, k=50, group_by="none")
    assert next(one.id for one in every if one.item == hit.item) == hit.id
    told = col.query(asked, explain=True).explain
    assert told is not None and "text whole:" in told
    col.ingest(whole=False)
    alone = next(h for h in col.query(asked, k=5) if h.item == hit.item)
    assert alone.id == hit.id and (hit.confidence or 0) > (alone.confidence or 0)


def test_a_text_is_found_by_its_mean(tmp_path: Path, col: om.Collection) -> None:
    folder = tmp_path / "many"
    write_texts(folder, 40)
    book = "\n\n".join(chapter(thing, at) for at, thing in enumerate(THINGS))
    (folder / "book.txt").write_text(book)
    col.ingest(folder)
    (mean,) = means(col)
    asked = [om.Text("the harbour and the lantern by the meadow violin")]
    exact = col.query(asked, k=41, recall=1.0, mode="vector")
    usual = col.query(asked, k=41, mode="vector")
    assert exact.ids == usual.ids and mean.item in {hit.item for hit in usual}
    few = col.query("told of by whale bread organ desert", k=1, mode="vector")
    assert few[0].item == mean.item


def test_it_is_switched_off_and_on_and_remembered(
    source: Path, col: om.Collection, tmp_path: Path
) -> None:
    col.ingest(source, whole=False)
    before = contents(tmp_path / "collection")
    assert state(col).wholes is None
    (source / "second.txt").write_text((source / "book.txt").read_text() + " More of it.")
    col.ingest()
    assert state(col).wholes is None
    (source / "second.txt").unlink()
    col.ingest(prune=True)
    col.compact()
    col.ingest(whole=True)  # the passages lie in a shard, the mean does not
    check_book(col)
    col.compact()
    check_book(col)
    col.ingest(whole=False)
    assert contents(tmp_path / "collection") == before


def test_it_follows_its_item(source: Path, col: om.Collection) -> None:
    col.ingest(source)
    item = check_book(col).item
    col.update([item], metadata=[{"price": 4}])
    assert check_book(col).metadata["price"] == 4
    (source / "book.txt").rename(source / "tome.txt")
    col.ingest()
    assert means(col)[0].locations == ("0:tome.txt",)
    (source / "tome.txt").unlink()
    col.ingest()
    hits = col.query("the whale and the bread", k=50, group_by="none")
    assert item not in {hit.item for hit in hits} and col.stats()["missing"] == 1
    col.ingest(prune=True)
    assert state(col).items.get(item) is None


def test_it_goes_with_a_passage_and_is_made_anew(source: Path, col: om.Collection) -> None:
    col.ingest(source)
    mean, parts = check_book(col), passages(col)
    col.delete([parts[0].id])
    assert mean.id not in {row.id for row in means(col)}
    col.ingest()
    check_book(col)
    col.delete([one.id for one in passages(col)])
    assert state(col).items.get(mean.item) is None


def test_an_export_has_it(source: Path, col: om.Collection, tmp_path: Path) -> None:
    col.ingest(source)
    mean = check_book(col)
    col.export(tmp_path / "all")
    col.export(tmp_path / "some", where="file.name = 'book.txt'")
    for name in ("all", "some"):
        with om.open(tmp_path / f"from-{name}", encoder=short()) as other:
            for part in om.read_vectors(tmp_path / name).batches(rows=5):
                other.restore(part)
            assert check_book(other).id == mean.id


def test_another_encoder_makes_its_own(source: Path, tmp_path: Path) -> None:
    path = tmp_path / "collection"
    with om.open(path, encoder=short()) as col:
        col.ingest(source)
        shared = check_book(col).metadata
    (source / "whale.txt").unlink()
    report = om.reencode(path, long(), from_words=True)
    assert report.left_out == ()
    with om.open(path, encoder=long()) as col:
        assert check_book(col).metadata == shared


def test_words_alone_are_enough(source: Path, tmp_path: Path) -> None:
    path = tmp_path / "collection"
    with om.open(path, encoder=short()) as col:
        col.ingest(source)
    for file in source.iterdir():
        file.unlink()
    om.reencode(path, long(), from_words=True)
    with om.open(path, encoder=long()) as col:
        check_book(col)


def test_rows_of_tables_have_it(source: Path, col: om.Collection, tmp_path: Path) -> None:
    book = (source / "book.txt").read_text().replace("\n\n", " ")
    table = tmp_path / "books.csv"
    table.write_text(f'sku,about\na,"{book}"\nb,short\n')
    columns = {"id": "sku", "text": ["about"]}
    col.ingest_table(table, columns=columns)
    (mean,) = means(col)
    assert mean.item == "a" and mean.id == name_of("a")
    table.write_text("sku,about\na,now short\nb,short\n")
    col.ingest_table(table, columns=columns)
    assert state(col).items["a"].rows == ("a",)


def test_nothing_counts_it_when_it_goes(source: Path, col: om.Collection) -> None:
    col.ingest(source)
    parts = passages(col)
    every = len(parts) + 4
    told = col.query("the whale", explain=True).explain
    assert told is not None and f"not yet sealed: {every} of {every} rows pass" in told
    assert f" of {every} rows" in told and " over 1 of 1 rows" in told
    assert f"of {every + 1} rows" not in told
    assert col.stats()["unsealed"] == every
    assert col.delete([parts[0].id]) == 1
    assert (col.stats()["segments"], col.stats()["deleted"]) == (every - 1, 1)
    assert col.stats()["unsealed"] == every
    assert col.ingest().means_made == 1
    assert col.compact().rows == col.count() == every - 1
    assert (col.stats()["unsealed"], col.stats()["deleted"]) == (0, 0)
    forgotten = col.forget(source / "book.txt", dry_run=True)
    assert forgotten == col.forget(source / "book.txt")
    assert (forgotten.rows, col.count()) == (len(parts) - 1, 4)
    assert col.stats()["deleted"] == len(parts) - 1
    assert col.verify().ok


def test_a_filter_and_an_item_count_what_is_listed(source: Path, col: om.Collection) -> None:
    col.ingest(source)
    parts = passages(col)
    assert col.count(where="file.name = 'book.txt'") == len(parts)
    assert col.delete(where="file.name = 'book.txt'") == len(parts)
    col.ingest(include=[source / "book.txt"])
    assert col.delete([passages(col)[0].item]) == len(parts) and col.count() == 4


def test_a_run_tells_what_became_of_means(source: Path, col: om.Collection) -> None:
    first = col.ingest(source)
    assert (first.means_made, first.means_removed) == (0, 0)
    out = col.ingest(whole=False)
    assert (out.means_made, out.means_removed) == (0, 1)
    figures = col.stats()
    assert (figures["deleted"], figures["unsealed"]) == (0, figures["segments"])
    assert col.ingest(whole=False).means_removed == 0
    back = col.ingest(whole=True)
    assert (back.means_made, back.means_removed) == (1, 0)
    figures = col.stats()
    assert (figures["deleted"], figures["unsealed"]) == (0, figures["segments"])
