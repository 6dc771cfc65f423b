"""Rows read one by one, and counted by kind, as questions do for each of their candidates."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from omnisearch.encoder.parts import MODALITIES
from omnisearch.query.rows import read_records
from omnisearch.records import Modality, TextSpan, View
from omnisearch.storage import changes, maintenance
from omnisearch.storage.batch import Segments
from omnisearch.storage.handle import Handle, Options
from omnisearch.storage.origin import Origin
from omnisearch.storage.sides import kind_of
from omnisearch.storage.store import Store

DIM, ROWS = 4, 200


def filled(root: Path) -> tuple[Handle, Store]:
    """Store rows of changing kinds, two at a time, every third with words and a number."""
    handle = Handle(root, Options())
    store = handle.for_encoding(Origin("toy 0 4", DIM, dict))
    rng = np.random.default_rng(3)
    modalities: list[Modality] = [MODALITIES[at] for at in rng.integers(0, 5, ROWS)]
    views: list[View] = ["words" if at else "content" for at in rng.random(ROWS) < 0.4]
    for at in range(0, ROWS, 2):
        some = range(at, at + 2)
        told = [
            {"segment.words": f"says {n}", "segment.span": {"start": n, "end": n + 2}, "n": n}
            if n % 3 == 0
            else {"tag": f"t{n}"}
            for n in some
        ]
        names = [f"r{n}" for n in some]
        vectors = rng.normal(size=(2, DIM)).astype("f4")
        rows = Segments(
            names, [None] * 2, views[at : at + 2], modalities[at : at + 2], vectors, told
        )
        store.write(changes.keeping(rows))
    return handle, store


def test_a_loose_row_is_read_as_a_sealed_one_and_its_table_is_looked_at_once(
    tmp_path: Path,
) -> None:
    handle, store = filled(tmp_path / "c")
    now = store.reading()
    assert now.loose.rows == ROWS
    loose = read_records(now, np.arange(ROWS))
    assert (loose[3].id, loose[3].words, loose[3].metadata) == ("r3", "says 3", {"n": 3})
    assert loose[3].span == TextSpan(3, 5)
    assert (loose[4].span, loose[4].words, loose[4].metadata) == (None, None, {"tag": "t4"})
    assert all(now.locate(at)[0] is now.locate(at)[0] for at in range(ROWS))
    assert now.locate(6)[0] is now.locate(7)[0] is not now.locate(8)[0]
    maintenance.seal(store)
    now = store.reading()
    assert now.sealed.rows == ROWS
    assert read_records(now, np.arange(ROWS)) == loose
    handle.drop()


def test_rows_of_each_kind_are_counted_under_any_filter(tmp_path: Path) -> None:
    handle, store = filled(tmp_path / "c")
    sides = store.reading().sides
    rng = np.random.default_rng(0)
    for share in (0.0, 0.01, 0.5, 1.0):
        rows = rng.random(ROWS) < share
        told = {kind: int((sides.kinds[rows] == kind).sum()) for kind in sides.counts}
        assert sides.counted(rows) == told
    assert kind_of("image", "words") in sides.counts
    handle.drop()
