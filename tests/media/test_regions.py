"""Regions of pictures: what stands out is found, what is plain or tiny has none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omnisearch.media.image import RGB
from omnisearch.media.patches import joined, patches
from omnisearch.media.regions import MOST, regions

Box = tuple[float, float, float, float]


def photograph(things: dict[tuple[int, int, int], Box], size: tuple[int, int] = (480, 640)) -> RGB:
    """Grass, more or less, with boxes of plain colours on it."""
    random = np.random.default_rng(0)
    grass = random.integers(-12, 13, (*size, 1)) + np.array([70, 120, 60])
    height, width = size
    for colour, (x, y, w, h) in things.items():
        rows = slice(round(y * height), round((y + h) * height))
        grass[rows, round(x * width) : round((x + w) * width)] = colour
    return np.asarray(grass, np.uint8)


def overlap(one: Box, other: Box) -> float:
    width = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    height = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    shared = max(width, 0.0) * max(height, 0.0)
    return shared / (one[2] * one[3] + other[2] * other[3] - shared)


def test_things_are_found_where_they_are() -> None:
    red, blue = (0.1, 0.2, 0.2, 0.25), (0.6, 0.55, 0.3, 0.3)
    found = regions(photograph({(200, 30, 30): red, (30, 60, 200): blue}))
    assert len(found) <= MOST
    assert max(overlap(red, box) for box in found[:2]) > 0.8
    assert max(overlap(blue, box) for box in found[:2]) > 0.8


def test_a_thing_of_two_colours_is_one_before_its_halves_are() -> None:
    picture = photograph(
        {(220, 220, 220): (0.4, 0.3, 0.1, 0.3), (200, 40, 40): (0.5, 0.3, 0.1, 0.3)}
    )
    assert overlap((0.4, 0.3, 0.2, 0.3), regions(picture)[0]) > 0.8


def test_a_thing_that_fills_its_picture_has_no_parts() -> None:
    picture = np.full((200, 200, 3), 255, np.uint8)
    picture[10:190, 10:190] = (200, 30, 30)
    picture[60:120, 60:140] = (250, 200, 60)
    assert regions(picture) == []


def test_boxes_lie_in_the_picture_and_apart() -> None:
    random = np.random.default_rng(3)
    blocks = random.integers(0, 256, (24, 32, 3), np.uint8).repeat(20, 0).repeat(20, 1)
    found = regions(blocks)
    assert 1 < len(found) <= MOST and len(set(found)) == len(found)
    for x, y, w, h in found:
        assert 0 <= x < x + w <= 1 and 0 <= y < y + h <= 1
        assert 0.1 <= w <= 0.7 and 0.1 <= h <= 0.7
    pairs = [(one, other) for one in found for other in found if one < other]
    assert max(overlap(*pair) for pair in pairs) <= 0.31


def test_fewer_may_be_asked_for() -> None:
    picture = photograph(
        {(200, 30, 30): (0.1, 0.2, 0.2, 0.25), (30, 60, 200): (0.6, 0.5, 0.3, 0.3)}
    )
    assert regions(picture, most=1) == regions(picture)[:1]


@pytest.mark.parametrize("shape", [(1, 1), (3, 4000), (4000, 3), (200, 300), (40, 40)])
def test_what_is_plain_or_tiny_has_none(shape: tuple[int, int]) -> None:
    assert regions(np.full((*shape, 3), 200, np.uint8)) == []


def test_a_region_has_enough_pixels_to_be_looked_at() -> None:
    thing: Box = (0.3, 0.3, 0.3, 0.3)
    small = regions(photograph({(200, 30, 30): thing}, (90, 90)))
    assert min(min(w, h) * 90 for _, _, w, h in small) >= 31.5
    assert overlap(regions(photograph({(200, 30, 30): thing}, (180, 180)))[0], thing) > 0.8


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 300), st.integers(1, 300), st.integers(0, 2**32 - 1))
def test_any_picture_is_looked_at(height: int, width: int, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    assert len(regions(pixels)) <= MOST


def test_patches_are_joined_until_one_is_left() -> None:
    pixels = np.zeros((12, 16, 3), np.uint8)
    pixels[:, 8:] = 255
    labels = patches(pixels)
    assert (labels[:, :6] == labels[0, 0]).all() and (labels[:, 10:] == labels[0, -1]).all()
    assert labels.shape == (12, 16) and labels[0, 0] != labels[0, -1]
    shades = np.eye(2, dtype=np.float32)[(pixels[:, :, 0] > 0).astype(int)]
    boxes = list(joined(labels, shades))
    assert len(boxes) == 2 * (labels.max() + 1) - 1 and boxes[-1] == (0, 0, 16, 12)
