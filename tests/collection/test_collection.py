"""What a collection promises to those who use it as a library."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import omnisearch as om

DIM = 16


def vectors(rows: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(rows, DIM)).astype(np.float32)


def names(rows: int, start: int = 0) -> list[str]:
    return [f"r{number}" for number in range(start, start + rows)]


@pytest.mark.parametrize("metric", ["cosine", "ip", "l2"])
def test_scores_are_those_of_the_metric(tmp_path: Path, metric: str) -> None:
    x, q = vectors(50), vectors(1, seed=9)[0]
    with om.open(tmp_path / "c", metric=metric) as col:  # type: ignore[arg-type]
        col.add_vectors(names(50), x)
        hits = col.search(q, k=5)
    wanted = {
        "cosine": x @ q / np.linalg.norm(x, axis=1) / np.linalg.norm(q),
        "ip": x @ q,
        "l2": -np.linalg.norm(x - q, axis=1),
    }[metric]
    best = np.argsort(-wanted)[:5]
    assert hits.ids == [f"r{row}" for row in best]
    assert np.allclose(hits.scores, wanted[best], atol=2e-3)


def test_every_stage_gives_the_same_answers(tmp_path: Path) -> None:
    x, q = vectors(300), vectors(20, seed=9)
    col = om.open(tmp_path / "c")
    col.add_vectors(names(200), x[:200])
    col.add_vectors(names(100, 200), x[200:])
    col.delete(["r3", "r250"])
    tail = [hits.ids for hits in col.search_batch(q, k=7)]
    col.compact()
    assert [hits.ids for hits in col.search_batch(q, k=7)] == tail
    assert [col.search(one, k=7).ids for one in q] == tail
    col.close()
    with om.open(tmp_path / "c", mode="r") as col:
        assert [hits.ids for hits in col.search_batch(q, k=7)] == tail
        assert col.count() == 298


def test_get_returns_the_scale_that_came(tmp_path: Path) -> None:
    x = vectors(4) * np.array([[1e-6], [1.0], [1e6], [3.0]], np.float32)
    for metric in ("cosine", "l2"):
        with om.open(tmp_path / metric, metric=metric) as col:
            col.add_vectors(names(4), x)
            col.compact()
            found = col.get([*names(4), "absent"], vectors=True)
            assert found[4] is None
            for record, row in zip(found[:4], x, strict=True):
                assert record is not None and record.vector is not None
                assert np.allclose(record.vector, row, rtol=2e-3, atol=abs(row).max() * 1e-3)


def test_metadata_of_every_kind_comes_back(tmp_path: Path) -> None:
    moment = datetime(2024, 5, 1, 12, tzinfo=UTC)
    row = {
        "n": 7,
        "price": 1.5,
        "ok": True,
        "name": "é",
        "tags": ["a", "b"],
        "when": moment,
        "extra": {"deep": [1, None]},
    }
    col = om.open(tmp_path / "c")
    col.add_vectors(["a", "b"], vectors(2), metadata=[row, None])
    for _ in range(2):
        assert [record.metadata for record in col.iterate()] == [row, {}]
        assert col.search(like="b", k=1)[0].metadata == row
        assert col.count("tags has 'a' and price < 2 and \"when\" > '2024-01-01'") == 1
        col.compact()


def test_metadata_as_columns_and_as_a_table(tmp_path: Path) -> None:
    col = om.open(tmp_path / "c")
    col.add_vectors(["a", "b"], vectors(2), metadata={"n": np.array([1, 2]), "s": ["x", None]})
    col.add_vectors(["c"], vectors(1), metadata=pa.table({"n": [3.5]}))
    assert [record.metadata for record in col.iterate()] == [
        {"n": 1.0, "s": "x"},
        {"n": 2.0},
        {"n": 3.5},
    ]
    assert isinstance(next(iter(col.iterate())).metadata["n"], float)
    assert col.columns == {"n": "float", "s": "string"}
    assert col.distinct("n") == {1.0: 1, 2.0: 1, 3.5: 1}


def test_update_changes_only_what_is_given(tmp_path: Path) -> None:
    col = om.open(tmp_path / "c")
    col.add_vectors(["a", "b"], vectors(2), metadata=[{"n": 1, "s": "x"}, {"n": 2}])
    before = col.get(["a"], vectors=True)[0]
    col.update(["a", "b"], metadata=[{"s": None, "t": "new"}, {"n": 5}])
    assert [record.metadata for record in col.iterate()] == [{"n": 1, "t": "new"}, {"n": 5}]
    after = col.get(["a"], vectors=True)[0]
    assert before is not None and after is not None
    assert np.array_equal(before.vector, after.vector)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [1, None, "ab", b"ab", {"a": 1}, {1}, np.array(3), np.int64(3)])
def test_update_takes_a_column_only_as_a_list(tmp_path: Path, value: object) -> None:
    col = om.open(tmp_path / "c")
    col.add_vectors(["a", "b"], vectors(2), metadata={"price": [1, 2]})
    told = r"metadata 'price' is \w+: each column is a list, one value a row; nothing stored"
    with pytest.raises(om.errors.InputError, match=told):
        col.update(["a", "b"], metadata={"price": value})
    for column in ([3, 4], (3, 4), np.array([3, 4]), pa.array([3, 4])):
        col.update(["a", "b"], metadata={"price": column})
        assert [record.metadata for record in col.iterate()] == [{"price": 3}, {"price": 4}]


def test_upsert_replaces_and_counts_once(tmp_path: Path) -> None:
    col = om.open(tmp_path / "c")
    x = vectors(3)
    col.upsert(["a"], x[:1], metadata=[{"n": 1}])
    col.compact()
    for row in (1, 2):
        col.upsert(["a"], x[row : row + 1])
        assert col.count() == 1
        assert col.search(x[row], k=5)[0].score == pytest.approx(1, abs=1e-3)
    assert col.get(["a"])[0].metadata == {}  # type: ignore[union-attr]
    col.compact()
    assert (col.count(), col.stats()["deleted"]) == (1, 0)


def test_like_leaves_the_row_itself_out(tmp_path: Path) -> None:
    col = om.open(tmp_path / "c")
    col.add_vectors(names(5), vectors(5))
    assert "r2" not in col.search(like="r2", k=5).ids
    assert len(col.search(like="r2", k=5)) == 4


def test_exactly_k_under_filters_and_deletes(tmp_path: Path) -> None:
    x = vectors(500)
    col = om.open(tmp_path / "c")
    col.add_vectors(names(500), x, metadata=[{"n": n} for n in range(500)])
    col.compact()
    col.delete(where="n >= 20 and n < 490")
    hits = col.search(x[0], k=25, where="n < 100 or n > 490")
    assert len(hits) == 25
    assert all(hit.metadata["n"] < 20 or hit.metadata["n"] > 490 for hit in hits)
    assert len(col.search(x[0], k=100)) == 30
    assert col.delete(where="n is not null") == 30
    assert list(col.search(x[0], k=3)) == []


def test_hits_are_lazy_sequences(tmp_path: Path) -> None:
    col = om.open(tmp_path / "c")
    col.add_vectors(names(9), vectors(9), metadata=[{"n": n} for n in range(9)])
    hits = col.search(vectors(1)[0], k=4, explain=True)
    assert (len(hits), len(hits[1:3]), hits[-1].id) == (4, 2, hits.ids[3])
    assert hits.explain is not None and "of 9 rows" in hits.explain
    assert hits.to_arrow().column_names == ["id", "score", "metadata.n"]
    assert col.search_batch(vectors(3), k=2).to_arrow()["query"].to_pylist() == [0, 0, 1, 1, 2, 2]
    with pytest.raises(IndexError):
        hits[4]
    assert len(col.search(vectors(1)[0], k=9, min_score=2.0)) == 0
    assert len(col.search_batch(np.zeros((0, DIM)))) == 0


def test_tables_of_hits_have_one_schema(tmp_path: Path) -> None:
    col = om.open(tmp_path / "c", columns={"extra": "json", "at": "timestamp"})
    col.add_vectors(["a", "b"], np.eye(2, DIM), metadata=[{"extra": 5}, {"extra": "x"}])
    both, one = (col.search(np.eye(1, DIM)[0], k=k).to_arrow() for k in (2, 1))
    assert both.schema == one.schema
    assert both["metadata.extra"].to_pylist() == ["5", '"x"']


def test_a_transaction_is_one_generation_or_none(tmp_path: Path) -> None:
    col = om.open(tmp_path / "c")
    col.add_vectors(["a"], vectors(1))
    with col.transaction():
        col.add_vectors(["b"], vectors(1, seed=1))
        col.delete(["a"])
        assert [record.id for record in col.iterate()] == ["b"]
        seen: list[int] = []
        reader = threading.Thread(target=lambda: seen.append(col.generation))
        reader.start()
        reader.join()
        assert seen == [1]
    assert (col.generation, col.count()) == (2, 1)
    with pytest.raises(KeyError), col.transaction():
        col.delete(["b"])
        raise KeyError
    assert (col.generation, col.count()) == (2, 1)
    col.upsert(["b"], vectors(1))
    assert (col.generation, col.count()) == (3, 1)


def test_a_transaction_may_be_the_first_write(tmp_path: Path) -> None:
    col = om.open(tmp_path / "c")
    with col.transaction():
        col.add_vectors(["a"], vectors(1))
        col.add_vectors(["b"], vectors(1))
    assert (col.generation, col.count()) == (1, 2)


def test_iterate_keeps_its_generation(tmp_path: Path) -> None:
    col = om.open(tmp_path / "c")
    col.add_vectors(names(10), vectors(10))
    rows = col.iterate(batch_rows=3)
    first = next(rows)
    col.delete(names(10))
    assert [first.id, *(record.id for record in rows)] == names(10)


def test_a_snapshot_is_a_collection_of_its_own(tmp_path: Path) -> None:
    col = om.open(tmp_path / "c")
    col.add_vectors(names(20), vectors(20))
    col.compact()
    col.delete(["r1"])
    col.add_vectors(["late"], vectors(1, seed=3))
    col.snapshot(tmp_path / "copy")
    col.delete(names(20))
    col.compact()
    with om.open(tmp_path / "copy") as copy:
        assert (copy.count(), copy.generation) == (20, 3)
        assert copy.verify().ok
        copy.add_vectors(["more"], vectors(1))
        copy.compact()
        assert copy.count() == 21
    with pytest.raises(om.errors.InputError, match="not empty"):
        col.snapshot(tmp_path / "copy")


def test_purge_leaves_no_byte(tmp_path: Path) -> None:
    marker = "marker-of-what-must-go"
    x = vectors(30)
    col = om.open(tmp_path / "c", metric="l2")
    col.add_vectors([marker, *names(29)], x, metadata=[{"secret": marker}, *[{}] * 29])
    col.compact()
    col.update([marker], metadata=[{"more": marker}])
    assert col.delete([marker], purge=True) == 1
    col.close()
    found = [path for path in (tmp_path / "c").rglob("*") if path.is_file()]
    assert not [path for path in found if marker.encode() in path.read_bytes()]
    assert not [path for path in found if x[0].tobytes() in path.read_bytes()]
    with om.open(tmp_path / "c", mode="r") as col:
        assert col.count() == 29


def test_two_handles_share_one_store(tmp_path: Path) -> None:
    first, second = om.open(tmp_path / "c"), om.open(tmp_path / "c")
    first.add_vectors(["a"], vectors(1))
    second.add_vectors(["b"], vectors(1))
    assert first.count() == 2
    first.close()
    assert second.count() == 2
    second.add_vectors(["c"], vectors(1))


def test_declared_columns_do_not_widen(tmp_path: Path) -> None:
    col = om.open(tmp_path / "c", columns={"n": "int"})
    col.add_vectors(["a"], vectors(1), metadata=[{"n": 1}])
    with pytest.raises(om.errors.InputError):
        col.add_vectors(["b"], vectors(1), metadata=[{"n": 1.5}])
    col.compact()
    assert col.columns == {"n": "int"}
