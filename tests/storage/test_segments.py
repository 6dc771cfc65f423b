"""Rows of items: reserved columns, views, what is missing, and how items are changed whole."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import omnisearch as om
from omnisearch.errors import CorruptCollectionError, InputError
from omnisearch.locations import Root
from omnisearch.query.rows import get
from omnisearch.records import span_of
from omnisearch.storage import changes, maintenance
from omnisearch.storage.batch import Segments
from omnisearch.storage.handle import Handle, Options
from omnisearch.storage.ledger import Ledger
from omnisearch.storage.origin import Origin
from omnisearch.storage.rows import gather, original
from omnisearch.storage.store import Store

DIM = 8
GONE = datetime(2026, 5, 1, tzinfo=UTC)
Upkeep = Callable[[Store], object]


def files(numbers: range, seed: int = 1, **columns: Any) -> Segments:
    """Each number is an item of a content row and a words row."""
    vectors = np.random.default_rng(seed).normal(size=(2 * len(numbers), DIM)).astype("f4")
    items = [f"item {n}" for n in numbers for _ in range(2)]
    ids = [f"item {n}#0{mark}" for n in numbers for mark in ("", "~words")]
    metadata = [
        {
            "file.locations": [f"0:f/{n}.mp3"],
            "file.extractor": 3,
            "file.name": f"{n}.mp3",
            "segment.span": {"start_s": 0.0, "end_s": 2.5},
            "segment.words": f"the number {n} is said",
            **columns,
        }
        for n in numbers
        for _ in range(2)
    ]
    views = ["content", "words"] * len(numbers)
    return Segments(ids, items, views, ["audio"] * len(ids), vectors, metadata)  # type: ignore[arg-type]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "c"


@pytest.fixture
def store(root: Path) -> Iterator[Store]:
    handle = Handle(root, Options())
    yield handle.for_encoding(Origin("toy 0 8", DIM, dict))
    handle.drop()


UPKEEP: dict[str, Upkeep] = {
    "loose": lambda store: None,
    "sealed": maintenance.seal,
    "compacted": maintenance.compact_whole,
}


@pytest.mark.parametrize("upkeep", UPKEEP)
def test_a_hit_tells_where_and_what_it_says(store: Store, root: Path, upkeep: str) -> None:
    store.write_ledger(Ledger(roots=(Root(0, b"/home/m\xfc", 7, "folder"),)))
    rows = files(range(3))
    store.write(changes.keeping(rows))
    UPKEEP[upkeep](store)
    with om.open(root, mode="r") as col:
        hit = col.search(rows.vectors[3], k=1)[0]
    assert (hit.id, hit.item, hit.view, hit.modality) == (
        "item 1#0~words",
        "item 1",
        "words",
        "audio",
    )
    assert (hit.uri, hit.span) == ("file:///home/m%FC/f/1.mp3", om.TimeSpan(0, 2.5))
    assert (hit.locations, hit.snippet) == ((hit.uri,), "the number 1 is said")
    assert hit.metadata == {
        "file.locations": ["0:f/1.mp3"],
        "file.extractor": 3,
        "file.name": "1.mp3",
    }
    assert hit.as_json()["span"] == {"start_s": 0.0, "end_s": 2.5}


def test_items_are_what_a_writer_needs(store: Store) -> None:
    store.write(changes.keeping(files(range(5))))
    maintenance.seal(store)
    store.write(changes.keeping(files(range(5, 7)), gone=["item 0#0", "item 0#0~words", "nobody"]))
    items = store.reading().items
    assert sorted(items) == [f"item {n}" for n in range(1, 7)]
    assert len(items) == 6
    one = items["item 6"]
    assert one.rows == ("item 6#0", "item 6#0~words")
    assert (one.locations, one.extractor, one.missing) == (("0:f/6.mp3",), 3, False)
    assert items.of_location("0:f/2.mp3") == "item 2"
    assert items.of_location("0:f/0.mp3") is None
    assert "item 0" not in items
    with pytest.raises(KeyError):
        items["item 0"]


@pytest.mark.parametrize("upkeep", UPKEEP)
def test_moving_a_file_changes_no_vector(store: Store, upkeep: str) -> None:
    rows = files(range(4))
    store.write(changes.keeping(rows))
    UPKEEP[upkeep](store)
    before = store.reading()
    store.write(changes.relocating({"item 2": {"file.locations": ["0:a", "0:b"]}, "none": {}}))
    now = store.reading()
    assert now.number == before.number + 1
    assert now.items["item 2"].locations == ("0:a", "0:b")
    assert now.items["item 1"].locations == ("0:f/1.mp3",)
    assert now.items.of_location("0:f/2.mp3") is None
    assert now.live == before.live == 8
    assert original(now, now.find(rows.ids)) == pytest.approx(rows.vectors, rel=1e-3)
    old, new = (gather(one, one.find(["item 2#0"])) for one in (before, now))
    assert old.vectors.tobytes() == new.vectors.tobytes()
    assert store.write(changes.relocating({"none": {"file.name": "x"}})) == now.number


def test_rows_of_an_item_may_change_apart(store: Store) -> None:
    store.write(changes.keeping(files(range(3))))

    def renamed(row: Any) -> dict[str, Any]:
        return {"file.name": row["file.name"].upper(), "segment.words": None}

    number = store.write(changes.revising({"item 1": renamed, "item 2": lambda row: {}}))
    now = store.reading()
    assert (number, now.deleted) == (2, 2)
    one, two = get(now, ["item 1#0", "item 2#0"], vectors=False)
    assert one is not None and two is not None
    assert (one.metadata["file.name"], one.words) == ("1.MP3", None)
    assert (two.metadata["file.name"], two.words) == ("2.mp3", "the number 2 is said")


@pytest.mark.parametrize("upkeep", UPKEEP)
def test_what_is_missing_is_hidden_and_kept(store: Store, root: Path, upkeep: str) -> None:
    rows = files(range(4), kind="note")
    store.write(changes.keeping(rows))
    store.write(changes.relocating({"item 1": {"file.missing": GONE, "file.locations": []}}))
    UPKEEP[upkeep](store)
    with om.open(root, encoder=None) as col:
        assert col.count() == 6
        assert col.count("kind = 'note'") == 6
        assert len(list(col.iterate())) == 6
        assert col.distinct("kind") == {"note": 6}
        assert "item 1" not in {hit.item for hit in col.search(rows.vectors[2], k=8)}
        (answers,) = col.search_batch(rows.vectors[2:3], k=8)
        assert len(answers) == 6
        assert col.get(["item 1#0"])[0] is not None
        assert store.reading().items["item 1"].missing
        store.write(
            changes.relocating({"item 1": {"file.missing": None, "file.locations": ["0:x"]}})
        )
        assert col.count() == 8
        store.write(changes.relocating({"item 1": {"file.missing": GONE}}))
        assert col.delete(where="file.missing is not null") == 2
        assert store.reading().live == 6


def test_users_may_read_reserved_columns_and_not_write_them(store: Store, root: Path) -> None:
    store.write(changes.keeping(files(range(2))))
    with om.open(root) as col:
        assert col.count("file.name = '1.mp3'") == 2
        assert "segment.words" not in col.columns
        with pytest.raises(InputError, match=r"file\. is taken"):
            col.update(["item 1#0"], metadata=[{"file.name": "x"}])
        assert col.update(["item 1#0"], metadata=[{"mine": 1}]) == 2
        assert col.count("mine = 1") == 2
        col.update(["item 0"], metadata=[{"mine": 5}])
        assert [one.id for one in col.iterate(where="mine = 5")] == ["item 0#0", "item 0#0~words"]
        (record,) = col.get(["item 1#0"])
    assert record is not None
    assert (record.metadata["mine"], record.words) == (1, "the number 1 is said")
    assert record.locations == ("0:f/1.mp3",)


def test_several_changes_are_one_generation(store: Store) -> None:
    store.write(changes.keeping(files(range(3))))
    with store.transaction():
        store.write(changes.relocating({"item 0": {"file.locations": ["0:new"]}}))
        store.write(changes.keeping(files(range(3, 4)), gone=["item 1#0", "item 1#0~words"]))
    now = store.reading()
    assert now.number == 2
    assert sorted(now.items) == ["item 0", "item 2", "item 3"]


def test_a_span_that_is_none_is_damage(store: Store, root: Path) -> None:
    strange: dict[str, Any] = {"segment.span": {"start": 3}}
    store.write(changes.keeping(files(range(1), **strange)))
    with om.open(root, mode="r") as col, pytest.raises(CorruptCollectionError, match="no span"):
        col.get(["item 0#0"])


@pytest.mark.parametrize(
    "span",
    [om.TextSpan(0, 9), om.TimeSpan(0.5, 2), om.PageSpan(3), om.PageSpan(1, (0, 0, 0.5, 1))],
    ids=str,
)
def test_a_span_reads_back(span: Any) -> None:
    assert span_of(span.as_json()) == span


@pytest.mark.alone
def test_100_000_items_are_looked_at_quickly(store: Store) -> None:
    count = 20_000
    vectors = np.ones((count, DIM), "f4")
    for first in range(0, 100_000, count):
        names = [f"{n:032x}" for n in range(first, first + count)]
        metadata = [{"file.locations": [f"0:d/{name}"], "file.extractor": 1} for name in names]
        kind = ["content"] * count, ["text"] * count
        rows = Segments([f"{n}#0" for n in names], names, *kind, vectors, metadata)  # type: ignore[arg-type]
        store.write(changes.keeping(rows))
    now = store.reading()
    begun = time.process_time()
    items = now.items
    assert len(items) == 100_000
    assert items.of_location(f"0:d/{99_999:032x}") == f"{99_999:032x}"
    assert items[f"{5:032x}"].locations == (f"0:d/{5:032x}",)
    assert time.process_time() - begun < 20


def test_items_are_named_by_what_cut_them(store: Store) -> None:
    store.write(changes.keeping(files(range(4))))
    maintenance.seal(store)
    store.write(changes.keeping(files(range(4, 6))))
    store.write(changes.relocating({"item 1": {"file.extractor": -3}}))
    items = store.reading().items
    assert items.extracted_by(-3) == {"item 1"}
    assert items.extracted_by(3) == set(items) - {"item 1"}
    assert not items.extracted_by(4)


def test_status_counts_items_and_segments_not_views(store: Store, root: Path) -> None:
    store.write(changes.keeping(files(range(4))))
    maintenance.seal(store)
    passages = ["item 9#1~words", "item 9#2~words"]
    vectors = np.ones((2, DIM), "f4")
    store.write(
        changes.keeping(
            Segments(passages, ["item 9"] * 2, ["words"] * 2, ["document"] * 2, vectors, [{}] * 2)
        )
    )
    with om.open(root, mode="r") as col:
        stats = col.stats()
        counted = [stats[name] for name in ("items", "segments", "missing", "failures")]
        assert counted == [5, 6, 0, 0]
        assert stats["modalities"] == {"audio": 4, "document": 2}
        store.write(changes.relocating({"item 9": {"file.missing": GONE}}))
        stats = col.stats()
        assert [stats[name] for name in ("items", "segments", "missing")] == [4, 4, 1]
        assert stats["modalities"] == {"audio": 4}


@pytest.mark.parametrize("upkeep", UPKEEP)
def test_columns_of_the_user_may_have_our_names(store: Store, root: Path, upkeep: str) -> None:
    mine: dict[str, Any] = {
        "item": "mine",
        "view": 3,
        "modality": "odd",
        "segment": "s",
        "norm": 0.5,
    }
    store.write(changes.keeping(files(range(3), **mine)))
    UPKEEP[upkeep](store)
    store.write(changes.relocating({"item 1": {"file.locations": ["0:x"]}}))
    with om.open(root, mode="r") as col:
        assert (col.stats()["items"], col.stats()["segments"]) == (3, 3)
        assert col.count("item = 'mine' and view = 3") == 6
        (record,) = col.get(["item 1#0"])
    assert record is not None
    assert {name: record.metadata[name] for name in mine} == mine
    assert store.reading().items["item 1"].locations == ("0:x",)
