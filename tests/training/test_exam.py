"""What the shipped encoder is held against."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

from omnisearch.training.exam import photos
from omnisearch.training.lab import LabError


def test_captions_of_photographs_are_the_frozen_ones() -> None:
    right, others = photos.captions()  # raises if a byte changed
    assert len(right) >= 25 and len(right) + len(others) >= 200
    assert len({*right.values(), *others}) == len(right) + len(others)


def test_a_photograph_that_is_not_installed_says_what_to_install() -> None:
    with pytest.raises(LabError, match=r"not installed: pip install scikit-image$"):
        photos.content("skimage/data/nowhere.png")


def test_photographs_are_found_among_photographs_and_captions_among_all() -> None:
    seen = np.eye(4, dtype=np.float32)[:2]
    others = np.tile(seen[0], (10, 1))  # as near to the first photograph as its caption
    found = photos.both_ways(seen, seen, others)
    assert found["caption to photo"]["r1"] == 100
    assert found["caption to photo"]["gallery"] == 2
    back = found["photo to caption"]
    assert back["gallery"] == 12 and back["r1"] == back["r10"] == 50
    assert back["mrr"] == pytest.approx((1 / 11 + 1) / 2, abs=1e-4)
