"""Exactly k answers, those of the oracle and in its order, under every mixture of options."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from omnisearch.query.answer import answer
from omnisearch.query.asked import Asked
from omnisearch.query.hits import Hits
from omnisearch.query.options import QueryOptions, Wish
from omnisearch.query.preferring import Favour
from omnisearch.records import Modality
from tests.query import oracle
from tests.query.world import (
    CALIBRATOR,
    DAY,
    DIM,
    MODALITIES,
    VOCABULARY,
    Segment,
    Vector,
    World,
    build,
    empty,
    exact,
)

WORLDS = 12


@pytest.fixture(scope="module")
def worlds() -> Iterator[list[World]]:
    """Collections of 0 to 60 items, of which some are sealed, compacted, deleted or missing."""
    with tempfile.TemporaryDirectory() as folder:
        made = [
            build(Path(folder) / str(seed), random.Random(seed), items)
            for seed, items in zip(range(WORLDS), (0, 1, 3, *[25] * 5, *[60] * 4), strict=True)
        ]
        yield made
        for world in made:
            world.handle.close()


def options() -> st.SearchStrategy[QueryOptions]:
    """Draw any mixture of options that the oracle knows."""
    return st.fixed_dictionaries(  # type: ignore[return-value]
        {},
        optional={
            "k": st.sampled_from([1, 2, 5, 10, 1000]),
            "modality": st.lists(st.sampled_from(MODALITIES), min_size=1, unique=True),
            "where": st.just("price <= 2"),
            "path": st.sampled_from(["photos", "notes", ["photos/2024", "notes"]]),
            "after": st.sampled_from(["1970-01-02", "1970-01-04"]),
            "before": st.sampled_from(["1970-01-05", "1970-01-06"]),
            "min_confidence": st.sampled_from([0.1, 0.5, 0.9]),
            "min_score": st.sampled_from([-0.3, 0.2, 0.6]),
            "group_by": st.sampled_from(["item", "none"]),
            "collapse": st.sampled_from([False, True, 0, 20]),
            "offset": st.sampled_from([0, 1, 7]),
        },
    )


@dataclass(frozen=True)
class Drawn:
    """A question to one of the worlds."""

    world: int
    seed: int
    mode: str
    modality: Modality
    words: str
    wanted: QueryOptions

    def asked(self, vectors: int = 1, *, windows: bool = False) -> Asked:
        rng = random.Random(self.seed)
        left_out = frozenset({f"item{rng.randint(0, 9)}"} if rng.random() < 0.3 else ())
        count = 0 if self.mode == "words" else vectors
        some = np.array([exact(rng) for _ in range(count)], np.float32).reshape(count, DIM)
        said = None if self.mode == "vector" else self.words
        joint = self.modality != "text" and self.seed % 2 == 1
        ones = np.ones(count, np.float32)
        windows = windows and len(some) > 1
        return Asked(some, ones, self.modality, said, left_out, windows=windows, joint=joint)

    def wish(self, **more: Any) -> Wish:
        return Wish.of({**self.wanted, "recall": 1.0, **more})  # type: ignore[typeddict-item]


QUESTIONS = st.builds(
    Drawn,
    st.integers(0, WORLDS - 1),
    st.integers(0, 1 << 16),
    st.sampled_from(["hybrid", "vector", "words"]),
    st.sampled_from(["text", "image"]),
    st.sampled_from([*VOCABULARY, "red dog", '"dog beach"', '"red" night', "unsaid"]),
    options(),
)
SETTINGS = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def told(hits: Hits) -> list[tuple[str, float]]:
    return [(hit.id, round(hit.confidence or 0, 5)) for hit in hits]


@given(QUESTIONS)
@SETTINGS
def test_answers_are_those_of_the_oracle(worlds: list[World], drawn: Drawn) -> None:
    world, question, wish = worlds[drawn.world], drawn.asked(), drawn.wish()
    expected = oracle.answers(world, question, wish)
    found = answer(world.now, question, wish, CALIBRATOR)
    assert found.ids == [one.id for one in expected]
    sure = [1 / (1 + np.exp(-one.odds)) for one in expected]
    assert [hit.confidence for hit in found] == pytest.approx(sure, rel=1e-5)


@given(
    QUESTIONS,
    st.lists(st.sampled_from(["where", "path", "modality", "after"]), min_size=1, unique=True),
    st.integers(1, 3),
)
@SETTINGS
def test_what_is_preferred_is_where_the_oracle_has_it(
    worlds: list[World], drawn: Drawn, preferred: list[str], vectors: int
) -> None:
    passing = {"where": "price <= 2", "path": "notes", "modality": "image", "after": "1970-01-04"}
    favours = tuple(Favour({name: passing[name]}, 0.5 + at) for at, name in enumerate(preferred))
    world, question = worlds[drawn.world], drawn.asked(vectors, windows=True)
    wish = replace(drawn.wish(), favours=favours)
    if question.windows:
        wish = replace(wish, min_score=None)
    expected = oracle.answers(world, question, wish)
    found = answer(world.now, question, wish, CALIBRATOR)
    assert found.ids == [one.id for one in expected]
    sure = [1 / (1 + np.exp(-one.odds)) for one in expected]
    assert [hit.confidence for hit in found] == pytest.approx(sure, rel=1e-4)


@given(QUESTIONS, st.integers(2, 4))
@SETTINGS
def test_windows_find_what_the_oracle_does(worlds: list[World], drawn: Drawn, vectors: int) -> None:
    world, question = worlds[drawn.world], drawn.asked(vectors, windows=True)
    wish = drawn.wish(min_score=None)
    expected = oracle.answers(world, question, wish)
    found = answer(world.now, question, wish, CALIBRATOR)
    assert [one.id for one in expected] == found.ids
    sure = [1 / (1 + np.exp(-one.odds)) for one in expected]
    assert [hit.confidence for hit in found] == pytest.approx(sure, rel=1e-4)


@given(
    QUESTIONS,
    st.sampled_from(["rrf", "confidence"]),
    st.sampled_from([(1, False), (2, False), (3, True)]),
)
@SETTINGS
def test_pages_follow_each_other(
    worlds: list[World], drawn: Drawn, fuse: str, vectors: tuple[int, bool]
) -> None:
    """Pages of three, by cursor, are the whole list; asking again gives the same."""
    count, windows = vectors
    now, question = worlds[drawn.world].now, drawn.asked(count, windows=windows)
    fused: dict[str, Any] = {"fuse": fuse, "offset": 0}
    if fuse == "rrf":
        fused["min_confidence"] = None
    everything = drawn.wish(**fused, k=1000)
    whole = told(answer(now, question, everything, CALIBRATOR))
    assert whole == told(answer(now, question, everything, CALIBRATOR))
    paged: list[tuple[str, float]] = []
    page = answer(now, question, drawn.wish(**fused, k=3), CALIBRATOR)
    while page.cursor is not None:
        paged += told(page)
        page = answer(now, question, drawn.wish(**fused, k=3, cursor=page.cursor), CALIBRATOR)
    assert paged == whole


@given(QUESTIONS, st.sampled_from(["rrf", "confidence"]), st.integers(1, 3))
@SETTINGS
def test_exactly_k_however_lists_are_brought_together(
    worlds: list[World], drawn: Drawn, fuse: str, vectors: int
) -> None:
    world = worlds[drawn.world]
    # neither how sure or near a hit is nor what repeats what is the same where the order is not
    wish = drawn.wish(fuse=fuse, min_confidence=None, min_score=None, collapse=False)
    found = answer(world.now, drawn.asked(vectors), wish, CALIBRATOR)
    expected = oracle.answers(world, drawn.asked(), wish)
    assert len(found) == len(set(found.ids)) == len(expected)


@given(QUESTIONS)
@SETTINGS
def test_nothing_is_surer_than_what_stands_above_it(worlds: list[World], drawn: Drawn) -> None:
    now, question = worlds[drawn.world].now, drawn.asked()
    whole = told(answer(now, question, drawn.wish(offset=0, k=1000), CALIBRATOR))
    assert [sure for _, sure in whole] == sorted((sure for _, sure in whole), reverse=True)
    assert told(answer(now, question, drawn.wish(offset=0, k=4), CALIBRATOR)) == whole[:4]


def test_what_is_long_leaves_room_for_others(tmp_path: Path) -> None:
    """Of two windows each finds more of one item than is looked at first."""
    world = empty(tmp_path / "long")
    first, other = np.array([[0.5] * 4 + [0] * 4, [0] * 4 + [0.5] * 4], np.float32)
    both = [first, other] * 60
    world.write([passage("long", number, near) for number, near in enumerate(both)])
    for number in range(8):
        far = exact(random.Random(number))
        world.write([passage(f"short{number}", 0, far)])
    question = Asked(np.stack([first, other]), np.ones(2, np.float32), "text", None, windows=True)
    whole = [one.id for one in oracle.answers(world, question, Wish(k=9))]
    assert len(whole) == 9
    for wanted in ({}, {"min_confidence": 1e-9}, {"min_confidence": 1e-9, "recall": 1.0}):
        for k in (1, 2, 3, 5, 9):
            wish = Wish.of({**wanted, "k": k})  # type: ignore[typeddict-item]
            assert answer(world.now, question, wish, CALIBRATOR).ids == whole[:k]
    world.handle.close()


def test_preferred_items_come_first_however_many_rows_each_has(tmp_path: Path) -> None:
    """The rows of one item alone are more than the answers that are asked for."""
    world = empty(tmp_path / "preferred")
    asks = np.array([[0.5] * 4 + [0] * 4], np.float32)
    half = np.array([0.5, 0.5, 0, 0, 0.5, 0.5, 0, 0], np.float32)
    for item in range(6):
        world.write([passage(f"old{item}", number, half) for number in range(12)])
    for item in range(40):
        world.write([replace(passage(f"new{item}", 0, asks[0]), price=4)])
    question = Asked(asks, np.ones(1, np.float32), "text", None)
    favours = (Favour({"where": "price <= 2"}, 20.0),)
    every = replace(Wish.of({"k": 46, "recall": 1.0}), favours=favours)
    whole = [one.id for one in oracle.answers(world, question, every)]
    assert [one[:3] for one in whole] == ["old"] * 6 + ["new"] * 40
    for k in (1, 2, 4, 7, 46):
        for recall in (None, 1.0):
            wish = replace(Wish.of({"k": k, "recall": recall}), favours=favours)
            assert answer(world.now, question, wish, CALIBRATOR).ids == whole[:k]
    world.handle.close()


def passage(item: str, number: int, near: Vector) -> Segment:
    return Segment(
        f"{item}#{number:03d}", item, "text", None, near, "dog", 1, f"notes/{item}.txt", DAY, None
    )


def test_days_are_counted_from_the_same_moment() -> None:
    assert Wish.of({"after": "1970-01-02"}).after == DAY
