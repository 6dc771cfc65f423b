import numpy as np
import pytest

from omnisearch.training.lessons.pairs import Pairs, Side, Stacked, same

WORDS = [["red cat", "cat"], ["dog"], ["a cat"], ["sun"]]
FEATURES = np.arange(24, dtype=np.float16).reshape(6, 2, 2)
MEDIA = Side("visual", FEATURES, np.array([5, 0, 3, 1]))
PAIRS = Pairs("image", Side(texts=WORDS), MEDIA, ["cat", "dog", "cat", "sun"], code=2)


def test_stacked_files_read_as_one() -> None:
    stacked = Stacked([FEATURES[:2], FEATURES[2:3], FEATURES[3:]])
    rows = np.array([4, 0, 2, 5, 1, 0])
    assert stacked.shape == FEATURES.shape
    assert np.array_equal(stacked[rows], FEATURES[rows])


def test_rows_are_taken_from_everything() -> None:
    taken = PAIRS.take(np.array([2, 0]))
    assert taken.concepts == ["cat", "cat"]
    assert taken.query.texts == [["a cat"], ["red cat", "cat"]]
    assert taken.candidate.media(np.array([0])).tolist() == FEATURES[[3]].astype(float).tolist()


def test_a_sample_is_a_part_in_order() -> None:
    assert PAIRS.sample(4) is PAIRS
    sample = PAIRS.sample(2, seed=1)
    assert len(sample) == 2 and sample.concepts == PAIRS.sample(2, seed=1).concepts


def test_texts_are_asked_once_per_concept_and_media_always() -> None:
    assert PAIRS.wanted().tolist() == [0, 1, 3]
    turned = Pairs("caption", MEDIA, Side(texts=WORDS), PAIRS.concepts, code=1)
    assert turned.wanted().tolist() == [0, 1, 2, 3]


def test_equal_concepts_are_found() -> None:
    found = same(["cat", "dog"], ["sun", "cat", "cat"])
    assert found.tolist() == [[False, True, True], [False, False, False]]


def test_uneven_sides_are_refused() -> None:
    with pytest.raises(ValueError, match="image has 4, 4 and 1"):
        Pairs("image", Side(texts=WORDS), MEDIA, ["cat"], code=2)
    with pytest.raises(ValueError, match="media or texts"):
        Side()
    with pytest.raises(ValueError, match="together"):
        Side("visual", FEATURES)
