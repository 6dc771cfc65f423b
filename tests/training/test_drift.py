from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch")
import torch

from omnisearch.training import measures
from omnisearch.training.drift import geometry
from omnisearch.training.fusion import grams
from omnisearch.training.fusion.arithmetic import Method, Settings, fuse
from omnisearch.training.lessons.pairs import Side
from omnisearch.training.lessons.twins import Twin
from omnisearch.training.recovery import rehearsal
from tests.training import toy

METHODS: tuple[Method, Method] = ("average", "regmean")


def test_a_copied_projector_is_right_before_the_first_layer_only(world: toy.Decoupled) -> None:
    side, rows = world.test["audio"].candidate, np.arange(150)
    found = geometry.layer_drift(world.experts["audio"], world.model, side, rows)
    assert len(found) == toy.SIZES.layers + 1
    assert found[0] < 1e-6 and all(layer > 1e-3 for layer in found[1:])
    assert found[-1] > found[1]
    same = geometry.layer_drift(world.model, world.model, side, rows)
    assert max(same) < 1e-6


def test_surgery_is_the_mean_absolute_difference() -> None:
    assert geometry.surgery(np.array([[1.0, 2.0]]), np.array([[0.0, 4.0]])) == 1.5


def test_task_vectors_are_told_for_each_part(world: toy.Decoupled) -> None:
    base = world.base.tensors()
    moved = {**base, "backbone.encoder.layer.2.output.dense.bias": torch.full((48,), 2.0)}
    found = geometry.task_vectors(base, {"a": moved, "b": base})
    norms = {part: one["norms"]["a"] for part, one in found.items()}  # type: ignore[index]
    touched = {part for part, norm in norms.items() if norm > 0}
    assert touched == {"all", "backbone.encoder.layer.2"}
    assert {"backbone.embeddings", "projector.audio", "projector.visual"} <= norms.keys()


def test_a_ridge_map_finds_a_linear_one() -> None:
    drawn = np.random.default_rng(0)
    x, weight = drawn.normal(size=(200, 4)), drawn.normal(size=(4, 3))
    y = x @ weight + np.array([1.0, 0.0, -1.0])
    found = geometry.ridge(x, y, 1e-9)
    assert np.allclose(found.weight, weight, atol=1e-5)
    assert np.allclose(found.bias, [1.0, 0.0, -1.0], atol=1e-5)
    assert np.allclose(np.linalg.norm(found(x), axis=1), 1.0)
    assert np.abs(geometry.ridge(x, y, 1e6).weight).max() < 1e-4


def test_a_ridge_map_to_the_expert_recovers_some(world: toy.Decoupled) -> None:
    train, test = world.train["audio"], world.test["audio"]
    source, theirs = (m.encode(train.candidate) for m in (world.model, world.experts["audio"]))
    mapped = geometry.ridge(source, theirs, 1e-3)(world.model.encode(test.candidate))
    query = world.model.encode(test.query, test.wanted())
    before = measures.measure(world.model, test)
    assert measures.of_vectors(query, mapped, test)["mrr"] > before["mrr"]


def test_measures_tell_chance_and_error(world: toy.Decoupled) -> None:
    found = measures.measure(world.experts["audio"], world.test["audio"])
    assert (found["queries"], found["gallery"]) == (64, 192)
    # three of 192 are right
    assert found["r1_chance"] == pytest.approx(100 * 3 / 192, abs=0.01)
    hits = np.array(found["ranks"]) <= 1
    assert found["r1"] == pytest.approx(100 * hits.mean(), abs=0.01)
    assert found["r1_error"] == pytest.approx(100 * hits.std(ddof=1) / 8, abs=0.01)
    assert "ranks" not in measures.without_ranks(found)


def test_regmean_uses_what_each_specialist_sees(world: toy.Decoupled) -> None:
    kinds = ("image", "audio")
    inputs = {kind: grams.collect(world.experts[kind], world.train[kind], 24) for kind in kinds}
    key = "backbone.encoder.layer.0.attention.self.query.weight"
    assert inputs["image"][key].shape == (48, 48)
    assert torch.linalg.eigvalsh(inputs["image"][key]).min() > -1e-2
    layers = {k: x for k, x in world.base.tensors().items() if k.startswith("backbone.encoder.")}
    own = {kind: {k: world.experts[kind].tensors()[k] for k in layers} for kind in kinds}
    plan = Settings(grams=inputs, shrink=1.0)
    average, regmean = (fuse(layers, own, method, None, plan).tensors for method in METHODS)

    def misses(fused: Mapping[str, torch.Tensor]) -> float:
        moved = [(fused[key] - own[kind][key], inputs[kind][key]) for kind in kinds]
        return sum(float((change @ gram @ change.T).trace()) for change, gram in moved)

    assert 0 < misses(regmean) < 0.9 * misses(average)


def test_batches_are_balanced_and_never_repeat_a_concept(world: toy.Decoupled) -> None:
    mix = rehearsal.Mix(world.train, 24, seed=0)
    batch = mix.draw(0)
    assert {name: len(rows) for name, rows in batch.items()} == {
        "text": 24,
        "image": 24,
        "audio": 24,
    }
    for name, rows in batch.items():
        concepts = [world.train[name].concepts[row] for row in rows]
        assert len(set(concepts)) == 24


def test_equal_negatives_are_equal(world: toy.Decoupled) -> None:
    mix = rehearsal.Mix(world.train, 16, seed=0)
    allowed = torch.rand(48, 48, generator=torch.Generator().manual_seed(0)) < 0.8
    thinned = mix.thinned(allowed, 15)
    assert bool((thinned <= allowed).all()) and thinned.sum(1).tolist() == [15] * 48


def test_a_mixed_loss_is_lower_where_it_was_trained(world: toy.Decoupled) -> None:
    masked = rehearsal.Objective(masked=True, negatives=15, both=False)
    mix = rehearsal.Mix(world.train, 16, seed=0)
    batch = mix.draw(0)
    good = mix.loss(world.experts["audio"], {"audio": batch["audio"]}, masked)
    bad = mix.loss(world.base, {"audio": batch["audio"]}, masked)
    assert float(good) < 0.5 * float(bad)


def test_twins_add_the_loss_of_telling_them_apart(world: toy.Decoupled) -> None:
    image, plain = world.train["image"], rehearsal.Objective()
    assert image.query.texts is not None
    right = [texts[0] for texts in image.query.texts]
    wrong = [" ".join(reversed(text.split())) for text in right]
    both = [[Twin("side", *pair)] for pair in zip(right, wrong, strict=True)]
    losses = []
    some: list[rehearsal.Twins] = [{}, {"image": [[] for _ in both]}, {"image": both}]
    for twins in some:
        mix = rehearsal.Mix({"image": image}, 32, seed=0, twins=twins)
        batch = mix.draw(0)
        losses.append(float(mix.loss(world.base, batch, plain)))
    rows = batch["image"][:8]
    media = world.base.encode(image.candidate, rows)
    own, other = (
        world.base.encode(Side(texts=[[texts[row]] for row in rows])) for texts in (right, wrong)
    )
    nearer = (media * (other - own)).sum(1) / 0.02
    assert losses[1] == losses[0]
    assert losses[2] - losses[0] == pytest.approx(np.log1p(np.exp(nearer)).mean(), abs=1e-4)


def test_a_rival_stands_against_the_query_whose_answer_it_nearly_is(world: toy.Decoupled) -> None:
    image, plain = world.train["image"], rehearsal.Objective(both=False)
    assert image.query.texts is not None
    first = replace(image.query, texts=[texts[:1] for texts in image.query.texts])
    image, rows = replace(image, query=first), np.arange(0, 30, 3)
    rivals = [np.array([(row + 9) % 30]) for row in range(30)]
    losses = []
    for known in ([], rivals):
        mix = rehearsal.Mix({"image": replace(image, rivals=known)}, 10, seed=0)
        losses.append(float(mix.loss(world.base, {"image": rows[:2]}, plain)))
    asked, given = (
        world.base.encode(side, place)
        for side, place in ((image.query, rows[:2]), (image.candidate, np.array([0, 3, 9, 12])))
    )
    scores = asked @ given.T / 0.05
    for count, loss in zip((2, 4), losses, strict=True):
        some = scores[:, :count]
        wanted = np.log(np.exp(some).sum(1)) - some[np.arange(2), np.arange(2)]
        assert loss == pytest.approx(wanted.mean(), abs=1e-3)


def test_a_batch_has_more_of_what_it_is_told(world: toy.Decoupled) -> None:
    mix = rehearsal.Mix(world.train, {"text": 4, "image": 8, "audio": 2}, seed=0)
    assert {name: len(rows) for name, rows in mix.draw(0).items()} == {
        "text": 4,
        "image": 8,
        "audio": 2,
    }
