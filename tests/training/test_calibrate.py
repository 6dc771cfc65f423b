"""Maps from cosine to probability, and the choice of weights."""

from __future__ import annotations

import json

import numpy as np
import pytest

pytest.importorskip("torch")

from omnisearch.training import stages
from omnisearch.training.export import calibrate, calibration
from omnisearch.training.export.calibrate import Known
from omnisearch.training.export.shipped import Parts
from omnisearch.training.lab import Lab, LabError, Options


def test_pools_neighbours_that_fall() -> None:
    values = calibration.rising(np.array([1.0, 3.0, 2.0, 2.0, 4.0]), np.ones(5))
    np.testing.assert_allclose(values, [1, 7 / 3, 7 / 3, 7 / 3, 4])
    heavy = calibration.rising(np.array([3.0, 1.0]), np.array([3.0, 1.0]))
    np.testing.assert_allclose(heavy, [2.5, 2.5])


def test_the_map_rises_is_never_certain_and_is_near_the_truth() -> None:
    random = np.random.default_rng(0)
    cosines = random.uniform(0, 1, 8000)
    right = random.uniform(size=8000) < cosines**2
    found = calibration.fit(cosines[:4000], right[:4000])
    assert len(found.cosines) <= 24
    steps = np.diff(found(np.linspace(-1, 2, 500)))
    assert (steps >= 0).all()
    assert 0 < found(-1.0) and found(2.0) < 1
    assert calibration.calibration_error(found, cosines[4000:], right[4000:]) < 0.03
    rate = right.mean()
    assert calibration.brier(found, cosines[4000:], right[4000:]) < 0.6 * rate * (1 - rate)
    for cosine in (0.3, 0.5, 0.8):
        assert found(cosine) == pytest.approx(cosine**2, abs=0.08)


def test_a_map_of_wrong_hits_alone_is_zero() -> None:
    found = calibration.fit(np.linspace(0, 1, 50), np.zeros(50, dtype=bool))
    assert found([0.1, 0.9]).tolist() == [0, 0]


def unit(rows: np.ndarray) -> np.ndarray:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def test_a_weight_is_chosen_where_what_stands_beside_is_better() -> None:
    random = np.random.default_rng(1)
    truth = unit(random.normal(size=(80, 16)))
    noise = unit(random.normal(size=(80, 16)))
    right = np.eye(80, dtype=bool)
    helped = calibrate.choose(truth, Parts(noise, {"locked": truth}), right)
    assert helped["weights"]["locked"] >= 1
    assert helped["with"]["r1"] > helped["without"]["r1"]
    harmed = calibrate.choose(truth, Parts(truth, {"locked": noise}), right)
    assert harmed["weights"] == {"locked": 0.0}


def test_classes_get_the_largest_weight_that_costs_next_to_nothing() -> None:
    random = np.random.default_rng(2)
    truth = unit(random.normal(size=(80, 16)))
    noise = unit(random.normal(size=(80, 16)))
    right = np.eye(80, dtype=bool)
    free = calibrate.choose(truth, Parts(truth, {"locked": truth, "classes": truth}), right)
    assert free["weights"] == {"locked": 0.0, "classes": calibrate.CLASSES[-1]}
    half = unit(truth + 1.2 * noise)  # already on the edge
    dear = calibrate.choose(truth, Parts(half, {"locked": noise, "classes": noise}), right)
    assert dear["weights"] == {"locked": 0.0, "classes": 0.0}


def test_a_pair_with_few_right_answers_has_no_map() -> None:
    random = np.random.default_rng(3)
    vectors = unit(random.normal(size=(40, 8)))
    names = [str(number) for number in range(40)]
    assert calibrate.pair(Known(vectors, names), Known(vectors, names), alike=True) is None
    found = calibrate.pair(Known(vectors, names), Known(vectors, names))
    assert found is not None and found["figures"]["queries"] == found["figures"]["gallery"] == 40
    assert found["map"]["probability"][-1] > 0.9 > 0.1 > found["map"]["probability"][0]
    assert found["wrong"]["mean"] == pytest.approx(0, abs=0.05)


def test_the_stage_keeps_weights_means_and_maps(shippable: Lab) -> None:
    path = shippable.models / "calibrate-a0" / "calibration.json"
    learnt = json.loads(path.read_text("utf-8"))
    assert set(learnt["weights"]) == {"image", "audio", "video", "document", "composed"}
    assert set(learnt["means"]["target"]) == {"text", "image", "audio", "video", "document"}
    width = len(learnt["means"]["query"]["text"])
    assert all(len(mean) == width for role in learnt["means"].values() for mean in role.values())
    for one in learnt["pairs"].values():
        assert one["map"]["probability"] == sorted(one["map"]["probability"])


def test_a_stage_too_early_says_what_comes_first(tiny_lab: Lab) -> None:
    for name in ("calibrate", "export", "release"):
        with pytest.raises(LabError, match=r"run `omnisearch train specialists .*` first"):
            stages.run(name, tiny_lab, Options(tiny=True))


def test_words_beside_count_where_there_are_words() -> None:
    random = np.random.default_rng(2)
    fused, words = (unit(random.normal(size=(3, 8))) for _ in range(2))
    weights = {"locked": 0.5, "words": 2.0}
    read = Parts(fused, {"locked": words, "words": fused}).together(weights)
    seen = Parts(fused, {"locked": words}).together(weights)
    assert np.allclose(read, unit(3 * fused + 0.5 * words))
    assert np.allclose(seen, unit(fused + 0.5 * words))
    chosen = calibrate.choose(words, Parts(fused, {"words": words}), np.eye(3, dtype=bool))
    assert chosen["weights"]["words"] > 0
