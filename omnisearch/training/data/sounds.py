"""Made sounds as rows: each kind alone, and two kinds over or after each other.

Captions tell what was done: a trait that came out at an end of its range is in the words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np

from omnisearch.training.data import (  # noqa: F401  these files register their kinds
    sound_animals,
    sound_bells,
    sound_engines,
    sound_games,
    sound_people,
    sound_things,
    sound_weather,
    sound_workshop,
    tables,
)
from omnisearch.training.data.concepts import Concepts
from omnisearch.training.data.made import LICENCE, declare, distinct, once, pick, seeded
from omnisearch.training.data.sound_kinds import KINDS, Take, take
from omnisearch.training.data.splits import split_of, split_of_all
from omnisearch.training.data.synthesis import (
    LENGTH,
    RATE,
    Wave,
    band,
    pcm,
    put,
    room,
    silence,
    unit,
)
from omnisearch.training.lab import Lab, Options

RENDERS = 30
MIXTURES = 2400
SOURCE = "procedural"
# most kinds sound as they are; some from afar or in a hall, and their captions say so
PLACES = ("", "", "", "", "far away", "in the distance", "in a large hall", "nearby")


def build(lab: Lab, options: Options) -> Mapping[str, object]:
    """Write the kinds and the mixtures; both follow from the seed alone."""
    named, seed, schema = concepts(Concepts.load(lab)), options.seed, tables.SOUNDS
    total = RENDERS * len(KINDS)
    figures = {
        "kinds": len(KINDS),
        "procedural": once(lab, "sounds-procedural", schema, total, lambda: alone(named, seed)),
        "mixtures": once(lab, "sounds-mixtures", schema, MIXTURES, lambda: mixtures(named, seed)),
    }
    for stem in ("sounds-procedural", "sounds-mixtures"):
        declare(lab, stem, attribution="computed here")
    return figures


def concepts(found: Concepts) -> dict[str, str]:
    """Give the concept of every kind, the same as that of a picture of it."""
    return {name: found.of(name) for name in KINDS}


def alone(named: Mapping[str, str], seed: int, renders: int = RENDERS) -> Iterator[tables.Row]:
    """Yield every kind several times, kinds taking turns."""
    for number, (name, kind) in product(range(renders), KINDS.items()):
        rng = seeded(seed, "sound", name, number)
        one, place = take(kind, rng), pick(rng, PLACES)
        row_id = f"{SOURCE}/{name.replace(' ', '-')}/{number:02d}"
        captions = told(one, place, rng)
        wave = placed(one.wave, place, rng)
        about = _About("procedural", named[name], split_of(named[name]), name)
        yield _row(row_id, about, captions, pcm(wave, _level(rng)))


def told(one: Take, place: str, rng: np.random.Generator) -> list[str]:
    """Say what a take is, in the most natural words first."""
    names = one.kind.names
    usual, other = names[min(1, len(names) - 1)], pick(rng, names)
    where = f", {place}" if place else ""
    captions = [one.phrase(usual) + where, one.phrase(other) + where, one.phrase() + where]
    return distinct([*captions, f"the sound of {one.kind.title}", *names])


def placed(wave: Wave, place: str, rng: np.random.Generator) -> Wave:
    """Let a wave sound from a place: dull and echoing from afar, dry from near."""
    if place in ("far away", "in the distance"):
        return room(rng, band(_whole(wave), 40, 1800), 1.2, 0.5)
    if place == "in a large hall":
        return room(rng, _whole(wave), 2.2, 0.55)
    return wave


def mixtures(named: Mapping[str, str], seed: int, total: int = MIXTURES) -> Iterator[tables.Row]:
    """Yield pairs of kinds: one over the other, both alike, or one after the other."""
    names = list(KINDS)
    for number in range(total):
        rng = seeded(seed, "mixture", number)
        first, second = (names[int(at)] for at in rng.choice(len(names), 2, replace=False))
        takes = take(KINDS[first], rng), take(KINDS[second], rng)
        wave, captions = _JOINS[number % len(_JOINS)](*takes)
        both = sorted((named[first], named[second]))
        about = _About("mixture", "+".join(both), split_of_all(both), f"{first} and {second}")
        yield _row(f"mixture/{number:05d}", about, captions, pcm(wave, _level(rng)))


def _over(front: Take, back: Take) -> tuple[Wave, list[str]]:
    wave = unit(_whole(front.wave)) + 0.35 * unit(_whole(back.wave))
    behind = f"{front.phrase()} with {back.kind.title} in the background"
    return wave, [behind, f"{front.kind.title} over {back.kind.title}"]


def _together(one: Take, other: Take) -> tuple[Wave, list[str]]:
    wave = unit(_whole(one.wave)) + unit(_whole(other.wave))
    return wave, [
        f"{one.phrase()} and {other.phrase()}",
        f"{one.kind.title} together with {other.kind.title}",
    ]


def _after(one: Take, other: Take) -> tuple[Wave, list[str]]:
    half, track = LENGTH // 2, silence()
    put(track, unit(_whole(one.wave)[:half]), 0.0)
    put(track, unit(_whole(other.wave)[:half]), half / RATE)
    return track, [
        f"{one.phrase()}, then {other.phrase()}",
        f"{one.kind.title} followed by {other.kind.title}",
        f"{other.kind.title} after {one.kind.title}",
    ]


_JOINS = (_over, _together, _after)


def _whole(wave: Wave) -> Wave:
    track = silence()
    put(track, wave, 0.0)
    return track


def _level(rng: np.random.Generator) -> float:
    return float(rng.uniform(0.3, 0.95))


@dataclass(frozen=True)
class _About:
    kind: str
    concept: str
    split: str
    title: str


def _row(row_id: str, about: _About, captions: list[str], sound: bytes) -> tables.Row:
    return {
        "id": row_id,
        "concept": about.concept,
        "kind": about.kind,
        "source": row_id.partition("/")[0],
        "title": about.title,
        "captions": captions,
        "pcm": sound,
        "split": about.split,
        "licence": LICENCE,
    }
