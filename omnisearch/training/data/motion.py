"""Films of eight frames in which the order matters: things move, grow, turn, come, go and change.

A twin is the caption of the same frames played backwards: no mean of frames tells them apart.
The last caption of a film names its things only and is true in any order.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from omnisearch.training.data import sounds, tables
from omnisearch.training.data.concepts import Concepts
from omnisearch.training.data.grounds import ground
from omnisearch.training.data.made import LICENCE, declare, distinct, once, pick, seeded
from omnisearch.training.data.scenes import Thing, paste, share
from omnisearch.training.data.sound_kinds import KINDS, take
from omnisearch.training.data.splits import Split, split_of, split_of_all
from omnisearch.training.data.sprites import HUES, Bank, Sprite, pictures_from
from omnisearch.training.data.synthesis import pcm
from omnisearch.training.data.wording import a, listed
from omnisearch.training.lab import Lab, Options

STEM = "videos-motion"
TOTAL, FRAMES, SIDE = 4200, 8, 224
Frame = list[Thing]


@dataclass
class Film:
    """Things in each frame, what happens, and what would happen backwards."""

    frames: list[Frame]
    forwards: list[str]
    backwards: list[str]

    def reversed(self) -> Film:
        """Play it backwards, which makes the twin true."""
        return Film(self.frames[::-1], self.backwards, self.forwards)


def build(lab: Lab, options: Options) -> Mapping[str, object]:
    """Write the films."""

    def rows() -> Iterator[tables.Row]:
        named = sounds.concepts(Concepts.load(lab))
        return films(Bank.load(lab), named, options.seed, TOTAL)

    count = once(lab, STEM, tables.VIDEOS, TOTAL, rows)
    declare(lab, STEM, pictures_from(lab), "moved pictures and made sounds of this corpus")
    return {"films": count}


def films(bank: Bank, named: Mapping[str, str], seed: int, total: int) -> Iterator[tables.Row]:
    """Yield films of all families in turn, half of them backwards; sounds come with concepts."""
    heard = {concept: name for name, concept in named.items()}
    for number in range(total):
        rng = seeded(seed, "film", number)
        film = _FAMILIES[number % len(_FAMILIES)](bank, rng, share(rng, bank))
        if rng.uniform() < 0.5:
            film = film.reversed()
        yield _row(f"motion/{number:05d}", film, _sound(film, heard, rng), rng)


def _row(
    row_id: str, film: Film, sound: tuple[str, str, bytes] | None, rng: np.random.Generator
) -> tables.Row:
    canvas, where = ground(rng, SIDE)
    shown = {thing.sprite.concept: thing.sprite.name for frame in film.frames for thing in frame}
    concepts, first = sorted(shown), film.forwards[0]
    captions = [f"{first} {where}", *film.forwards]  # twins stand beside these, one by one
    if sound is not None:
        words, concept, _ = sound
        captions.append(f"{first}, with {words}")
        concepts = sorted({*concepts, concept})
    captions.append(listed([a(shown[concept]) for concept in sorted(shown)]))
    return {
        "id": row_id,
        "concept": "+".join(concepts),
        "captions": distinct(captions),
        "twin": distinct([f"{film.backwards[0]} {where}", *film.backwards]),
        "frames": [_drawn(canvas, frame) for frame in film.frames],
        "split": split_of_all(concepts),
        "licence": LICENCE,
        "pcm": None if sound is None else sound[2],
    }


def _drawn(canvas: Image.Image, frame: Frame) -> bytes:
    image, stream = canvas.copy(), io.BytesIO()
    for thing in frame:
        paste(image, thing)
    image.save(stream, "JPEG", quality=90)
    return stream.getvalue()


def _sound(
    film: Film, heard: Mapping[str, str], rng: np.random.Generator
) -> tuple[str, str, bytes] | None:
    """Give words, concept and samples: the thing's own sound if any, else at times another."""
    concepts = {thing.sprite.concept for frame in film.frames for thing in frame}
    own = sorted(concepts & heard.keys())
    if not own:
        others = [c for c in heard if split_of(c) == split_of_all(concepts)]
        if rng.uniform() > 0.15 or not others:
            return None
        own = [pick(rng, others)]
    one = take(KINDS[heard[own[0]]], rng)
    names = one.kind.names
    return f"the sound of {names[min(1, len(names) - 1)]}", own[0], pcm(one.wave)


def _steps(start: float, end: float) -> list[float]:
    return [float(at) for at in np.linspace(start, end, FRAMES)]


def _placed(sprite: Sprite, x: float, y: float, size: float) -> Thing:
    return Thing(sprite, sprite.image, sprite.name, x, y, size)


def _wanted(rng: np.random.Generator) -> float:
    return float(rng.uniform(0.26, 0.42))


def _moving(bank: Bank, rng: np.random.Generator, split: Split) -> Film:
    """Move a thing across."""
    sprite = bank.draw(rng, split)
    still, size, level = float(rng.uniform(0.3, 0.7)), _wanted(rng), rng.uniform() < 0.5
    path = _steps(0.15, 0.85)
    frames = [[_placed(sprite, *((at, still) if level else (still, at)), size)] for at in path]
    name = a(sprite.name)
    if level:
        there = [f"{name} moves from left to right", f"{name} goes to the right"]
        back = [f"{name} moves from right to left", f"{name} goes to the left"]
    else:
        there = [f"{name} moves down", f"{name} falls from the top to the bottom"]
        back = [f"{name} moves up", f"{name} rises from the bottom to the top"]
    return Film(frames, there, back)


def _growing(bank: Bank, rng: np.random.Generator, split: Split) -> Film:
    """Let a thing grow."""
    sprite = bank.draw(rng, split)
    x, y = (float(at) for at in rng.uniform(0.4, 0.6, 2))
    frames = [[_placed(sprite, x, y, size)] for size in _steps(0.12, 0.75)]
    name = a(sprite.name)
    there = [f"{name} grows bigger", f"{name} comes closer"]
    return Film(frames, there, [f"{name} shrinks and gets smaller", f"{name} goes away"])


def _turning(bank: Bank, rng: np.random.Generator, split: Split) -> Film:
    """Turn a thing a quarter to a half."""
    sprite, size = bank.draw(rng, split), _wanted(rng) + 0.15
    thing = _placed(sprite, 0.5, 0.5, size)
    frames = []
    for angle in _steps(0, float(rng.choice([90, 135, 180]))):
        image = sprite.image.rotate(-angle, Image.Resampling.BILINEAR, expand=True)
        grown = max(image.size) / max(sprite.image.size)
        frames.append([replace(thing, image=image, size=size * grown)])
    name = a(sprite.name)
    there = [f"{name} turns clockwise until it is tipped over", f"{name} falls over to the right"]
    return Film(frames, there, [f"{name} turns back until it is upright", f"{name} gets up again"])


def _appearing(bank: Bank, rng: np.random.Generator, split: Split) -> Film:
    """Let two or three things come one after the other; backwards they go."""
    sprites = bank.several(rng, split, int(rng.integers(2, 4)))
    places = [float(x) for x in rng.permutation([0.2, 0.5, 0.8])]
    things = [_placed(s, x, 0.5, 0.28) for s, x in zip(sprites, places, strict=False)]
    frames = [things[: 1 + number * len(things) // FRAMES] for number in range(FRAMES)]
    names = [a(one.name) for one in sprites]
    come = [f"first {names[0]}, {', '.join(f'then {name}' for name in names[1:])} appears"]
    come.append(f"{names[-1]} appears after {names[0]}")
    vanish = "disappears" if len(names) == 2 else "disappear one by one"
    away = [f"{listed(names[:0:-1])} {vanish} until only {names[0]} is there"]
    away.append(f"{names[-1]} goes away while {names[0]} stays")
    return Film(frames, come, away)


def _following(bank: Bank, rng: np.random.Generator, split: Split) -> Film:
    """Show one thing after another in the same place."""
    sprites = bank.several(rng, split, 2)
    size, half = _wanted(rng) + 0.15, FRAMES // 2
    frames = [[_placed(sprites[number // half], 0.5, 0.5, size)] for number in range(FRAMES)]
    one, other = (a(sprite.name) for sprite in sprites)

    def say(first: str, second: str) -> list[str]:
        told = [f"first {first}, then {second}", f"{first} turns into {second}"]
        return [*told, f"{first} followed by {second}"]

    return Film(frames, say(one, other), say(other, one))


def _recolouring(bank: Bank, rng: np.random.Generator, split: Split) -> Film:
    """Change the colour of a thing halfway."""
    sprite = bank.draw(rng, split, colourable=True)
    colours = [str(colour) for colour in rng.permutation(list(HUES))[:2]]
    images, size, half = [sprite.coloured(c) for c in colours], _wanted(rng) + 0.15, FRAMES // 2
    thing = _placed(sprite, 0.5, 0.5, size)
    frames = [[replace(thing, image=images[number // half])] for number in range(FRAMES)]

    def say(before: str, after: str) -> list[str]:
        told = [f"{a(f'{before} {sprite.name}')} turns {after}"]
        return [*told, f"{a(sprite.name)} changes from {before} to {after}"]

    return Film(frames, say(*colours), say(colours[1], colours[0]))


def _meeting(bank: Bank, rng: np.random.Generator, split: Split) -> Film:
    """Bring two things together; backwards they part."""
    sprites, size = bank.several(rng, split, 2), 0.32
    frames = [
        [_placed(sprites[0], at, 0.5, size), _placed(sprites[1], 1 - at, 0.5, size)]
        for at in _steps(0.17, 0.36)
    ]
    pair = listed([a(sprite.name) for sprite in sprites])
    there = [f"{pair} come together", f"{pair} move towards each other"]
    return Film(frames, there, [f"{pair} move apart", f"{pair} go away from each other"])


def _passing(bank: Bank, rng: np.random.Generator, split: Split) -> Film:
    """Move one thing first, then another."""
    sprites, half = bank.several(rng, split, 2), FRAMES // 2
    first = [float(at) for at in np.linspace(0.2, 0.8, half)]
    frames = []
    for number in range(FRAMES):
        above, below = first[min(number, half - 1)], first[max(0, number - half)]
        upper = _placed(sprites[0], above, 0.28, 0.3)
        frames.append([upper, _placed(sprites[1], below, 0.72, 0.3)])
    one, other = (a(sprite.name) for sprite in sprites)
    there = [f"{one} moves to the right, and after it {other}", f"{one} moves before {other}"]
    back = [f"{other} moves to the left, and after it {one}", f"{other} moves before {one}"]
    return Film(frames, there, back)


_FAMILIES: Sequence[Callable[[Bank, np.random.Generator, Split], Film]] = (
    _moving,
    _growing,
    _turning,
    _appearing,
    _following,
    _recolouring,
    _meeting,
    _passing,
)
