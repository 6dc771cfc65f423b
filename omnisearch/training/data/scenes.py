"""Scenes: two to five things on a ground, told with count, colour and side.

Each scene keeps twins: captions that fit but for one swapped count, colour or side.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from PIL import Image

from omnisearch.training.data import tables
from omnisearch.training.data.grounds import ground
from omnisearch.training.data.made import LICENCE, declare, once, seeded
from omnisearch.training.data.splits import Split, split_of_all
from omnisearch.training.data.sprites import HUES, Bank, Sprite, pictures_from
from omnisearch.training.data.wording import NUMBERS, a, listed, plural, some
from omnisearch.training.lab import Lab, Options

STEM = "pictures-scenes"
TOTAL, SIDE = 20_400, 256
Family = Literal["count", "colour", "side"]
Twins = dict[Family, list[str]]


@dataclass(frozen=True)
class Thing:
    """One sprite in a scene: its picture, its words, its box."""

    sprite: Sprite
    image: Image.Image
    words: str
    x: float  # of the middle, as a share of the side
    y: float
    size: float


@dataclass
class Scene:
    """What is drawn and what is said of it; in captions `{}` stands for the place."""

    things: list[Thing]
    captions: list[str]
    twins: Twins = field(default_factory=dict)


def build(lab: Lab, options: Options) -> Mapping[str, object]:
    """Write the scenes."""

    def rows() -> Iterator[tables.Row]:
        return scenes(Bank.load(lab), options.seed, TOTAL)

    count = once(lab, STEM, tables.PICTURES, TOTAL, rows)
    declare(lab, STEM, pictures_from(lab), "composed of the pictures of this corpus")
    return {"scenes": count}


def scenes(bank: Bank, seed: int, total: int) -> Iterator[tables.Row]:
    """Yield scenes of all families in turn; a seventh is held out, with things that are."""
    for number in range(total):
        rng = seeded(seed, "scene", number)
        scene = _FAMILIES[number % len(_FAMILIES)](bank, rng, share(rng, bank))
        yield _row(f"scene/{number:05d}", scene, rng)


def share(rng: np.random.Generator, bank: Bank) -> Split:
    """Draw the split of a scene, as often as concepts fall into it."""
    drawn = float(rng.uniform())
    split: Split = "test" if drawn < 0.10 else "validation" if drawn < 0.15 else "train"
    return split if len(bank.entries[split]) > 3 else "train"


def paste(canvas: Image.Image, thing: Thing) -> None:
    """Draw a thing where it belongs."""
    side = canvas.width
    width, height = thing.image.size
    scale = thing.size * side / max(width, height)
    shape = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = thing.image.resize(shape, Image.Resampling.BILINEAR)
    place = (round(thing.x * side - shape[0] / 2), round(thing.y * side - shape[1] / 2))
    canvas.paste(small, place, small)


def _row(row_id: str, scene: Scene, rng: np.random.Generator) -> tables.Row:
    canvas, where = ground(rng, SIDE)
    for thing in scene.things:
        paste(canvas, thing)
    stream = io.BytesIO()
    canvas.save(stream, "PNG", compress_level=1)
    concepts = sorted({thing.sprite.concept for thing in scene.things})
    first, *others = scene.captions
    return {
        "id": row_id,
        "concept": "+".join(concepts),
        "kind": "scene",
        "source": "scene",
        "title": first,
        "captions": [f"{first} {where}".strip(), first, *others],  # twins are like the second
        "image": stream.getvalue(),
        "split": split_of_all(concepts),
        "licence": LICENCE,
        "attributes": json.dumps({"objects": concepts, "ground": where, "twins": scene.twins}),
        "style": None,
    }


def _plain(sprite: Sprite, x: float, y: float, size: float) -> Thing:
    return Thing(sprite, sprite.image, sprite.name, x, y, size)


def _dyed(sprite: Sprite, colour: str, spot: tuple[float, float, float]) -> Thing:
    return Thing(sprite, sprite.coloured(colour), f"{colour} {sprite.name}", *spot)


def _jitter(rng: np.random.Generator, by: float = 0.05) -> float:
    return float(rng.uniform(-by, by))


def _spots(rng: np.random.Generator, count: int) -> list[tuple[float, float, float]]:
    """Places that do not overlap: cells of a grid of three columns and two or three rows."""
    rows = 2 if count <= 4 else 3
    cells = [int(cell) for cell in rng.permutation(3 * rows)[:count]]
    spots = []
    for cell in cells:
        x, y = (cell % 3 + 0.5) / 3, (cell // 3 + 0.5) / rows
        spots.append(
            (x + _jitter(rng, 0.03), y + _jitter(rng, 0.03), float(rng.uniform(0.22, 0.3)))
        )
    return spots


def _counted(bank: Bank, rng: np.random.Generator, split: Split) -> Scene:
    """Show several of one thing, perhaps beside a single other."""
    alone = rng.uniform() < 0.4
    sprites = bank.several(rng, split, 1 if alone else 2)
    counts = range(2, 6 if alone else 5)
    count = int(rng.integers(counts.start, counts.stop))
    spots = _spots(rng, count + len(sprites) - 1)
    things = [_plain(sprites[0], *spot) for spot in spots[:count]]
    things += [_plain(one, *spot) for one, spot in zip(sprites[1:], spots[count:], strict=True)]
    rest = [a(one.name) for one in sprites[1:]]
    name = sprites[0].name

    def say(number: int) -> str:
        return listed([some(name, number), *rest])

    captions = [
        say(count),
        f"a picture of {say(count)}",
        f"there are {NUMBERS[count]} {plural(name)}",
    ]
    wrong = [say(other) for other in counts if other != count]  # what is never true tells itself
    return Scene(things, captions, {"count": wrong})


def _coloured(bank: Bank, rng: np.random.Generator, split: Split) -> Scene:
    """Show two or three things of different colours."""
    sprites = bank.several(rng, split, int(rng.integers(2, 4)), colourable=True)
    colours = [str(colour) for colour in rng.permutation(list(HUES))[: len(sprites)]]
    spots = _spots(rng, len(sprites))
    things = [
        _dyed(sprite, colour, (x, y, size * 1.2))
        for sprite, colour, (x, y, size) in zip(sprites, colours, spots, strict=True)
    ]

    def say(shown: list[str]) -> str:
        return listed([a(f"{c} {s.name}") for c, s in zip(shown, sprites, strict=True)])

    swapped = [colours[1], colours[0], *colours[2:]]
    other = next(colour for colour in HUES if colour not in colours)
    captions = [say(colours), f"a picture of {say(colours)}"]
    captions += [
        f"the {sprite.name} is {colour}" for sprite, colour in zip(sprites, colours, strict=True)
    ]
    return Scene(things, captions, {"colour": [say(swapped), say([other, *colours[1:]])]})


def _sided(bank: Bank, rng: np.random.Generator, split: Split) -> Scene:
    """Show one thing beside or above another."""
    level = rng.uniform() < 0.6
    sprites = bank.several(rng, split, 2)
    near, far, size = 0.26, 0.74, float(rng.uniform(0.3, 0.42))
    spots = [(near, 0.5 + _jitter(rng, 0.12)), (far, 0.5 + _jitter(rng, 0.12))]
    things = [
        _plain(sprite, *((x, y) if level else (y, x)), size)
        for sprite, (x, y) in zip(sprites, spots, strict=True)
    ]
    names = sprites[0].name, sprites[1].name
    before, after = ("to the left of", "to the right of") if level else ("above", "below")

    def say(first: str, second: str, how: str) -> str:
        return f"{a(first)} {how} {a(second)}"

    captions = [say(*names, before), say(names[1], names[0], after)]
    if seeded(0, "said", *names).uniform() < 0.5:  # each way of saying it is true as often
        captions.reverse()
    if level:
        captions += [f"{a(names[0])} on the left and {a(names[1])} on the right"]
    else:
        captions += [f"{a(names[0])} at the top and {a(names[1])} at the bottom"]
    wrong = [say(names[1], names[0], before), say(*names, after)]
    return Scene(things, captions, {"side": wrong})


def _arranged(bank: Bank, rng: np.random.Generator, split: Split) -> Scene:
    """Show a coloured thing beside several of another, so that every twin can be asked."""
    dyed, many = _pair(bank, rng, split)
    colour, other = (str(one) for one in rng.permutation(list(HUES))[:2])
    counts = range(2, 4)
    count = int(rng.integers(counts.start, counts.stop))
    left = bool(rng.uniform() < 0.5)
    x, group = (0.22, 0.7) if left else (0.78, 0.3)
    things = [_dyed(dyed, colour, (x, 0.5 + _jitter(rng), 0.36))]
    for place in range(count):
        y = (place + 0.5) / count
        things.append(_plain(many, group + _jitter(rng, 0.08), y, 0.8 / count))
    sides = ("left", "right") if left else ("right", "left")

    def say(shown: str, number: int, side: str) -> str:
        return f"{a(f'{shown} {dyed.name}')} to the {side} of {some(many.name, number)}"

    captions = [
        say(colour, count, sides[0]),
        f"{some(many.name, count)} to the {sides[1]} of {a(f'{colour} {dyed.name}')}",
        f"{a(f'{colour} {dyed.name}')} and {some(many.name, count)}",
    ]
    twins: Twins = {
        "count": [say(colour, number, sides[0]) for number in counts if number != count],
        "colour": [say(other, count, sides[0])],
        "side": [say(colour, count, sides[1])],
    }
    return Scene(things, captions, twins)


def _pair(bank: Bank, rng: np.random.Generator, split: Split) -> tuple[Sprite, Sprite]:
    dyed = bank.draw(rng, split, colourable=True)
    while (many := bank.draw(rng, split)).concept == dyed.concept:
        continue
    return dyed, many


_FAMILIES: tuple[Callable[[Bank, np.random.Generator, Split], Scene], ...] = (
    _counted,
    _coloured,
    _sided,
    _arranged,
)
