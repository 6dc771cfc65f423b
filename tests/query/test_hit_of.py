"""A hit and the details of a segment tell the same of it, but for how well it answers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

import omnisearch as om
from omnisearch.encoder.encoder import Encoder
from omnisearch.locations import Root
from omnisearch.storage import changes
from omnisearch.storage.handle import Handle, Options
from omnisearch.storage.ledger import Ledger
from omnisearch.storage.origin import Origin
from tests.encoder.test_encoder import Three
from tests.storage.test_segments import DIM, files


def test_details_tell_of_a_segment_what_its_hit_tells(tmp_path: Path) -> None:
    handle = Handle(tmp_path / "c", Options())
    store = handle.for_encoding(Origin("toy 0 8", DIM, dict))
    store.write_ledger(Ledger((Root(0, b"/home/me", 5, "folder"),)))
    store.write(changes.keeping(files(range(4), n=3)))
    handle.drop()
    with om.open(tmp_path / "c", mode="r") as col:
        hits = col.query(vector=np.ones(DIM), k=4)
        assert len(hits) == 4
        for hit in hits:
            found = col.details(hit.id)
            assert found is not None
            shown = replace(hit, score=None, confidence=None, parts={}, folded=0)
            assert replace(found.hit, view=shown.view) == shown
            assert found.hit.uri == f"file:///home/me/f/{hit.item[-1]}.mp3"
        rows = col.search(np.ones(DIM), k=8)
        assert {hit.id for hit in rows} == {
            f"item {n}#0{m}" for n in range(4) for m in ("", "~words")
        }


def test_a_table_has_the_ids_that_hits_have(tmp_path: Path) -> None:
    picture = np.zeros((8, 8, 3), np.uint8)
    with om.open(tmp_path / "c", encoder=Encoder(Three())) as col:
        col.add([om.Item("both", text="a caption", image=picture), om.Item("text", text="caption")])
        hits = col.query(text="caption", mode="words")
        assert sorted(hits.ids) == ["both", "text"]
        assert hits.to_arrow()["id"].to_pylist() == hits.ids
        rows = col.search(np.ones(3), k=3)
        assert rows.to_arrow()["id"].to_pylist() == rows.ids
        assert sorted(rows.ids) == ["both", "both~words", "text"]
