"""What a reranker moves: its own hits, within the places that these had, and nothing else."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, cast
from weakref import WeakValueDictionary

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from omnisearch.query.answer import answer
from omnisearch.query.asked import Asked
from omnisearch.query.hits import Hits
from omnisearch.query.options import QueryOptions, Wish
from omnisearch.query.reranked import Rerank, Reranked, candidates
from omnisearch.records import Hit
from omnisearch.reranking.order import order
from omnisearch.reranking.question import Question
from omnisearch.reranking.rerankers import Rerankers, Task
from tests.query.world import CALIBRATOR, VOCABULARY, World, build, exact

Score = Callable[[Question, Sequence[Hit]], Sequence[float]]
WORLDS = 4


@pytest.fixture(scope="module")
def worlds() -> Iterator[list[World]]:
    with tempfile.TemporaryDirectory() as folder:
        sizes = zip(range(WORLDS), (0, 3, 25, 60), strict=True)
        made = [build(Path(folder) / str(one), random.Random(one), items) for one, items in sizes]
        yield made
        for world in made:
            world.handle.close()


def by_hash(question: Question, hits: Sequence[Hit]) -> Sequence[float]:
    """Give each hit a score that has nothing to do with how good it is."""
    del question
    return [random.Random(hit.id).random() for hit in hits]


def asked(world: World, seed: int, wanted: dict[str, Any]) -> Hits:
    """Ask as a collection does, and rerank where that is wanted."""
    rng = random.Random(seed)
    words = " ".join(rng.choices(VOCABULARY, k=2))
    what = Asked(np.array([exact(rng)], np.float32), np.ones(1, np.float32), "text", words)
    wish, rerankers = Wish.of(cast(QueryOptions, wanted)), Rerankers()

    def judge(hits: Hits) -> Any:
        assert wish.rerank is not None
        task = Task(wish.rerank, Question(words), (), pytest.fail, wish.rerank_deadline)
        return rerankers.judged(task, candidates(hits, lambda _: None), lambda: None)

    how = Rerank(judge, WeakValueDictionary[str, Reranked]())
    return answer(world.now, what, wish, CALIBRATOR, None, how if wish.rerank else None)


MIXED = st.fixed_dictionaries(
    {},
    optional={
        "modality": st.lists(st.sampled_from(["text", "image", "audio"]), min_size=1, unique=True),
        "where": st.just("price <= 2"),
        "min_confidence": st.sampled_from([0.1, 0.5]),
        "group_by": st.sampled_from(["item", "none"]),
        "collapse": st.sampled_from([True, 20]),
        "fuse": st.just("confidence"),
    },
)
OFTEN = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@OFTEN
@given(st.integers(0, WORLDS - 1), st.integers(0, 30), MIXED, st.sampled_from([1, 4, 50]))
def test_the_best_are_in_the_order_of_scores_and_the_others_in_theirs(
    worlds: list[World], which: int, seed: int, options: Any, depth: int
) -> None:
    world = worlds[which]
    before = asked(world, seed, {**options, "k": 1000})
    after = asked(world, seed, {**options, "k": 1000, "rerank": by_hash, "rerank_depth": depth})
    scores = {hit.id: random.Random(hit.id).random() for hit in before}
    best = sorted(before.ids[:depth], key=scores.__getitem__, reverse=True)
    assert after.ids == [*best, *before.ids[depth:]]
    sure = {hit.id: (hit.confidence, hit.score, hit.folded) for hit in before}
    for place, hit in enumerate(after):
        assert (hit.confidence, hit.score, hit.folded) == sure[hit.id]
        expected = pytest.approx(scores[hit.id]) if place < depth else None
        assert hit.reranked == expected


@OFTEN
@given(st.integers(1, WORLDS - 1), st.integers(0, 30), MIXED, st.integers(1, 9), st.booleans())
def test_pages_of_a_reranked_list_follow_each_other(
    worlds: list[World], which: int, seed: int, options: Any, size: int, diverse: bool
) -> None:
    world, how = worlds[which], {"rerank": by_hash, "rerank_depth": 7, "diverse": diverse}
    whole = asked(world, seed, {**options, **how, "k": 1000}).ids
    pages, page = list[str](), asked(world, seed, {**options, **how, "k": size})
    while page:
        pages += page.ids
        page = asked(world, seed, {**options, **how, "k": size, "cursor": page.cursor})
    assert pages == whole
    if not diverse:
        skipped = asked(world, seed, {**options, **how, "k": size, "offset": 3})
        assert skipped.ids == whole[3 : 3 + size]


def test_what_has_no_reranker_keeps_its_place(worlds: list[World]) -> None:
    world = worlds[3]
    before = asked(world, 1, {"k": 1000})
    for kinds in (["image"], ["text", "audio"]):
        after = asked(world, 1, {"k": 1000, "rerank": dict.fromkeys(kinds, by_hash)})
        for old, new in zip(before, after, strict=True):
            assert (old.modality in kinds) == (new.modality in kinds)
            if old.modality not in kinds:
                assert old.id == new.id
        mine = [hit.reranked for hit in list(after)[:50] if hit.modality in kinds]
        assert len(mine) > 2 and mine == sorted(mine, reverse=True)  # type: ignore[type-var]


def test_two_rerankers_do_not_compete() -> None:
    scores = np.array([0.1, 100.0, 0.9, np.nan, 300.0, 0.5])
    groups = [np.array([0, 2, 5]), np.array([1, 3, 4])]
    assert order(scores, groups).tolist() == [2, 4, 5, 3, 1, 0]
    assert order(np.zeros(4), [np.arange(4)]).tolist() == [0, 1, 2, 3]  # equal ones stay
    assert order(np.zeros(0), []).tolist() == []


def test_a_page_behind_the_depth_asks_no_reranker(worlds: list[World]) -> None:
    def never(question: Question, hits: Sequence[Hit]) -> Sequence[float]:
        raise AssertionError("it was asked")

    wanted = {"rerank": never, "rerank_depth": 3, "k": 4, "offset": 3}
    found = asked(worlds[3], 1, wanted)
    assert found.ids == asked(worlds[3], 1, {"k": 4, "offset": 3}).ids
    assert asked(worlds[0], 1, {"rerank": never}).ids == []
