import copy
import math

import numpy as np
import pytest

pytest.importorskip("torch")

from omnisearch.training import finite, measures
from omnisearch.training.fusion.stage import tried_on
from tests.training import toy

RIGHT = np.eye(2, dtype=bool)
BAD = np.array([[1.0, 0.0], [0.0, math.nan]], dtype=np.float32)


def test_figures_of_an_encoder_that_gives_no_numbers_are_refused() -> None:
    told = "the encoder cannot be examined, 2 of [24] scores are not finite"
    for measured in (measures.of_scores, measures.of_precision):
        with pytest.raises(finite.NonFiniteScoresError, match=told):
            measured(BAD, np.eye(2, dtype=np.float32), RIGHT)
    with pytest.raises(finite.NonFiniteScoresError, match="1 of 2 scores are not finite"):
        measures.apart(BAD[1], np.ones(2, np.float32), np.arange(2))


def test_the_outermost_name_of_an_encoder_stands() -> None:
    with (
        pytest.raises(finite.NonFiniteScoresError, match=r"^the third step cannot be examined, "),
        finite.of("the third step"),
        finite.of("an encoder"),
    ):
        measures.of_scores(BAD, BAD, RIGHT)


def test_the_error_comes_whole_from_another_process() -> None:
    error = finite.NonFiniteScoresError("the specialist of text", "1 of 2 scores are not finite")
    assert str(copy.copy(error)) == str(error)  # made anew from what it tells, as there


def test_ways_to_fuse_are_not_chosen_by_an_encoder_without_numbers() -> None:
    model = toy.fresh(0)
    broken = {key: tensor.fill_(math.nan) for key, tensor in model.tensors().items()}
    pairs = {"image": toy.world(train=False)["image"]}
    assert tried_on(model, pairs)["mean_r10"] >= 0
    with pytest.raises(finite.NonFiniteScoresError, match="the encoder, asked for image,"):
        tried_on(model.with_tensors(broken), pairs)
