"""Confidences rise with the score, are fair to modalities and do not depend on how rows came."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omnisearch.encoder.calibration.background import Background, measure, measure_series
from omnisearch.encoder.calibration.calibrator import Calibrator, questions
from omnisearch.encoder.calibration.crowd import Crowd
from omnisearch.encoder.calibration.prior import Prior
from omnisearch.encoder.calibration.sample import Sample
from omnisearch.encoder.parts import MODALITIES, Modality
from omnisearch.records import View
from tests.encoder.worlds import (
    DIM,
    Floats,
    asked,
    calibrator,
    record,
    sampled,
    shown,
    things,
    unit,
    view,
)

THINGS = things(300)
WORLD: dict[Modality, Floats] = {kind: shown(kind, THINGS) for kind in ("text", "image", "audio")}
LEARNT = calibrator(WORLD)
UNSEEN = Calibrator(Prior.load(record()))

views = st.sampled_from(["content", "words"])
modalities = st.sampled_from(MODALITIES)
cosines = st.floats(-1, 1, width=32)


@given(
    query=modalities,
    target=modalities,
    view=views,
    scores=st.lists(cosines, min_size=1, max_size=30),
    learnt=st.booleans(),
)
def test_rises_with_the_score_from_0_to_1(
    query: Modality, target: Modality, view: View, scores: list[float], learnt: bool
) -> None:
    given_ = np.sort(np.array(scores, np.float32))
    here = LEARNT if learnt else UNSEEN
    odds = here.adjust(query, [target] * len(given_), view, given_)
    said = here.confidence(query, [target] * len(given_), view, given_)
    assert odds.dtype == said.dtype == np.float32
    assert np.isfinite(odds).all()
    assert (np.diff(odds) >= 0).all() and (np.diff(said) >= 0).all()
    assert ((said >= 0) & (said <= 1)).all()
    clear = np.diff(given_) > 1e-4
    assert (np.diff(odds)[clear] > 0).all()


@given(st.lists(st.tuples(modalities, cosines), min_size=1, max_size=20), st.randoms())
def test_each_hit_is_judged_by_itself(hits: list[tuple[Modality, float]], random: object) -> None:
    order = np.random.default_rng(len(hits)).permutation(len(hits))
    names, scores = [kind for kind, _ in hits], np.array([x for _, x in hits], np.float32)
    said = LEARNT.confidence("text", names, "content", scores)
    mixed = LEARNT.confidence("text", [names[at] for at in order], "content", scores[order])
    np.testing.assert_array_equal(said[order], mixed)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), parts=st.integers(1, 7))
def test_neither_order_nor_batches_nor_repetition_change_anything(seed: int, parts: int) -> None:
    random = np.random.default_rng(seed)
    samples = sampled({})
    for kind, rows in WORLD.items():
        sample = Sample(DIM, size=2048)
        for some in np.array_split(random.permutation(len(rows)), parts):
            sample.add(rows[some])
        sample.add(rows[:5])
        samples[kind, view(kind)] = sample
    words = asked(things(240, seed=99), seed=99)
    again = Calibrator(Prior.load(record())).refine(samples, words)
    assert again.save() == LEARNT.save()


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(1, 10_000))
def test_a_tenth_more_rows_changes_little(seed: int) -> None:
    more: dict[Modality, Floats] = {
        kind: np.concatenate([rows, shown(kind, things(30, seed), seed)])
        for kind, rows in WORLD.items()
    }
    grown, scores = calibrator(more), np.linspace(-0.2, 0.9, 50, dtype=np.float32)
    for kind in WORLD:
        old, new = (
            one.confidence("text", [kind] * 50, view(kind), scores) for one in (LEARNT, grown)
        )
        assert np.abs(old - new).max() < 0.05  # a tenth more wrong rows is worth 0.03


def first_kinds(odds: Floats, kinds: list[Modality]) -> dict[str, float]:
    top = np.array(kinds)[np.argsort(-odds, axis=1)[:, :6]]
    return {kind: float((top == kind).mean()) for kind in WORLD}


def test_a_list_over_all_modalities_is_fair_and_finds_more() -> None:
    kinds: list[Modality] = [kind for kind in WORLD for _ in range(300)]
    rows, ask = np.concatenate([*WORLD.values()]), asked(THINGS)
    scores = ask @ rows.T
    odds = np.concatenate(
        [
            LEARNT.adjust("text", [kind] * 300 * 300, view(kind), part.ravel()).reshape(300, 300)
            for kind, part in zip(WORLD, np.split(scores, 3, axis=1), strict=True)
        ],
        axis=1,
    )
    before, after = first_kinds(scores, kinds), first_kinds(odds, kinds)
    assert max(before.values()) > 0.55
    assert all(abs(share - 1 / 3) < 0.1 for share in after.values())
    for place, kind in enumerate(WORLD):
        own = np.arange(300) + 300 * place
        found = [
            float((x.argsort(axis=1)[:, -6:] == own[:, None]).any(axis=1).mean())
            for x in (scores, odds)
        ]
        if kind != "text":
            assert found[1] > found[0]


def test_in_a_smaller_collection_the_same_cosine_is_surer() -> None:
    few = calibrator({kind: rows[:60] for kind, rows in WORLD.items()})
    cosine = np.array([0.55], np.float32)
    for kind in WORLD:
        sure = [one.confidence("text", [kind], view(kind), cosine)[0] for one in (few, LEARNT)]
        assert sure[0] > sure[1]


def test_what_ships_counts_less_the_more_rows_there_are() -> None:
    prior = Prior.load(record())
    words = asked(things(240, seed=99), seed=99)
    ships = prior.backgrounds["text", "audio"].middle
    away = [
        abs(
            Calibrator(prior)
            .refine(sampled({"audio": WORLD["audio"][:rows]}), words)
            .backgrounds["text", "audio", "content"]
            .middle
            - ships
        )
        for rows in (1, 10, 100)
    ]
    assert 0 < away[0] < away[1] < away[2]


def test_an_encoder_without_a_prior_learns_from_the_collection() -> None:
    prior = Prior.load(record()).foreign()
    words = asked(things(240, seed=99), seed=99)
    foreign = Calibrator(prior).refine(sampled(WORLD), words)
    scores = np.array([0.0, 0.7], np.float32)
    low, high = foreign.confidence("text", ["image", "image"], "content", scores)
    assert low < 0.01 and high > 0.4
    assert Calibrator(prior).confidence("audio", ["video"], "content", scores[:1]) < 0.05


def test_what_people_say_is_compared_as_text() -> None:
    spoken = {("audio", "words"): Sample(DIM)}
    cosine = np.array([0.4], np.float32)
    spoken["audio", "words"].add(WORLD["text"])
    words = asked(things(240, seed=99), seed=99)
    heard = Calibrator(Prior.load(record())).refine(spoken, words)  # type: ignore[arg-type]
    read = Calibrator(Prior.load(record())).refine(sampled({"text": WORLD["text"]}), words)
    assert heard.confidence("text", ["audio"], "words", cosine) == read.confidence(
        "text", ["text"], "words", cosine
    )


def test_rows_near_to_every_question_are_pushed_back() -> None:
    words = asked(things(240, seed=99), seed=99)
    hub = unit(words.mean(axis=0, keepdims=True))
    rows = np.concatenate([WORLD["image"], hub])
    crowded = calibrator({"image": rows})
    taken = crowded.crowding("text", ["image"] * 301, "content", rows)
    assert taken.argmax() == 300 and taken[300] > 0.02
    assert abs(float(taken.mean())) < 1e-3
    assert not crowded.crowding("image", ["image"] * 301, "content", rows).any()
    assert not crowded.crowding("text", ["video"] * 301, "content", rows).any()
    assert not UNSEEN.crowding("text", ["image"] * 301, "content", rows).any()


def test_a_crowd_takes_nothing_from_what_it_never_saw() -> None:
    empty = Crowd(np.zeros((3, DIM), np.float32), {})
    assert empty.excess(("image", "content"), WORLD["image"]).tolist() == [0] * 300


def test_as_many_modalities_as_scores() -> None:
    with pytest.raises(ValueError, match="2 modalities for 1 scores"):
        LEARNT.adjust("text", ["image", "audio"], "content", np.zeros(1, np.float32))


def test_an_empty_list_is_an_empty_list() -> None:
    assert LEARNT.confidence("text", [], "content", np.zeros(0, np.float32)).shape == (0,)


def test_an_empty_collection_keeps_what_ships() -> None:
    words = asked(things(240, seed=99), seed=99)
    samples = {("image", "content"): Sample(DIM)}
    found = UNSEEN.refine(samples, words)  # type: ignore[arg-type]
    assert found.backgrounds == {} and found.rows == {}


def test_questions_are_many_different_and_of_every_kind() -> None:
    assert len(questions()) == len(set(questions())) == 240
    assert all(question.strip() == question and question for question in questions())


@pytest.mark.parametrize(("way", "width"), [(measure, 2.326), (measure_series, 2.563)])
def test_blind_pairs_give_median_and_width(
    way: Callable[[np.ndarray], Background | None], width: float
) -> None:
    found = way(np.random.default_rng(0).normal(0.1, 0.05, size=(200, 500)))
    assert found is not None
    assert found.middle == pytest.approx(0.1, abs=0.002)
    assert found.width == pytest.approx(width * 0.05, abs=0.003)


def test_a_few_right_pairs_do_not_move_the_background() -> None:
    random = np.random.default_rng(0)
    wrong = random.normal(0.1, 0.05, size=(200, 500))
    some = wrong.copy()
    some[:, :2] = random.uniform(0.5, 0.9, size=(200, 2))  # 0.4 % are right
    clean, mixed = measure(wrong), measure(some)
    assert clean is not None and mixed is not None
    assert mixed.rarity(np.array([0.5])) == pytest.approx(clean.rarity(np.array([0.5])), rel=0.1)


def test_many_right_pairs_move_the_background_of_a_series_little() -> None:
    random = np.random.default_rng(0)
    wrong = random.normal(0.1, 0.05, size=(200, 500))
    some = wrong.copy()
    some[:, :20] = random.uniform(0.5, 0.9, size=(200, 20))  # 4 % are right
    clean, mixed, naive = measure_series(wrong), measure_series(some), measure(some)
    assert clean is not None and mixed is not None and naive is not None
    assert mixed.rarity(np.array([0.3])) == pytest.approx(clean.rarity(np.array([0.3])), rel=0.15)
    assert naive.rarity(np.array([0.3])) < 0.5 * clean.rarity(np.array([0.3]))


@pytest.mark.parametrize("way", [measure, measure_series])
def test_a_row_is_no_wrong_answer_to_itself(
    way: Callable[[np.ndarray], Background | None],
) -> None:
    alone = unit(np.ones((1, DIM)))
    assert way(alone @ alone.T) is None


def test_equal_rows_have_a_width_all_the_same() -> None:
    assert measure(np.full((10, 10), 0.5)) == Background(0.5, 1e-3)
    assert measure_series(np.full((10, 10), 0.5)) == Background(0.5, 1e-3)


def test_rarity_is_minus_log_of_the_share_that_is_nearer() -> None:
    found = Background.normal(0.0, 1 / 2.56).rarity(np.array([0.0, 0.5, 1.0, 1.46]))
    np.testing.assert_allclose(np.exp(-found), [0.5, 0.1, 0.01, 0.001], rtol=1e-6)
