from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

from omnisearch.training.lessons.pairs import Pairs, Side
from omnisearch.training.losses import CODES
from omnisearch.training.recovery import phases
from tests.training import toy


def test_a_wish_stands_beside_the_bare_wording(world: toy.Decoupled) -> None:
    image = world.test["image"]
    assert image.query.texts is not None
    bare = list(image.query.texts[0])
    both = phases.wish(image).query.texts
    only = phases.wish(image, only=True).query.texts
    assert both is not None and only is not None
    wished = [f"find a picture of {text}" for text in bare]
    assert both[0] == bare + wished and only[0] == wished


def test_pictures_and_words_are_asked_together(world: toy.Decoupled) -> None:
    composed = Pairs(
        "composed",
        Side("visual", *_places(world, [0, 3]), texts=[["a"], ["with"]]),
        Side("visual", *_places(world, [6, 9])),
        ["x", "y"],
        CODES["image"],
    )
    made = phases.instructed(dict(world.train), composed)
    assert set(made) == {"text", "image", "audio", "composed", "captioned"}
    captioned = made["captioned"]
    assert captioned.code == CODES["text"] and captioned.candidate is world.train["image"].query
    assert captioned.query.channel == "visual" and captioned.query.texts is not None
    vectors = world.model.encode(composed.query)
    alone = world.model.encode(Side("visual", *_places(world, [0, 3])))
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert not np.allclose(vectors, alone, atol=1e-3)


def test_the_query_picture_is_no_answer(world: toy.Decoupled) -> None:
    source, target = _places(world, [0, 3, 0]), _places(world, [3, 6, 6])
    query = Side("visual", *source, texts=[["a"]] * 3)
    composed = Pairs("composed", query, Side("visual", *target), ["3", "6", "6"], CODES["image"])
    pool, right, excluded = phases.pool_of(composed)
    assert pool.places is not None and pool.places.tolist() == [0, 3, 6]
    assert right.tolist() == [[False, True, False], [False, False, True], [False, False, True]]
    assert excluded.tolist() == [[True, False, False], [False, True, False], [True, False, False]]


def test_arms_that_are_compared_have_equal_negatives() -> None:
    by_name = {arm.name: arm.parts for arm in phases.arms(16)}
    assert by_name["MAMCL"][0].negatives == by_name["plain, equal negatives"][0].negatives == 15
    assert by_name["MAMCL"][0].masked and not by_name["plain, equal negatives"][0].masked
    assert [part.masked for part in by_name["MAMCL, then plain"]] == [True, False]


def test_filtered_and_mixed_search_are_measured(world: toy.Decoupled) -> None:
    found = phases.tried(world.model, world.test)
    filtered, mixed = found["filtered"]["audio"], found["mixed"]["audio"]
    assert filtered["gallery"] == 192 and mixed["gallery"] == 3 * 192
    assert mixed["r10"] <= filtered["r10"] and filtered["own_kind_in_10"] == 100.0
    assert found["mixed"]["mean_r10"] == pytest.approx(
        np.mean([found["mixed"][kind]["r10"] for kind in world.test]), abs=0.01
    )


def _places(world: toy.Decoupled, places: list[int]) -> tuple[np.ndarray, np.ndarray]:
    features = world.train["image"].candidate.features
    assert isinstance(features, np.ndarray)
    return features, np.array(places)
