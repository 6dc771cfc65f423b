"""Photographs with three small things in each, of which one was held out and is asked for.

Grounds are parts of photographs that come with scikit-image and scikit-learn, things are those of
the laboratory. Each thing fills a thirty-sixth to a ninth of its picture, and no two touch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from omnisearch.records import Box
from omnisearch.training.data.sprites import cut
from omnisearch.training.exam import photos

if TYPE_CHECKING:
    from omnisearch.training.data.splits import Split
    from omnisearch.training.data.sprites import Bank, Sprite

GROUNDS = (
    *(f"skimage/data/{name}.png" for name in ("astronaut", "chelsea", "coffee", "motorcycle_left")),
    *(f"skimage/data/{name}" for name in ("rocket.jpg", "hubble_deep_field.jpg")),
    *(f"skimage/data/{name}.png" for name in ("brick", "grass", "gravel", "coins", "camera")),
    *(f"sklearn/datasets/images/{name}.jpg" for name in ("china", "flower")),
)
EACH = 3  # pictures of a concept that is asked for
BESIDE = 2  # things of training in each, which nobody asks for
SMALLEST, LARGEST = 1 / 36, 1 / 9  # of the picture
_SIZES = ((640, 480), (480, 640), (640, 640))
_TRIES = 100


@dataclass(frozen=True, slots=True)
class Scattered:
    """A picture, and where in it is what one asks for."""

    concept: str
    question: str
    box: Box
    image: Image.Image


def pictures(bank: Bank, split: Split, seed: int) -> Iterator[Scattered]:
    """Make pictures, some of each concept of a split."""
    grounds = [Image.open(BytesIO(photos.content(name))).convert("RGB") for name in GROUNDS]
    known: dict[str, list[tuple[str, str, bytes]]] = {}
    for entry in bank.entries[split]:
        known.setdefault(entry[1], []).append(entry)
    for number, (concept, entries) in enumerate(sorted(known.items())):
        for again in range(EACH):
            rng = np.random.default_rng((seed, number, again))
            asked = cut(*entries[again % len(entries)])
            things = [asked, *(_other(bank, rng, concept) for _ in range(BESIDE))]
            image = _ground(grounds[int(rng.integers(len(grounds)))], rng)
            box = _scatter(image, things, rng)
            yield Scattered(concept, entries[0][0], box, image)


def _other(bank: Bank, rng: np.random.Generator, concept: str) -> Sprite:
    while (one := bank.draw(rng, "train")).concept == concept:
        continue
    return one


def _ground(photo: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Take a large part of a photograph, half of the time mirrored."""
    width, height = _SIZES[int(rng.integers(len(_SIZES)))]
    scale = min(photo.width / width, photo.height / height) * float(rng.uniform(0.6, 1.0))
    w, h = round(scale * width), round(scale * height)
    left, top = int(rng.integers(photo.width - w + 1)), int(rng.integers(photo.height - h + 1))
    part = photo.resize((width, height), Image.Resampling.BICUBIC, (left, top, left + w, top + h))
    return part.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if rng.uniform() < 0.5 else part


def _scatter(image: Image.Image, things: Sequence[Sprite], rng: np.random.Generator) -> Box:
    """Put things where they do not touch; give the box of the first."""
    taken: list[Box] = []
    for thing in things:
        small, box = _placed(image, thing.image, taken, rng)
        place = (round(box[0] * image.width), round(box[1] * image.height))
        image.paste(small, place, small)
        taken.append(box)
    return taken[0]


def _placed(
    image: Image.Image, thing: Image.Image, taken: Sequence[Box], rng: np.random.Generator
) -> tuple[Image.Image, Box]:
    whole, shape = image.width * image.height, thing.width * thing.height
    for _ in range(_TRIES):
        share = float(rng.uniform(SMALLEST, LARGEST))
        scale = (share * whole / shape) ** 0.5
        w, h = round(scale * thing.width), round(scale * thing.height)
        if w >= image.width or h >= image.height:
            continue
        x, y = int(rng.integers(image.width - w)), int(rng.integers(image.height - h))
        box = x / image.width, y / image.height, w / image.width, h / image.height
        if not any(_touch(box, other) for other in taken):
            return thing.resize((w, h), Image.Resampling.BILINEAR), box
    raise ValueError("there is no room for another thing: make things smaller")


def _touch(one: Box, other: Box) -> bool:
    across = one[0] < other[0] + other[2] and other[0] < one[0] + one[2]
    return across and one[1] < other[1] + other[3] and other[1] < one[1] + one[3]


def overlap(one: Box, other: Box) -> float:
    """Give what two boxes share, of what they cover together."""
    width = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    height = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    shared = max(width, 0.0) * max(height, 0.0)
    return shared / (one[2] * one[3] + other[2] * other[3] - shared)
