"""What a collection is about."""

from pathlib import Path

import pytest

from omnisearch.errors import QueryError
from tests.relations.world import THEMES, One, opened, store, themed


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("topics") / "c"
    extra = [One(f"more-harbour-{n}", "harbour", said=f"harbour ship {n}") for n in range(4)]
    store(found, [*themed(8), *extra])
    return found


def test_topics_are_the_themes_with_words_sizes_and_examples(path: Path) -> None:
    with opened(path) as col:
        found = col.topics()
    assert len(found) == 3 and [one.number for one in found] == [1, 2, 3]
    assert found[0].label[0] == "harbour" and found[0].segments == 28
    assert {one.label[0] for one in found} == set(THEMES)
    assert sum(one.segments for one in found) == 76
    for one in found:
        theme = one.label[0]
        assert one.items == one.segments == sum(one.modalities.values())
        assert f"{theme}master" in one.label and "the" not in one.label
        assert {hit.modality for hit in one.examples} == {"text", "image", "audio"}
        assert all(theme in hit.id for hit in one.examples)
        assert one.as_json()["label"] == list(one.label)


def test_k_takes_the_largest(path: Path) -> None:
    with opened(path) as col:
        whole, first = col.topics(), col.topics(k=1)
    assert first == whole[:1]


def test_topics_of_what_passes(path: Path) -> None:
    with opened(path) as col:
        found = col.topics(modality=["image", "audio"])
        assert len(found) == 3
        assert all(one.label == () for one in found)  # nothing is said in them
        assert {name for one in found for name in one.modalities} == {"image", "audio"}
        with pytest.raises(QueryError, match="k is 0"):
            col.topics(k=0)


def test_the_same_collection_has_the_same_topics(path: Path) -> None:
    with opened(path) as col:
        first = col.topics()
    with opened(path) as col:
        assert col.topics() == first


def test_items_hold_together(tmp_path: Path) -> None:
    book = [
        One(f"book#{n}", THEMES[n % 3], "document", "book", f"chapter {n} of a tale")
        for n in range(40)
    ]
    store(tmp_path / "c", book)
    with opened(tmp_path / "c") as col:
        (only, *rest) = col.topics()
    assert only.items == 1 and only.segments + sum(one.segments for one in rest) <= 40
    assert "chapter" in only.label or "tale" in only.label or rest
