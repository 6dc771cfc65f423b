"""Pictures made from other pictures: several of a thing, and silhouettes in colour.

They are what "three of them" and "the same in red" ask for, and count as scenes.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from PIL import Image

from omnisearch.training.data import manifest, raster, tables
from omnisearch.training.data.pictures import article, sources
from omnisearch.training.data.splits import rank
from omnisearch.training.lab import Lab, Options

ITEM = "pictures-variants"
NUMBERS = {2: "two", 3: "three", 4: "four", 5: "five"}
COLOURS = {
    "red": (205, 35, 40),
    "orange": (240, 130, 20),
    "yellow": (235, 195, 20),
    "green": (35, 145, 65),
    "blue": (35, 85, 200),
    "purple": (125, 50, 165),
    "pink": (240, 120, 170),
    "brown": (115, 70, 35),
}
COUNTED = ("noto", "twemoji", "fluent-emoji-flat")
_COUNTABLE: tuple[str, ...] = (
    "animal-",
    "food-",
    "plant-",
    "transport-",
    "music",
    "clothing",
    "tool",
    "sport",
)
_COUNTABLE += ("book-paper", "household", "musical-instrument", "game", "light-video", "office")
_TINTED = "game-icons"
_TINTS, _SILHOUETTES = 3, 800
_PLACES = {
    2: ((0.27, 0.5), (0.73, 0.5)),
    3: ((0.27, 0.28), (0.73, 0.28), (0.5, 0.74)),
    4: ((0.27, 0.27), (0.73, 0.27), (0.27, 0.73), (0.73, 0.73)),
    5: ((0.2, 0.2), (0.8, 0.2), (0.5, 0.5), (0.2, 0.8), (0.8, 0.8)),
}
_SIZES = {2: 0.44, 3: 0.42, 4: 0.42, 5: 0.34}


def build(lab: Lab, options: Options) -> Mapping[str, object]:
    """Make them from the pictures that are there."""
    del options
    path = lab.data / f"{ITEM}.arrow"
    if not path.exists():
        tables.write(path, tables.PICTURES, _rows(lab))
    used = [one.package for one in sources() if one.name in (*COUNTED, _TINTED)]
    manifest.record(lab, ITEM, used, "made-here", "made from other pictures of this corpus")
    return {"pictures": tables.count(path)}


def _rows(lab: Lab) -> Iterator[tables.Row]:
    counted: set[str] = set()
    for name in COUNTED:
        for row in tables.read(lab.data / f"pictures-{name}.arrow").to_pylist():
            if (
                _is_countable(row)
                and row["concept"] not in counted
                and _first(row["concept"]) == name
            ):
                counted.add(row["concept"])
                yield from (_several(row, number) for number in NUMBERS)
    rows = tables.read(lab.data / f"pictures-{_TINTED}.arrow").to_pylist()
    for row in sorted(rows, key=lambda one: rank(one["id"]))[:_SILHOUETTES]:
        wanted = sorted(COLOURS, key=lambda colour: rank(f"{row['id']} {colour}"))
        yield from (_tinted(row, colour) for colour in wanted[:_TINTS])


def _first(concept: str) -> str:
    return min(COUNTED, key=lambda name: rank(f"{concept} {name}"))


def _is_countable(row: Mapping[str, Any]) -> bool:
    attributes = json.loads(row["attributes"] or "{}")
    title = row["title"]
    single = not title.endswith("s") and not any(
        word in title for word in (" with ", " of ", "face")
    )
    kind = attributes.get("subgroup", "").startswith(_COUNTABLE)
    return kind and single and "tone" not in attributes


def plural(noun: str) -> str:
    """Write the plural of a noun."""
    if noun.endswith(("s", "x", "z", "ch", "sh")):
        return f"{noun}es"
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return f"{noun[:-1]}ies"
    return f"{noun}s"


def _open(row: Mapping[str, Any]) -> Image.Image:
    return Image.open(io.BytesIO(row["image"])).convert("RGB")


def _several(row: Mapping[str, Any], number: int) -> tables.Row:
    picture = _open(row)
    side = round(raster.SIDE * _SIZES[number])
    small = picture.resize((side, side), Image.Resampling.LANCZOS)
    square = Image.new("RGB", picture.size, picture.getpixel((0, 0)))
    for x, y in _PLACES[number]:
        corner = (round(x * raster.SIDE - side / 2), round(y * raster.SIDE - side / 2))
        square.paste(small, corner)
    title = f"{NUMBERS[number]} {plural(row['title'])}"
    spoken = [title, f"a picture of {title}", f"{number} {plural(row['title'])}"]
    return _variant(row, square, title, spoken, {"number": str(number)})


def _tinted(row: Mapping[str, Any], colour: str) -> tables.Row:
    picture = _open(row)
    ink = 1 - np.asarray(picture.convert("L"), np.float32)[..., None] / 255
    ink /= max(float(ink.max()), 1e-6)
    pixels = 255 + ink * (np.asarray(COLOURS[colour], np.float32) - 255)
    tinted = Image.fromarray(pixels.round().astype(np.uint8))
    title = f"{colour} {row['title']}"
    spoken = [title, f"{article(row['title'])} in {colour}"]
    return _variant(row, tinted, title, spoken, {"colour": colour})


def _variant(
    row: Mapping[str, Any], image: Image.Image, title: str, spoken: list[str], how: dict[str, str]
) -> tables.Row:
    source, _, name = row["id"].partition("/")
    (value,) = how.values()
    return {
        **row,
        "id": f"variants/{source}-{name}-{value}",
        "concept": title,
        "kind": "scene",
        "source": "variants",
        "title": title,
        "captions": spoken,
        "image": raster.encode(image),
        "licence": "made-here",
        "attributes": json.dumps({**how, "of": row["id"], "subject": row["concept"]}),
    }
