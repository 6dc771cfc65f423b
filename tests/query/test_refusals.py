"""What cannot be asked, and what is asked of nothing: each is told with what to do instead."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import omnisearch as om
from omnisearch.errors import QueryError
from omnisearch.query.options import Wish
from omnisearch.storage import layout
from tests.query.test_calibrating import Toy, items

WRONG: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"k": 0}, QueryError, "k is 0: give 1 or more"),
    ({"k": -3}, QueryError, "k is -3"),
    ({"k": 2.5}, TypeError, "k is 2.5: a whole number"),
    ({"k": True}, TypeError, "k is True"),
    ({"offset": -1}, QueryError, "offset is -1: give 0 or more"),
    ({"modality": "picture"}, QueryError, "there are text, image"),
    ({"modality": "images"}, QueryError, "did you mean 'image'"),
    ({"modality": []}, QueryError, "empty list"),
    ({"mode": "vectors"}, QueryError, "did you mean 'vector'"),
    ({"fuse": "rank"}, QueryError, "confidence, rrf"),
    ({"group_by": "items"}, QueryError, "did you mean 'item'"),
    ({"min_confidence": 1.5}, QueryError, "a probability, 0 to 1"),
    ({"min_confidence": float("nan")}, QueryError, "nan"),
    ({"min_score": float("nan")}, QueryError, "min_score is NaN"),
    ({"min_score": "high"}, TypeError, "a number"),
    ({"min_score": 0.5, "mode": "words"}, QueryError, "leave one out"),
    ({"recall": 0}, QueryError, "above 0"),
    ({"collapse": 40}, QueryError, "0 to 31 bits"),
    ({"after": "yesterday"}, QueryError, "'2026-05-01'"),
    ({"before": datetime(2026, 1, 1)}, QueryError, "time zone"),
    ({"after": "2026-01-02", "before": "2026-01-01"}, QueryError, "no time lies between"),
    ({"path": ""}, QueryError, "leave it out"),
    ({"path": [3]}, TypeError, "a pattern such as"),
    ({"params": {"a": 1}}, QueryError, "without where"),
    ({"cursor": "next", "offset": 5}, QueryError, "leave offset out"),
    ({"fuse": "rrf", "min_confidence": 0.5}, QueryError, "leave one out"),
    ({"limit": 3}, TypeError, "no option 'limit'"),
    ({"modalty": "text"}, TypeError, "did you mean modality"),
]


@pytest.mark.parametrize(("options", "kind", "told"), WRONG, ids=[str(one[0]) for one in WRONG])
def test_a_wrong_option_is_named_with_what_is_allowed(
    options: dict[str, Any], kind: type[Exception], told: str
) -> None:
    with pytest.raises(kind) as caught:
        Wish.of(options)  # type: ignore[arg-type]
    assert told in str(caught.value)


def test_times_are_taken_as_text_days_and_moments() -> None:
    day = Wish.of({"after": "2026-05-01"}).after
    assert day == Wish.of({"after": date(2026, 5, 1)}).after
    assert day == Wish.of({"after": datetime(2026, 5, 1, tzinfo=UTC)}).after


def test_a_year_and_a_month_begin_with_their_first_day() -> None:
    assert Wish.of({"after": "2019"}).after == Wish.of({"after": "2019-01-01"}).after
    assert Wish.of({"before": "2019-05"}).before == Wish.of({"before": "2019-05-01"}).before


def test_an_empty_collection_has_no_hits_and_says_what_to_do(tmp_path: Path) -> None:
    with om.open(tmp_path / "c", encoder=om.Encoder(Toy())) as col:
        col.add(items(0, 3))
        col.delete([f"t{n}" for n in range(3)])
        hits = col.query(text="w1", where="price < 3", after="2020-01-01")
        assert len(hits) == 0 and hits.cursor is None
        assert "ingest" in hits.remarks[0]


def test_quotes_that_are_not_looked_for_are_said(tmp_path: Path) -> None:
    with om.open(tmp_path / "c", encoder=om.Encoder(Toy())) as col:
        col.add(items(0, 20))
        assert "in quotes" in col.query(text='w1 "w3"', mode="vector").remarks[0]
        assert col.query(text='w1 "w3"', k=20).remarks == ()
        assert len(col.query(text='w1 "w3"', k=20)) < 20


def test_vectors_of_ones_own_are_asked_with_vectors(tmp_path: Path) -> None:
    vectors = np.eye(8, dtype=np.float32)
    with om.open(tmp_path / "c") as col:
        col.add_vectors([f"v{n}" for n in range(8)], vectors)
        assert col.query(vector=vectors[3], k=1)[0].id == "v3"
        assert col.query(like="v3", k=8).ids == [f"v{n}" for n in (0, 1, 2, 4, 5, 6, 7)]
        with pytest.raises(QueryError, match="vector="):
            col.query(text="a dog")
        with pytest.raises(QueryError, match="min_score"):
            col.query(vector=vectors[0], min_confidence=0.5)


def test_a_cursor_goes_on_in_its_generation_or_says_that_it_is_gone(tmp_path: Path) -> None:
    with om.open(tmp_path / "c", encoder=om.Encoder(Toy())) as col:
        col.add(items(0, 20))
        whole = col.query(text="w1 w3", k=20).ids
        first = col.query(text="w1 w3", k=4)
        cursor = first.cursor
        assert cursor is not None
        col.add(items(20, 40))
        assert col.query(text="w1 w3", k=4, cursor=cursor).ids == whole[4:8]
        with pytest.raises(QueryError, match="another question"):
            col.query(text="w1 w2", k=4, cursor=cursor)
        with pytest.raises(QueryError, match="another question"):
            col.query(text="w1 w3", k=4, cursor=cursor, modality="text")
        with pytest.raises(QueryError, match="is none"):
            col.query(text="w1 w3", k=4, cursor="page 2")
        del first
        with pytest.raises(QueryError, match="which is gone"):
            col.query(text="w1 w3", k=4, cursor=cursor)


def test_a_cursor_is_of_what_was_asked_though_that_was_changed_since(tmp_path: Path) -> None:
    with om.open(tmp_path / "c") as col:
        vectors = np.eye(8, dtype=np.float32) + 0.1
        ids = [f"v{number}" for number in range(8)]
        col.add_vectors(ids, vectors, metadata=[{"n": number} for number in range(8)])
        asked: dict[str, Any] = {"vector": vectors[0], "where": {"n": {"$lt": 6}}, "k": 2}
        whole = col.query(**{**asked, "k": 6}).ids
        first = col.query(**asked)
        asked["where"]["n"]["$lt"] = 3
        cursor = first.cursor
        with pytest.raises(QueryError, match="another question"):
            col.query(**asked, cursor=cursor)
        asked["where"]["n"]["$lt"] = 6
        assert col.query(**asked, cursor=cursor).ids == whole[2:4]


@pytest.mark.parametrize("damage", ["flip", "cut", "gone"])
def test_damaged_words_are_read_again_from_the_rows(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "c"
    with om.open(path, encoder=om.Encoder(Toy())) as col:
        col.add(items(0, 50))
        col.compact()
        expected = [(hit.id, hit.parts) for hit in col.query(text="w3 w5", k=50)]
    (words,) = (path / layout.SHARDS).glob(f"*/{layout.WORDS}")
    words.chmod(0o600)
    raw = bytearray(words.read_bytes())
    if damage == "gone":
        words.unlink()
    else:
        raw[len(raw) // 2] ^= 1
        words.write_bytes(raw if damage == "flip" else raw[: len(raw) // 2])
    with om.open(path, mode="r", encoder=om.Encoder(Toy())) as col:
        assert [(hit.id, hit.parts) for hit in col.query(text="w3 w5", k=50)] == expected
        assert "bm25" in expected[0][1]


def test_what_is_explained_adds_up(tmp_path: Path) -> None:
    with om.open(tmp_path / "c", encoder=om.Encoder(Toy())) as col:
        col.add(items(0, 50))
        hits = col.query(text="w3 w5", k=5, explain=True)
        plan = hits.plan
        assert plan is not None and hits.explain == str(plan)
        assert sum(one.allowed for one in plan.survivors) == 50
        assert [(one.modality, one.view) for one in plan.searched] == [("text", "words")]
        assert {"encoding", "filters", "words", "search", "scoring"} <= {*plan.stages}
        assert plan.as_json()["candidates"] == plan.candidates >= 5
        assert col.query(text="w3 w5", k=5).explain is None
