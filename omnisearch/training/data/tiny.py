"""The tiny corpus: drawn and computed here in seconds, in the schemas of the real one.

It lets the whole recipe run in tests; what it teaches is worth nothing.
"""

from __future__ import annotations

import io
import json
import math
from collections.abc import Callable, Iterator, Mapping
from itertools import product

import pyarrow as pa
from PIL import Image, ImageDraw

from omnisearch.training.data import manifest, queries, tables, tiny_media
from omnisearch.training.data.splits import split_of
from omnisearch.training.data.triplets import Picture
from omnisearch.training.lab import Lab, Options

LICENCE = "CC0-1.0"
SOURCE = "tiny"
SIDE = 256
COLOURS = {
    "red": (214, 40, 40),
    "green": (40, 160, 70),
    "blue": (40, 80, 200),
    "yellow": (240, 200, 30),
    "purple": (130, 50, 170),
    "brown": (120, 75, 40),
}
SIDES = {"triangle": 3, "square": 4, "pentagon": 5, "hexagon": 6}
SHAPES = (*SIDES, "circle", "star", "cross", "ring", "heart", "arrow")
STYLES = {"flat": "emoji", "outline": "icon", "shaded": "clipart"}
Colour = tuple[int, int, int]


def build(lab: Lab, options: Options) -> Mapping[str, object]:
    """Write the tiny corpus; it is the same for every seed."""
    makers: dict[str, tuple[pa.Schema, Callable[[], Iterator[tables.Row]]]] = {
        "pictures-tiny": (tables.PICTURES, pictures),
        "triplets": (tables.TRIPLETS, triplets),
        "concepts": (tables.CONCEPTS, concepts),
        "sounds-tiny": (tables.SOUNDS, tiny_media.sounds),
        "videos-tiny": (tables.VIDEOS, tiny_media.videos),
        "pages-tiny": (tables.PAGES, tiny_media.pages),
        "texts-tiny": (tables.TEXTS, tiny_media.texts),
    }
    figures: dict[str, object] = {
        name: tables.write(lab.data / f"{name}.arrow", schema, make())
        for name, (schema, make) in makers.items()
    }
    for name in makers:
        if name not in manifest.NOT_ITEMS:
            manifest.record(lab, name, [], LICENCE, "drawn and computed by omnisearch")
    _ask(lab)
    return {**figures, "manifest": manifest.build(lab, options)}


def _ask(lab: Lab) -> None:
    """Write the query sets of the tiny corpus, which nobody froze."""
    columns = ["id", "concept", "kind", "source", "style", "split", "attributes", "title"]
    rows = tables.read(lab.data / "pictures-tiny.arrow", columns).to_pylist()
    titles = {row["id"]: row.pop("title") for row in rows}
    found = [Picture(**{**row, "attributes": json.loads(row["attributes"])}) for row in rows]
    changes = tables.read(lab.data / "triplets.arrow").to_pylist()
    for split in queries.SPLITS:
        some = [picture for picture in found if picture.split == split]
        asked = [row for row in changes if row["split"] == split]
        queries.by_text(some, titles).save(lab, f"pictures-{split}")
        queries.composed(some, asked).save(lab, f"composed-{split}")


def points(shape: str, middle: tuple[float, float], radius: float) -> list[tuple[float, float]]:
    """Give the corners of a shape that is a polygon."""
    x, y = middle
    if shape == "cross":
        steps = [(-1, 3), (1, 3), (1, 1), (3, 1), (3, -1), (1, -1)]
        steps += [(-a, -b) for a, b in steps]
        return [(x + a * radius / 3, y + b * radius / 3) for a, b in steps]
    if shape == "arrow":
        steps = [(-3, 1), (0, 1), (0, 2), (3, 0), (0, -2), (0, -1), (-3, -1)]
        return [(x + a * radius / 3, y + b * radius / 3) for a, b in steps]
    if shape == "heart":
        turns = [math.tau * step / 60 for step in range(60)]
        return [(x + radius * math.sin(t) ** 3, y - radius * _heart(t)) for t in turns]
    corners = 10 if shape == "star" else SIDES.get(shape, 60)
    reach = [radius * (0.45 if shape == "star" and step % 2 else 1) for step in range(corners)]
    turns = [math.tau * step / corners - math.pi / 2 for step in range(corners)]
    return [(x + r * math.cos(t), y + r * math.sin(t)) for r, t in zip(reach, turns, strict=True)]


def _heart(turn: float) -> float:
    return (13 * math.cos(turn) - 5 * math.cos(2 * turn) - 2 * math.cos(3 * turn)) / 16


def draw(image: Image.Image, shape: str, colour: Colour, style: str = "flat") -> None:
    """Draw a shape in the middle of a picture."""
    side = image.width
    middle, radius = (side / 2, side / 2), side * 0.38
    pen = ImageDraw.Draw(image)
    corners = points(shape, middle, radius)
    if style == "outline":
        pen.line([*corners, *corners[:2]], fill=colour, width=max(2, side // 20))
    else:
        pen.polygon(corners, fill=colour)
    if shape == "ring":
        inner = points(shape, middle, radius * 0.6)
        pen.polygon(inner, fill="white", outline=colour, width=max(2, side // 20))
    if style == "shaded":
        bright = (colour[0] // 2 + 127, colour[1] // 2 + 127, colour[2] // 2 + 127)
        pen.polygon(points(shape, (side * 0.45, side * 0.45), radius * 0.5), fill=bright)


def encode(image: Image.Image) -> bytes:
    """Write a picture as PNG."""
    sink = io.BytesIO()
    image.save(sink, "PNG")
    return sink.getvalue()


def _picture(shape: str, colour: str | None, style: str, kind: str) -> tables.Row:
    image = Image.new("RGB", (SIDE, SIDE), "white")
    draw(image, shape, COLOURS[colour] if colour else (0, 0, 0), style)
    concept = f"{colour} {shape}" if colour else shape
    article = "an" if concept[0] in "aeiou" else "a"
    return {
        "id": f"{SOURCE}/{concept.replace(' ', '-')}-{style}-{kind}",
        "concept": concept,
        "kind": kind,
        "source": SOURCE,
        "style": style,
        "title": concept,
        "captions": [concept, f"{article} {concept}", f"{style} {concept}"],
        "image": encode(image),
        "split": split_of(concept),
        "licence": LICENCE,
        "attributes": json.dumps({"colour": colour or "", "shape": shape, "subject": shape}),
    }


def pictures() -> Iterator[tables.Row]:
    """Draw 180 coloured shapes in three styles and 20 black ones."""
    for shape, colour, (style, kind) in product(SHAPES, COLOURS, STYLES.items()):
        yield _picture(shape, colour, style, kind)
    for shape, style in product(SHAPES, ("flat", "outline")):
        yield _picture(shape, None, style, "mono")


def triplets() -> Iterator[tables.Row]:
    """Ask for the same shape in another style or colour."""
    rows = [row for row in pictures() if row["kind"] != "mono"]
    by_name = {row["id"]: row for row in rows}
    for row in rows:
        concept, style = str(row["concept"]), str(row["style"])
        colour, shape = concept.split()
        wishes = [(other, concept, f"style:{other}") for other in STYLES if other != style]
        wishes += [(style, f"{c} {shape}", f"colour:{c}") for c in COLOURS if c != colour]
        for other, wanted, family in wishes:
            target = f"{SOURCE}/{wanted.replace(' ', '-')}-{other}-{STYLES[other]}"
            if by_name[target]["split"] == row["split"]:
                yield {
                    "id": f"{row['id']}>{target}",
                    "source_picture": row["id"],
                    "instruction": f"the same, {family.partition(':')[2]}",
                    "target_picture": target,
                    "family": family,
                    "split": row["split"],
                }


def concepts() -> Iterator[tables.Row]:
    """List the concepts of the pictures."""
    names = [f"{colour} {shape}" for shape in SHAPES for colour in COLOURS] + [*SHAPES]
    for name in names:
        yield {
            "concept": name,
            "titles": [name],
            "codepoints": [],
            "synset": None,
            "split": split_of(name),
        }
