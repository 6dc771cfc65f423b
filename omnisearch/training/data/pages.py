"""Made pages: a topic in several layouts, so that only a look at the page tells them apart."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping

import numpy as np

from omnisearch.training.data import tables
from omnisearch.training.data.concepts import Concepts
from omnisearch.training.data.documents import Topic, short, topics
from omnisearch.training.data.layouts import LAYOUTS
from omnisearch.training.data.made import LICENCE, declare, distinct, once, pick, seeded
from omnisearch.training.data.paper import Fonts, font_packages
from omnisearch.training.data.splits import split_of
from omnisearch.training.data.wording import plural
from omnisearch.training.lab import Lab, Options

STEM = "pages-made"
TOPICS, EACH, SIDE = 1040, 5, 256


def build(lab: Lab, options: Options) -> Mapping[str, object]:
    """Write the pages."""

    def rows() -> Iterator[tables.Row]:
        found = topics(Concepts.load(lab), options.seed, TOPICS)
        return pages(found, Fonts.load(lab), options.seed)

    count = once(lab, STEM, tables.PAGES, TOPICS * EACH, rows)
    used = [("debian", "wordnet-base"), *font_packages()]
    declare(lab, STEM, used, "typeset here from the glosses of WordNet 3.0")
    return {"pages": count}


def pages(found: list[Topic], fonts: Fonts, seed: int, each: int = EACH) -> Iterator[tables.Row]:
    """Yield each topic in several layouts."""
    for number, topic in enumerate(found):
        rng = seeded(seed, "page", topic.name)
        names = [str(name) for name in rng.permutation(list(LAYOUTS))[:each]]
        for name in names:
            yield _row(f"page/{number:04d}/{name.replace(' ', '-')}", topic, name, fonts, rng)


def _row(
    row_id: str, topic: Topic, layout: str, fonts: Fonts, rng: np.random.Generator
) -> tables.Row:
    make, called = LAYOUTS[layout]
    paper = make(topic, fonts, rng)
    stream, about = io.BytesIO(), plural(topic.name)
    paper.picture(SIDE, rng).save(stream, "PNG", compress_level=1)
    named = [f"{words} about {about}" for words in called]
    words = paper.text()
    return {
        "id": row_id,
        "concept": topic.concept,
        "kind": "page",
        "source": "page",
        "title": f"{topic.name}, {layout}",
        "captions": distinct([f"{pick(rng, called)} about {about}", *named]),
        "image": stream.getvalue(),
        "split": split_of(topic.concept),
        "licence": LICENCE,
        "attributes": "",
        "style": None,
        "words": words,
        "layout": layout,
        "queries_layout": named,
        "queries_words": _asked(topic, words, rng),
    }


def _asked(topic: Topic, words: str, rng: np.random.Generator) -> list[str]:
    """Ask for what stands there: the meaning, the topic with a kind, a few words in a row."""
    there = words.split()
    start = int(rng.integers(0, max(1, len(there) - 6)))
    kinds = [name for name, _ in topic.kinds if name in words]
    asked = [" ".join(there[start : start + 6])]
    if short(topic.meaning, 30) in words:
        asked.append(f"{topic.name}: {topic.meaning}")
    if kinds:
        asked.append(f"{topic.name} {pick(rng, kinds)}")
    return distinct(asked)
