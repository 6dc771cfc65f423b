"""A cursor goes on in the state that its hits are of, or says that nobody holds it any more."""

from __future__ import annotations

from pathlib import Path

import pytest

import omnisearch as om
from omnisearch import calibrating
from omnisearch.errors import QueryError
from omnisearch.query.hits import Hits
from tests.query.test_calibrating import Toy, items


def page(col: om.Collection, cursor: str | None = None, k: int = 4) -> Hits:
    return col.query(text="w1 w3", k=k, cursor=cursor)


def sure(hits: Hits) -> list[float | None]:
    return [hit.confidence for hit in hits]


def test_a_list_of_a_transaction_goes_on_in_the_state_that_it_saw(tmp_path: Path) -> None:
    with om.open(tmp_path / "c", encoder=om.Encoder(Toy())) as col:
        col.add(items(0, 10))
        with col.transaction():
            col.add(items(10, 20))
            whole, first = page(col, k=20).ids, page(col)
            assert page(col, first.cursor).ids == whole[4:8]
            col.add(items(20, 40))
            assert page(col, k=40).ids[:20] != whole
            assert page(col, first.cursor).ids == whole[4:8]
            last, everything = page(col), page(col, k=40).ids
        assert page(col, first.cursor).ids == whole[4:8]
        second = page(col, last.cursor)
        assert second.ids == everything[4:8]
        assert page(col, second.cursor).ids == everything[8:12]


@pytest.mark.parametrize("held", [True, False])
def test_a_list_of_what_was_taken_back_goes_on_in_nothing_else(tmp_path: Path, held: bool) -> None:
    with om.open(tmp_path / "c", encoder=om.Encoder(Toy())) as col:
        col.add(items(0, 10))
        with pytest.raises(KeyError), col.transaction():
            col.add(items(10, 20))
            whole, first = page(col, k=20).ids, page(col)
            cursor, number = first.cursor, first.generation
            assert cursor is not None
            raise KeyError
        col.add(items(20, 30))
        assert col.generation == number and page(col, k=20).ids != whole
        if held:
            assert page(col, cursor).ids == whole[4:8]
            return
        del first
        with pytest.raises(QueryError, match=f"generation {number} as a transaction saw it, which"):
            page(col, cursor)


def test_the_cursor_of_a_committed_state_holds_in_other_handles(tmp_path: Path) -> None:
    with om.open(tmp_path / "c", encoder=om.Encoder(Toy())) as col:
        with col.transaction():
            col.add(items(0, 10))
            page(col)
            col.add(items(10, 20))
            page(col)
        whole, first = page(col, k=20).ids, page(col)
        with om.open(tmp_path / "c", mode="r", encoder=om.Encoder(Toy())) as other:
            assert page(other, first.cursor).ids == whole[4:8]


def test_a_list_goes_on_though_all_was_deleted(tmp_path: Path) -> None:
    with om.open(tmp_path / "c", encoder=om.Encoder(Toy())) as col:
        col.add(items(0, 10))
        whole, first = page(col, k=10).ids, page(col)
        cursor = first.cursor
        assert col.delete([f"t{number}" for number in range(10)]) == 10
        assert page(col, cursor).ids == whole[4:8]
        with pytest.raises(QueryError, match="is none"):
            page(col, "page 2")
        with pytest.raises(QueryError, match="generation 9, which is gone"):
            page(col, "9.4.0123456789abcdef")
        del first
        with pytest.raises(QueryError, match="which is gone"):
            page(col, cursor)
        assert len(page(col)) == 0


def test_a_list_goes_on_with_the_confidences_that_it_began_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calibrating, "_PAUSE_S", 3600.0)  # until it is closed
    path, encoder = tmp_path / "c", om.Encoder(Toy())
    with om.open(path, encoder=encoder) as col:
        col.add(items(0, 200))  # what is learnt of them comes later
        whole, first = page(col, k=100), page(col, k=30)
        with om.open(path, mode="r", encoder=encoder) as early:
            also = page(early, k=30)
            assert col._calibrating.learn()
            for one, hits in ((col, first), (early, also)):
                rest = page(one, hits.cursor, k=70)
                assert [*hits.ids, *rest.ids] == whole.ids
                assert sure(hits) + sure(rest) == sure(whole)
        now = page(col, k=100)
        assert sure(now) != sure(whole)
        with om.open(path, mode="r", encoder=encoder) as late:
            assert page(late, page(late, k=30).cursor, k=70).ids == now.ids[30:]
            with pytest.raises(QueryError, match="learnt anew since the list of this cursor began"):
                page(late, first.cursor)


def test_a_list_goes_on_though_the_collection_was_compacted(tmp_path: Path) -> None:
    path, encoder = tmp_path / "c", om.Encoder(Toy())
    with om.open(path, encoder=encoder) as col:
        col.add(items(0, 60))
        col.delete([f"t{number}" for number in range(0, 60, 3)])
        whole, first = page(col, k=40), page(col, k=11)
        cursor = first.cursor
        col.compact()
        assert page(col, cursor, k=29).ids == whole.ids[11:]
        with om.open(path, mode="r", encoder=encoder) as other:
            rest = page(other, cursor, k=29)
            assert rest.ids == whole.ids[11:]
            assert sure(rest) == sure(whole)[11:]
