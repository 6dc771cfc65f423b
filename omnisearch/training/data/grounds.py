"""Grounds on which scenes and films play, and the words for them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw

from omnisearch.training.data.made import pick

Colour = tuple[int, int, int]
Draw = Callable[[np.random.Generator, int], Image.Image]

_PASTELS: dict[str, Colour] = {
    "light blue": (205, 228, 250),
    "light green": (212, 240, 210),
    "pale yellow": (252, 246, 205),
    "light grey": (226, 226, 226),
    "pale pink": (250, 222, 230),
    "lavender": (228, 220, 246),
}


def ground(rng: np.random.Generator, side: int) -> tuple[Image.Image, str]:
    """Draw a ground; the words are empty where it is plain white."""
    share = float(rng.uniform())
    if share < 0.25:
        return Image.new("RGB", (side, side), "white"), ""
    if share < 0.45:
        name = pick(rng, list(_PASTELS))
        return Image.new("RGB", (side, side), _PASTELS[name]), f"on a {name} background"
    words = pick(rng, list(_PLACES))
    return _PLACES[words](rng, side), words


def _bands(top: Colour, bottom: Colour, height: float) -> Draw:
    def draw(rng: np.random.Generator, side: int) -> Image.Image:
        image = Image.new("RGB", (side, side), top)
        line = round(side * (height + float(rng.uniform(-0.06, 0.06))))
        ImageDraw.Draw(image).rectangle((0, line, side, side), fill=bottom)
        return image

    return draw


def _meadow(rng: np.random.Generator, side: int) -> Image.Image:
    image = _bands((160, 212, 250), (112, 184, 88), 0.55)(rng, side)
    pen = ImageDraw.Draw(image)
    for _ in range(int(rng.integers(0, 4))):
        x, y = (int(value) for value in rng.uniform(0, (side, side * 0.3)))
        pen.ellipse((x, y, x + side // 5, y + side // 14), fill="white")
    return image


def _night(rng: np.random.Generator, side: int) -> Image.Image:
    image = Image.new("RGB", (side, side), (18, 22, 52))
    pen = ImageDraw.Draw(image)
    for x, y in rng.integers(0, side, (40, 2)):
        pen.point((int(x), int(y)), fill=(240, 240, 210))
    return image


def _sunset(rng: np.random.Generator, side: int) -> Image.Image:
    del rng
    shades = np.linspace((250, 120, 80), (255, 220, 150), side // 8).repeat(8, axis=0)[:side]
    rows = np.vstack([shades, np.tile(shades[-1], (side - len(shades), 1))])
    return Image.fromarray(np.repeat(rows[:, None], side, axis=1).astype(np.uint8))


def _sea(rng: np.random.Generator, side: int) -> Image.Image:
    image = _bands((190, 226, 250), (52, 120, 190), 0.45)(rng, side)
    pen = ImageDraw.Draw(image)
    for x, y in rng.integers((0, side // 2), (side, side), (14, 2)):
        pen.line((int(x), int(y), int(x) + side // 12, int(y)), fill=(120, 176, 226), width=2)
    return image


def _wall(rng: np.random.Generator, side: int) -> Image.Image:
    image = Image.new("RGB", (side, side), (184, 92, 70))
    pen, height = ImageDraw.Draw(image), side // 12
    for row in range(13):
        pen.line((0, row * height, side, row * height), fill=(214, 150, 130), width=2)
        for x in range(-(row % 2) * height, side, 2 * height):
            pen.line((x, row * height, x, (row + 1) * height), fill=(214, 150, 130), width=2)
    del rng
    return image


def _checks(rng: np.random.Generator, side: int) -> Image.Image:
    size = side // int(rng.integers(6, 11))
    odd = np.add.outer(np.arange(side) // size, np.arange(side) // size) % 2
    shades = np.where(odd[..., None], (236, 236, 236), (206, 206, 206))
    return Image.fromarray(shades.astype(np.uint8))


_PLACES: dict[str, Draw] = {
    "in a meadow": _meadow,
    "on a beach": _bands((150, 210, 246), (238, 214, 160), 0.5),
    "in the snow": _bands((196, 214, 232), (246, 250, 255), 0.5),
    "in the desert": _bands((250, 214, 150), (226, 176, 100), 0.5),
    "in a room": _bands((240, 228, 206), (160, 116, 78), 0.7),
    "on a road": _bands((176, 200, 214), (110, 110, 114), 0.55),
    "at night": _night,
    "at sunset": _sunset,
    "on the sea": _sea,
    "in front of a brick wall": _wall,
    "on a chequered floor": _checks,
}
