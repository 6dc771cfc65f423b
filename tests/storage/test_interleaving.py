"""Writes that come while a seal or a compaction is under way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import omnisearch as om
from omnisearch.storage import compaction, maintenance, sealing
from omnisearch.storage.generation import Generation
from omnisearch.storage.manifest import Manifest
from omnisearch.storage.shard import Place

IDS = [f"a{number}" for number in range(40)]


def rows(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(len(IDS), 8)).astype(np.float32)


def meanwhile(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Let something happen between the cut of the next seal and its manifest."""
    real = sealing.next_manifest

    def delayed(place: Place, now: Generation, *, number: int, base: int) -> Manifest:
        monkeypatch.setattr(sealing, "next_manifest", real)
        act()
        return real(place, now, number=number, base=base)

    monkeypatch.setattr(sealing, "next_manifest", delayed)


def check(col: om.Collection, path: Path, wanted: np.ndarray) -> None:
    for _ in range(2):
        assert col.count() == len(wanted)
        assert [col.search(row, k=1)[0].id for row in wanted] == IDS[: len(wanted)]
        assert len(list(col.iterate())) == len(wanted)
        col.close()
        col = om.open(path)
    col.close()


@pytest.mark.parametrize("before", [False, True], ids=["fresh", "sealed before"])
def test_an_upsert_during_a_seal_stays_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: bool
) -> None:
    col = om.open(tmp_path / "c")
    col.add_vectors(IDS, rows(0))
    store = col._handle.need()
    if before:
        maintenance.seal(store)
        col.upsert(IDS, rows(1))
    meanwhile(monkeypatch, lambda: col.upsert(IDS, rows(2)))
    maintenance.seal(store)
    maintenance.compact(store, lambda found: found[:1])
    maintenance.compact(store, compaction.everything)
    check(col, tmp_path / "c", rows(2))


def test_a_delete_during_a_seal_stays_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    col = om.open(tmp_path / "c")
    col.add_vectors(IDS, rows(0))
    meanwhile(monkeypatch, lambda: col.delete(IDS[10:]))
    store = col._handle.need()
    maintenance.seal(store)
    maintenance.compact(store, lambda found: list(found))
    check(col, tmp_path / "c", rows(0)[:10])


def test_a_transaction_taken_back_during_a_seal_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    col = om.open(tmp_path / "c")
    col.add_vectors(IDS, rows(0))

    def taken_back() -> None:
        with pytest.raises(KeyError), col.transaction():
            col.upsert(IDS, rows(1))
            raise KeyError

    meanwhile(monkeypatch, taken_back)
    maintenance.seal(col._handle.need())
    col.compact()
    check(col, tmp_path / "c", rows(0))
