"""What cannot be stored or asked is refused with a typed error, and nothing changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

import omnisearch as om

DIM = 8
Action = Callable[[om.Collection], object]


@pytest.fixture
def collection(tmp_path: Path) -> Iterator[om.Collection]:
    with om.open(tmp_path / "c") as col:
        col.add_vectors(["a", "b"], np.eye(2, DIM), metadata=[{"n": 1}, {"n": 2}])
        yield col


ONE = np.ones((1, DIM), np.float32)
WRITES: dict[str, tuple[Action, type[Exception], str]] = {
    "NaN": (lambda c: c.add_vectors(["x"], ONE * np.nan), om.errors.InputError, "NaN"),
    "infinity": (lambda c: c.add_vectors(["x"], ONE * np.inf), om.errors.InputError, "infinity"),
    "too large for float32": (
        lambda c: c.add_vectors(["x"], ONE.astype(np.float64) * 1e300),
        om.errors.InputError,
        "float32",
    ),
    "a length beyond float32": (
        lambda c: c.add_vectors(["x"], ONE * np.float32(3e38)),
        om.errors.InputError,
        "out of float32's range",
    ),
    "zero vector": (lambda c: c.add_vectors(["x"], ONE * 0), om.errors.InputError, "all zeros"),
    "other dimension": (
        lambda c: c.add_vectors(["x"], np.ones((1, 7))),
        om.errors.SpaceMismatchError,
        "7 dimensions, the collection has 8",
    ),
    "text as vectors": (lambda c: c.add_vectors(["x"], [["a"] * DIM]), TypeError, "real numbers"),
    "complex numbers": (lambda c: c.add_vectors(["x"], ONE * 1j), TypeError, "complex"),
    "booleans": (lambda c: c.add_vectors(["x"], ONE > 0), TypeError, "bool"),
    "one dimension": (lambda c: c.add_vectors(["x"], ONE[0]), om.errors.InputError, "shape"),
    "masked": (lambda c: c.add_vectors(["x"], np.ma.masked_less(ONE, 2)), TypeError, "masked"),
    "ragged": (
        lambda c: c.add_vectors(["x"], [[1.0], [1.0, 2.0]]),
        om.errors.InputError,
        "lengths",
    ),
    "keys of json": (
        lambda c: c.add_vectors(["x"], ONE, metadata=[{"j": {1: 2}}]),
        om.errors.InputError,
        "not a string",
    ),
    "stored id": (lambda c: c.add_vectors(["a"], ONE), om.errors.InputError, "upsert"),
    "id twice": (lambda c: c.upsert(["x", "x"], np.eye(2, DIM)), om.errors.InputError, "twice"),
    "empty id": (lambda c: c.add_vectors([""], ONE), om.errors.InputError, "empty"),
    "long id": (lambda c: c.add_vectors(["é" * 513], ONE), om.errors.InputError, "1026 bytes"),
    "id not UTF-8": (lambda c: c.add_vectors(["\ud800"], ONE), om.errors.InputError, "UTF-8"),
    "id no string": (lambda c: c.add_vectors([1], ONE), TypeError, "strings"),  # type: ignore[list-item]
    "ids as one string": (lambda c: c.add_vectors("ab", np.eye(2, DIM)), TypeError, "list"),
    "more ids than rows": (
        lambda c: c.add_vectors(["x", "y"], ONE),
        om.errors.InputError,
        "2 ids for 1",
    ),
    "conflicting type": (
        lambda c: c.add_vectors(["x"], ONE, metadata=[{"n": "text"}]),
        om.errors.InputError,
        "'n'",
    ),
    "fewer metadata": (
        lambda c: c.add_vectors(["x"], ONE, metadata=[]),
        om.errors.InputError,
        "0 rows of metadata",
    ),
    "update of an absent id": (
        lambda c: c.update(["x"], metadata=[{"n": 3}]),
        om.errors.InputError,
        "not stored",
    ),
    "delete of nothing": (lambda c: c.delete(), om.errors.InputError, "ids or where"),
    "unknown argument": (lambda c: c.add_vectors(["x"], ONE, meta=1), TypeError, "meta"),  # type: ignore[call-arg]
}


@pytest.mark.parametrize("name", WRITES)
def test_a_bad_write_stores_nothing(collection: om.Collection, name: str) -> None:
    action, kind, words = WRITES[name]
    before = collection.generation, collection.count()
    with pytest.raises(kind, match=words):
        action(collection)
    assert (collection.generation, collection.count()) == before
    assert collection.get(["a"])[0].metadata == {"n": 1}  # type: ignore[union-attr]


QUERIES: dict[str, tuple[Action, type[Exception], str]] = {
    "k of 0": (lambda c: c.search(ONE[0], k=0), om.errors.QueryError, "k is 0"),
    "negative k": (lambda c: c.search(ONE[0], k=-1), om.errors.QueryError, "k is -1"),
    "k as text": (lambda c: c.search(ONE[0], k="3"), TypeError, "'3'"),  # type: ignore[arg-type]
    "2-D query": (lambda c: c.search(ONE), om.errors.QueryError, "search_batch"),
    "1-D batch": (lambda c: c.search_batch(ONE[0]), om.errors.QueryError, "one vector"),
    "recall of 0": (lambda c: c.search(ONE[0], recall=0), om.errors.QueryError, "recall is 0"),
    "NaN query": (lambda c: c.search(ONE[0] * np.nan), om.errors.QueryError, "NaN"),
    "recall as text": (lambda c: c.search(ONE[0], recall="1"), TypeError, "recall"),  # type: ignore[arg-type]
    "zero query": (lambda c: c.search(ONE[0] * 0), om.errors.QueryError, "all zeros"),
    "short query": (lambda c: c.search(ONE[0, :5]), om.errors.SpaceMismatchError, "5 dimensions"),
    "no query": (lambda c: c.search(), om.errors.QueryError, "a vector or like"),
    "two queries": (lambda c: c.search(ONE[0], like="a"), om.errors.QueryError, "not both"),
    "like an absent id": (lambda c: c.search(like="x"), om.errors.QueryError, "not a stored id"),
    "unknown column": (
        lambda c: c.search(ONE[0], where="m = 1"),
        om.errors.QueryError,
        "there are 'n'",
    ),
    "syntax": (lambda c: c.search(ONE[0], where="n = = 1"), om.errors.QueryError, r"\^"),
    "recall of 2": (lambda c: c.search(ONE[0], recall=2), om.errors.QueryError, "recall"),
    "NaN as a floor": (
        lambda c: c.search(ONE[0], min_score=float("nan")),
        om.errors.QueryError,
        "min_score",
    ),
    "unknown argument": (lambda c: c.search(ONE[0], kk=1), TypeError, "kk"),  # type: ignore[call-arg]
    "unknown column to count": (lambda c: c.distinct("m"), om.errors.QueryError, "'m'"),
}


@pytest.mark.parametrize("name", QUERIES)
def test_a_bad_question_is_refused(collection: om.Collection, name: str) -> None:
    action, kind, words = QUERIES[name]
    with pytest.raises(kind, match=words):
        action(collection)


def test_a_huge_k_gives_what_there_is(collection: om.Collection) -> None:
    assert collection.search(ONE[0], k=10**9).ids == ["a", "b"]


def test_a_bad_first_write_makes_no_collection(tmp_path: Path) -> None:
    path = tmp_path / "c"
    with pytest.raises(om.errors.InputError):
        om.open(path).add_vectors(["x"], ONE * np.nan)
    with pytest.raises(om.errors.InputError):
        om.open(path).add_vectors(["x"], ONE, metadata=[{"": 1}])
    assert not path.exists()


def test_reading_what_is_no_collection(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "absent"):
        with pytest.raises(om.errors.CollectionNotFoundError, match="not a collection"):
            om.open(path, mode="r")
        with pytest.raises(om.errors.CollectionNotFoundError):
            om.open(path, create=False)


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(om.errors.InputError, match=r"letter\.txt"):
        om.open(tmp_path).add_vectors(["x"], ONE)
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_settings_are_fixed_when_it_is_made(tmp_path: Path) -> None:
    with om.open(tmp_path / "c", metric="l2", columns={"n": "int"}) as col:
        col.add_vectors(["a"], ONE)
    with pytest.raises(om.errors.SpaceMismatchError, match="metric='l2'"):
        om.open(tmp_path / "c", metric="cosine")
    with pytest.raises(om.errors.SpaceMismatchError, match="'n'"):
        om.open(tmp_path / "c", columns={"n": "string"})
    with pytest.raises(ValueError, match="dot"):
        om.open(tmp_path / "d", metric="dot")  # type: ignore[arg-type]


@pytest.mark.parametrize("metric", ["ip", "l2"])
def test_scores_stay_finite(tmp_path: Path, metric: str) -> None:
    col = om.open(tmp_path / "c", metric=metric)  # type: ignore[arg-type]
    with pytest.raises(om.errors.InputError, match="1e\\+15 at most"):
        col.add_vectors(["x"], ONE * np.float32(1e30))
    col.add_vectors(["x"], ONE * np.float32(1e14))
    with pytest.raises(om.errors.QueryError, match="query: row 0 has length"):
        col.search(ONE[0] * np.float32(1e30))
    assert np.isfinite(col.search(ONE[0] * np.float32(-1e14)).scores).all()


def test_nested_transactions_are_refused(collection: om.Collection) -> None:
    with collection.transaction():
        collection.delete(["a"])
        with pytest.raises(ValueError, match="finish it first"), collection.transaction():
            pass
        with pytest.raises(ValueError, match="finish it first"):
            collection.compact()
        with pytest.raises(ValueError, match="finish it first"):
            collection.snapshot("never")
        with pytest.raises(ValueError, match="finish it first"):
            collection.close()
    assert collection.count() == 1


def test_a_closed_handle_says_so(tmp_path: Path) -> None:
    col = om.open(tmp_path / "c")
    col.add_vectors(["a"], ONE)
    col.close()
    col.close()
    with pytest.raises(ValueError, match="closed"):
        col.count()


def test_a_reader_does_not_write(tmp_path: Path) -> None:
    with om.open(tmp_path / "c") as col:
        col.add_vectors(["a"], ONE)
    reader = om.open(tmp_path / "c", mode="r")
    for action in (
        lambda: reader.add_vectors(["b"], ONE),
        lambda: reader.delete(["a"]),
        lambda: reader.compact(),
    ):
        with pytest.raises(om.errors.ReadOnlyError, match="mode='a'"):
            action()
