"""The graph of a collection is kept for the next question, and no file that it was made of."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import omnisearch as om
from tests.relations.world import store, themed

NAME, GONE = "photo-harbour-1", ("photo-kitchen-1", "photo-kitchen-2", "photo-kitchen-3")


def held(path: Path) -> list[str]:
    """List the files of shards that are removed, and take room since they are mapped."""
    gc.collect()
    maps, shards = Path("/proc/self/maps").read_text().splitlines(), os.fspath(path / "shards")
    return [line for line in maps if shards in line and line.endswith("(deleted)")]


def test_what_a_compaction_removes_is_given_back_though_a_graph_is_kept(tmp_path: Path) -> None:
    store(tmp_path / "c", themed())
    with om.open(tmp_path / "c") as col:
        col.compact()
        shards = tmp_path / "c" / "shards"
        first, before = set(shards.iterdir()), {one.hit.id for one in col.related(NAME)}
        for name in GONE:  # the manifest before the newest keeps its files, too
            col.delete([name])
            col.compact()
        assert not first & set(shards.iterdir())
        assert not held(tmp_path / "c")  # though nobody has asked for relations since
        assert {one.hit.id for one in col.related(NAME)} >= before - set(GONE)


def test_the_same_state_is_linked_once(tmp_path: Path) -> None:
    store(tmp_path / "c", themed())
    with om.open(tmp_path / "c", mode="r") as col:
        first, again = col._graph(), col._graph()
        assert first.nodes.now is again.nodes.now and first.links is again.links
        assert first.links.edges is again.links.edges
        assert first.edges[1].tolist() == again.edges[1].tolist()
