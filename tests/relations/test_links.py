"""Links of a collection: right, kept, carried over, and never more than derived."""

from pathlib import Path

import numpy as np
import pytest

import omnisearch as om
from omnisearch.relations import linking
from omnisearch.relations.graph import Graph
from omnisearch.relations.keeping import Keeping
from omnisearch.storage import relations, verify
from omnisearch.storage.handle import Handle, Options
from tests.relations.world import SPACE, One, rows_of, store, themed


def graph_of(path: Path, *, writable: bool = True) -> Graph:
    """Make the graph of a collection as a question does."""
    handle = Handle(path, Options(create=False, writable=writable))
    try:
        return Keeping(handle).graph(handle.need().reading(), None)
    finally:
        handle.close()


def named(graph: Graph) -> dict[str, dict[str, float]]:
    """Give the links of each segment by ids, with their cosines."""
    now, nodes = graph.nodes.now, graph.nodes
    names = [now.id_at(row) for row in nodes.rows.tolist()]
    pairs = zip(graph.links.targets.tolist(), graph.links.cosines.tolist(), strict=True)
    return {
        name: {names[to]: cosine for to, cosine in zip(*one, strict=True) if to >= 0}
        for name, one in zip(names, pairs, strict=True)
    }


def test_links_lead_to_the_same_theme_and_to_other_modalities(tmp_path: Path) -> None:
    store(tmp_path / "c", themed())
    found = named(graph_of(tmp_path / "c"))
    assert len(found) == 72
    same = [
        to.split("-")[1] == name.split("-")[1] for name, linked in found.items() for to in linked
    ]
    assert np.mean(same) > 0.95
    for name, linked in found.items():
        kinds = {to.split("-")[0] for to in linked}
        assert name not in linked and len(linked) == linking.LINKS
        assert kinds - {name.split("-")[0]}, name


def test_links_are_those_of_all_cosines_within_one_kind(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    vectors = random.normal(size=(60, 16)).astype(np.float32)
    with om.open(tmp_path / "c") as col:
        col.add_vectors([f"v{number}" for number in range(60)], vectors)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    cosines = unit @ unit.T - 2 * np.eye(60, dtype=np.float32)
    found = named(graph_of(tmp_path / "c"))
    for number, row in enumerate(cosines):
        linked = found[f"v{number}"]
        best = np.sort(row)[-linking.LINKS :]
        np.testing.assert_allclose(sorted(linked.values()), best, atol=2e-3)


def test_a_segment_is_no_neighbour_of_its_own_item(tmp_path: Path) -> None:
    book = [One(f"book#{n}", "kitchen", "document", "book", f"page {n}") for n in range(20)]
    store(tmp_path / "c", [*book, *themed(2)])
    found = named(graph_of(tmp_path / "c"))
    for name, linked in found.items():
        if name.startswith("book"):
            assert linked and not any(to.startswith("book") for to in linked)
    assert not any(name.endswith("~words") for name in found)


def test_links_are_kept_and_read_again(tmp_path: Path) -> None:
    store(tmp_path / "c", themed())
    first = graph_of(tmp_path / "c")
    kept = relations.read(tmp_path / "c", SPACE)
    assert kept is not None
    np.testing.assert_array_equal(kept.targets, first.links.targets)
    (file,) = (tmp_path / "c" / "relations").iterdir()
    assert file.stat().st_size == 48 + 56 * 72
    before = file.stat().st_mtime_ns
    assert named(graph_of(tmp_path / "c")) == named(first)
    assert file.stat().st_mtime_ns == before
    assert relations.read(tmp_path / "c", "another space") is None


def test_a_reader_makes_links_and_keeps_none(tmp_path: Path) -> None:
    store(tmp_path / "c", themed())
    assert len(named(graph_of(tmp_path / "c", writable=False))) == 72
    assert not (tmp_path / "c" / "relations").exists()


def test_new_segments_are_linked_and_old_ones_take_up_nearer_ones(tmp_path: Path) -> None:
    early, late = themed(12)[::2], themed(12)[1::2]
    store(tmp_path / "c", early)
    graph_of(tmp_path / "c")
    store(tmp_path / "c", late)
    grown = named(graph_of(tmp_path / "c"))
    store(tmp_path / "whole", [*early, *late])
    anew = named(graph_of(tmp_path / "whole"))
    assert grown.keys() == anew.keys()
    shares = [len(grown[name].keys() & anew[name].keys()) / len(anew[name]) for name in anew]
    assert np.mean(shares) > 0.9  # what is measured of few rows differs from that of many
    old = {one.id for one in early}
    assert any(to not in old for name in old for to in grown[name])


def test_what_is_deleted_is_linked_no_more(tmp_path: Path) -> None:
    segments = themed()
    store(tmp_path / "c", segments)
    graph_of(tmp_path / "c")
    gone = {one.id for one in segments[::5]}
    with om.open(tmp_path / "c", create=False) as col:
        col.delete(sorted(gone))
        left = named(graph_of(tmp_path / "c"))
        assert not gone & left.keys()
        assert not any(gone & linked.keys() for linked in left.values())
        assert all(len(linked) >= linking.LINKS / 2 for linked in left.values())
        col.compact()
        assert named(graph_of(tmp_path / "c")).keys() == left.keys()


def test_a_purge_leaves_no_links(tmp_path: Path) -> None:
    store(tmp_path / "c", themed())
    graph_of(tmp_path / "c")
    with om.open(tmp_path / "c", create=False) as col:
        col.delete(["photo-harbour-1"], purge=True)
        assert list((tmp_path / "c" / "relations").iterdir()) == []
        assert "photo-harbour-1" not in named(graph_of(tmp_path / "c"))
        assert len(list((tmp_path / "c" / "relations").iterdir())) == 1


def test_a_snapshot_makes_its_own(tmp_path: Path) -> None:
    store(tmp_path / "c", themed())
    right = named(graph_of(tmp_path / "c"))
    with om.open(tmp_path / "c", create=False) as col:
        col.snapshot(tmp_path / "copy")
    assert named(graph_of(tmp_path / "copy")) == right
    assert verify.verify(tmp_path / "copy").ok


def test_a_compaction_moves_rows_and_keeps_links(tmp_path: Path) -> None:
    for part in range(3):
        store(tmp_path / "c", themed(9)[part::3])
    before = graph_of(tmp_path / "c")
    kept = relations.read(tmp_path / "c", SPACE)
    with om.open(tmp_path / "c", create=False) as col:
        col.compact()
    after = graph_of(tmp_path / "c", writable=False)
    assert named(after) == named(before)
    assert kept is not None and set(kept.keys.tolist()) == set(after.nodes.keys.tolist())


def test_what_is_stored_anew_with_other_contents_is_linked_anew(tmp_path: Path) -> None:
    store(tmp_path / "c", themed())
    graph_of(tmp_path / "c")
    store(tmp_path / "c", [One("photo-harbour-1", "kitchen", "image")])
    linked = named(graph_of(tmp_path / "c"))["photo-harbour-1"]
    assert {to.split("-")[1] for to in linked} == {"kitchen"}


@pytest.mark.parametrize("at", [0, 8, 24, 30, 40, 48, 700, -1])
def test_a_damaged_file_is_told_and_made_anew(tmp_path: Path, at: int) -> None:
    store(tmp_path / "c", themed())
    right = named(graph_of(tmp_path / "c"))
    (file,) = (tmp_path / "c" / "relations").iterdir()
    raw = bytearray(file.read_bytes())
    raw[at] ^= 4
    file.chmod(0o600)
    file.write_bytes(raw)
    assert relations.read(tmp_path / "c", SPACE) is None
    (problem,) = verify.verify(tmp_path / "c").problems
    assert problem.path == str(file) and "related" in problem.remedy
    assert named(graph_of(tmp_path / "c")) == right
    assert verify.verify(tmp_path / "c").ok


def test_every_truncation_is_no_file(tmp_path: Path) -> None:
    store(tmp_path / "c", themed(3))
    graph = graph_of(tmp_path / "c")
    whole = b"".join(relations.pack(SPACE, linking.stored(graph.nodes, graph.links)))
    assert relations.unpack(whole, SPACE) is not None
    for end in range(0, len(whole), 7):
        assert relations.unpack(whole[:end], SPACE) is None
    assert relations.unpack(whole + b"x", SPACE) is None


def test_links_that_lead_nowhere_are_refused() -> None:
    kept = relations.StoredLinks(
        np.arange(3, dtype=np.uint64),
        np.array([[1, 9]] * 3, np.int32),
        np.zeros((3, 2), np.float16),
    )
    assert relations.unpack(b"".join(relations.pack(SPACE, kept)), SPACE) is None


def test_the_bytes_of_a_file() -> None:
    kept = relations.StoredLinks(
        np.array([258], np.uint64), np.array([[-1]], np.int32), np.array([[0.5]], np.float16)
    )
    raw = b"".join(relations.pack("", kept))
    assert raw[:8] == b"OMNILINK"
    assert raw[24:32].hex() == "0100000001000000"  # version, links of a segment
    assert raw[32:40].hex() == "c294d3380580062d"
    assert raw[40:].hex() == "01000000000000000201000000000000ffffffff0038"


def test_words_of_a_segment_link_it_too() -> None:
    one = One("talk#1", "harbour", "audio", said="the harbour at dawn")
    assert [name for name in rows_of([one]).ids] == ["talk#1", "talk#1~words"]
