"""What has to do with a segment: every relation, over one step or several."""

from pathlib import Path

import pytest

import omnisearch as om
from omnisearch.errors import CollectionNotFoundError, QueryError
from tests.relations.world import One, drawn, opened, store, themed


def _recipe(number: int) -> str:
    return f"recipe {number}" + " of saffron cardamom" * (number == 2)


BOOK = [One(f"book#{n}", "kitchen", "document", "book", _recipe(n)) for n in range(8)]
OTHERS = [
    One("memo", "mountain", said="buy saffron and cardamom"),
    One("list", "harbour", said="saffron only"),
    One("look-a", "harbour", "image", metadata={"segment.look": 5, "project": "apollo"}),
    One("look-b", "mountain", "image", metadata={"segment.look": 7, "tags": ["apollo"]}),
    One("look-c", "kitchen", "image", metadata={"segment.look": -1, "project": "apollo"}),
    One("tag-a", "kitchen", metadata={"tags": ["red", "blue"]}),
    One("tag-b", "harbour", metadata={"tags": ["blue", "green"]}),
]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("related") / "c"
    store(found, [*themed(6), *BOOK, *OTHERS])
    return found


def related(path: Path, name: str, **given: object) -> dict[str, om.Related]:
    with opened(path) as col:
        found = col.related(name, **given)  # type: ignore[arg-type]
    strengths = [one.strength for one in found]
    assert strengths == sorted(strengths, reverse=True)
    assert all(0 < strength < 1 for strength in strengths)
    assert all(one.path[-1].id == one.hit.id != name for one in found)
    return {one.hit.id: one for one in found}


def test_the_next_and_others_of_an_item(path: Path) -> None:
    assert set(related(path, "book#2", by="next")) == {"book#1", "book#3"}
    assert set(related(path, "book#0", by=["next"])) == {"book#1"}
    others = related(path, "book#6", by="item")
    assert set(others) == {"book#2", "book#3", "book#4", "book#5", "book#7"}
    assert {one.relation for one in others.values()} == {"item"}
    both = related(path, "book#6", by=["item", "next"])
    assert both["book#5"].relation == "next" and both["book#4"].relation == "item"


def test_what_looks_the_same(path: Path) -> None:
    assert set(related(path, "look-a", by="duplicate")) == {"look-b"}
    assert related(path, "look-c", by="duplicate") == {}


def test_vectors_that_are_the_same(tmp_path: Path) -> None:
    one = themed(3)
    twin = One("twin", "harbour", "image", vector=drawn("photo-harbour-0", "harbour", "image"))
    store(tmp_path / "c", [*one, twin])
    assert set(related(tmp_path / "c", "twin", by="duplicate")) == {"photo-harbour-0"}


def test_shared_values_of_few(path: Path) -> None:
    found = related(path, "look-a", by="value")
    assert set(found) == {"look-c"} and found["look-c"].path[0].why == "project = 'apollo'"
    tagged = related(path, "tag-a", by="value")
    assert set(tagged) == {"tag-b"} and tagged["tag-b"].path[0].why == "tags = 'blue'"


def test_a_value_that_many_have_is_no_relation(tmp_path: Path) -> None:
    many = [One(f"m{n}", "harbour", metadata={"kind": "note"}) for n in range(30)]
    store(tmp_path / "c", many)
    assert related(tmp_path / "c", "m0", by="value") == {}


def test_rare_words_are_shared_and_told(path: Path) -> None:
    found = related(path, "memo", by="words")
    assert set(found) == {"book#2"}  # one shared word is too few
    assert found["book#2"].path[0].why == "cardamom, saffron"
    assert 0 < found["book#2"].strength <= 0.6


def test_what_is_near_has_the_same_theme(path: Path) -> None:
    found = related(path, "photo-harbour-1", by="near", k=6)
    assert len(found) == 6
    assert {name.split("-")[1] for name in found} <= {"harbour", "a"}


def test_paths_of_two_steps(path: Path) -> None:
    found = related(path, "memo", by=["words", "next"], hops=2)
    assert set(found) == {"book#2", "book#1", "book#3"}
    (first, second) = found["book#3"].path
    assert (first.relation, first.id, second.relation, second.id) == (
        "words",
        "book#2",
        "next",
        "book#3",
    )
    assert found["book#3"].strength == pytest.approx(first.strength * second.strength)
    far = related(path, "book#0", by="next", hops=4, k=50)
    assert set(far) == {"book#1", "book#2", "book#3", "book#4"}


def test_the_strongest_path_counts(path: Path) -> None:
    one = related(path, "book#2", by=["next", "item"], hops=2)
    assert one["book#4"].path[-1].relation == "next"  # 0.6 x 0.6 is more than 0.3
    assert len(one["book#4"].path) == 2


def test_filters_hide_but_do_not_block(path: Path) -> None:
    found = related(path, "memo", by=["words", "next"], hops=2, where="project = 'apollo'")
    assert found == {}
    past = {"hops": 2, "by": ["duplicate", "value"], "where": "tags is null"}
    assert set(related(path, "look-b", **past)) == {"look-a", "look-c"}
    sounds = related(path, "photo-harbour-1", modality="audio", k=3)
    assert len(sounds) == 3 and all(one.hit.modality == "audio" for one in sounds.values())


def test_an_item_stands_for_all_its_segments(path: Path) -> None:
    found = related(path, "book", by=["words", "item"])
    assert set(found) == {"memo"}


def test_k_is_kept_and_hits_are_whole(path: Path) -> None:
    with opened(path) as col:
        found = col.related("memo", hops=2, k=5)
        assert len(found) == 5
        hit = next(one for one in col.related("memo", by="words")).hit
    assert (hit.item, hit.modality, hit.score, hit.confidence) == ("book", "document", None, None)
    assert hit.snippet == "recipe 2 of saffron cardamom"
    told = found[0].as_json()
    assert {"id", "item", "relation", "strength", "path"} <= told.keys()


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"hops": 0}, "hops is 0: 1 to 4"),
        ({"hops": 5}, "hops is 5: 1 to 4"),
        ({"by": "friend"}, "by is 'friend': there are next, item"),
        ({"k": 0}, "k is 0: give 1 or more"),
        ({"modality": "smell"}, "there are text, image"),
        ({"where": "nothing = 1"}, "nothing"),
        ({"params": {"a": 1}}, "params without where"),
    ],
)
def test_what_makes_no_sense_is_refused(path: Path, given: dict[str, object], fault: str) -> None:
    with opened(path) as col, pytest.raises(QueryError, match=fault):
        col.related("memo", **given)  # type: ignore[arg-type]


def test_hops_are_a_number(path: Path) -> None:
    with opened(path) as col, pytest.raises(TypeError, match="hops is '2'"):
        col.related("memo", hops="2")  # type: ignore[arg-type]


def test_unknown_ids_and_empty_collections(path: Path, tmp_path: Path) -> None:
    with opened(path) as col, pytest.raises(QueryError, match="id 'nobody' is not stored"):
        col.related("nobody")
    store(tmp_path / "c", themed(1))
    with opened(tmp_path / "c") as col:
        col.delete([one.id for one in themed(1)])
        with pytest.raises(QueryError, match="is not stored"):
            col.related("note-harbour-0")
        assert col.topics() == []
    with om.open(tmp_path / "none") as col, pytest.raises(CollectionNotFoundError):
        col.related("a")


def test_one_segment_is_related_to_nothing(tmp_path: Path) -> None:
    store(tmp_path / "c", themed(1)[:1])
    with opened(tmp_path / "c") as col:
        assert col.related("note-harbour-0", hops=3) == []
        assert col.topics() == []


def test_vectors_of_ones_own_are_related_too(tmp_path: Path) -> None:
    with om.open(tmp_path / "c", metric="l2") as col:
        col.add_vectors(["a", "b", "c"], [[1, 0, 0], [3, 1, 0], [0, 0, 5]])
        assert next(iter(col.related("a"))).hit.id == "b"
        col.add_vectors(["d"], [[2, 0.01, 0]])
        assert next(iter(col.related("a"))).hit.id == "d"
