import io
from typing import cast

import numpy as np
import pytest
from PIL import Image

from omnisearch.training.data import pages
from omnisearch.training.data.concepts import Concepts
from omnisearch.training.data.documents import Topic, short, topics, wrapped
from omnisearch.training.data.layouts import LAYOUTS
from omnisearch.training.data.made import seeded
from omnisearch.training.data.paper import Fonts
from omnisearch.training.data.splits import split_of
from omnisearch.training.data.wordnet import Synset
from tests.training.shapes import made

KINDS = tuple((f"kind{letter}", f"a boat with {letter} masts") for letter in "abcdefgh")
BOAT = Topic("boat", "boat", "a small vessel for travel on water", KINDS)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_writes_its_topic_and_keeps_the_words(layout: str) -> None:
    paper = LAYOUTS[layout][0](BOAT, Fonts(), seeded(0))
    words = paper.text().lower()
    assert "boat" in words and len(words.split()) >= 6
    ink = np.asarray(paper.image.convert("L")).astype(int)
    assert (np.abs(ink - np.median(ink)) > 60).mean() > 0.005


def test_layouts_look_different() -> None:
    first = {
        name: np.asarray(make(BOAT, Fonts(), seeded(0)).picture(64, seeded(9)).convert("L"))
        for name, (make, _) in LAYOUTS.items()
    }
    names = list(first)
    for number, name in enumerate(names):
        for other in names[:number]:
            assert np.abs(first[name].astype(int) - first[other]).mean() > 2, (name, other)


def test_a_topic_has_several_layouts_and_queries_name_them() -> None:
    rows = made(pages.pages([BOAT], Fonts(), 0))
    assert len({row["layout"] for row in rows}) == pages.EACH == len(rows)
    for row in rows:
        assert Image.open(io.BytesIO(row["image"])).size == (256, 256)
        assert row["split"] == split_of("boat") and row["kind"] == "page"
        assert all("about boats" in query for query in row["queries_layout"])
        asked = row["queries_words"][0]
        assert asked in row["words"] or set(asked.split()) <= set(row["words"].split())
    assert len({row["queries_layout"][0] for row in rows}) == pages.EACH


def test_pages_depend_on_the_seed_alone() -> None:
    first, again, other = (made(pages.pages([BOAT], Fonts(), seed)) for seed in (0, 0, 1))
    assert first == again
    assert first != other


def test_words_on_a_chart_are_its_labels() -> None:
    paper = LAYOUTS["pie chart"][0](BOAT, Fonts(), seeded(2))
    shares = [int(word) for word in paper.text().split() if word.isdigit()]
    assert 94 <= sum(shares) <= 100


def test_lines_are_broken_between_words() -> None:
    assert wrapped("aa bb cc", 5) == ["aa bb", "cc"]
    assert wrapped("", 5) == []
    assert short("one two three", 9) == "one two"


def test_topics_are_nouns_with_four_kinds() -> None:
    class Small:
        def synsets(self, part: str = "n") -> list[Synset]:
            boat = Synset("n", 1, ("boat",), "a boat, boat", (9,))
            boats = [Synset("n", n, (f"k{n}",), f"boat {n}; x", (1,)) for n in (2, 3, 4, 5)]
            return [boat, *boats, Synset("n", 6, ("car",), "a boat", (9,))]

        def senses(self, lemma: str, part: str = "n") -> tuple[int, ...]:
            return (1,) if lemma == "boat" else (6,)

    class Named:
        wordnet = Small()

        def of(self, title: str) -> str:
            return title

    found = topics(cast(Concepts, Named()), 0, 9)
    assert [topic.name for topic in found] == ["boat"]
    assert found[0].kinds[0] == ("k2", "boat 2")
