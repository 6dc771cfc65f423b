"""Drawn things to make scenes and films of."""

import io
from collections.abc import Iterable
from typing import Any

from PIL import Image, ImageDraw

from omnisearch.training.data.splits import Split, split_of
from omnisearch.training.data.sprites import Bank

SHAPES = {"ball": "ellipse", "box": "rectangle"}
INKS = {"red": (220, 30, 30), "green": (30, 180, 40), "blue": (40, 60, 220)}


def drawn(shape: str, colour: tuple[int, int, int], height: int = 140) -> bytes:
    """Draw a shape with a black outline on white."""
    image = Image.new("RGB", (256, 256), "white")
    pen = ImageDraw.Draw(image)
    getattr(pen, SHAPES[shape])((60, 60, 200, 60 + height), fill=colour, outline="black", width=4)
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


def bank() -> Bank:
    """Make sprites of all splits: balls and boxes of three colours."""
    entries: dict[Split, list[tuple[str, str, bytes]]] = {"train": [], "validation": [], "test": []}
    for number in range(80):
        shape = ("ball", "box")[number % 2]
        name = f"{shape} {'abcdefghijklmnopqrstuvwxyz'[number % 26] * (number // 26 + 1)}"
        image = drawn(shape, list(INKS.values())[number % 3], 80 + number)
        entries[split_of(name)].append((name, name, image))
    assert all(len(found) > 1 for found in entries.values())
    return Bank(entries)


def made(rows: Iterable[Any]) -> list[Any]:
    """Take all rows of a maker."""
    return list(rows)
