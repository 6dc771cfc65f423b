"""A folder and records of many kinds, and questions whose right answers in them are known.

What is written stands in asked.toml; the seed only mixes it. Of `hop` questions the answer does not
name what is asked for: another file tells by what name it goes. Speaking needs the extra `train`.
"""

from __future__ import annotations

import io
import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any, Literal

import numpy as np
from PIL import Image, ImageDraw

import omnisearch as om
from benchmarks.corpora import speech, texts
from benchmarks.corpora.contents import paper

Kind = Literal["words", "content", "dates", "hop"]
KINDS: tuple[Kind, ...] = ("words", "content", "dates", "hop")
_SEED = 61
_SIDE = 320
_COLOURS = ("red", "green", "blue", "yellow", "purple", "orange", "black", "pink")
_SHAPES = ("circle", "square", "triangle", "star")
_YEAR = 2024
_MONTHS = 12
_FRUIT = ("apples", "pears", "plums", "quinces")
_TOWNS = ("Arlen", "Brask", "Corvo", "Dunmere")
_FILLERS = 150
_ENTRIES = 7  # of a notebook
_PAGES = 5  # of a PDF
_LINE = 80  # characters on a page


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, with options of `query`, and the answer: an item that says or shows it.

    `source` is the name of a file or the id of a record; of a hop, `leads` is where it begins.
    """

    kind: Kind
    text: str
    source: str
    says: str = ""  # of a picture, nothing
    options: Mapping[str, Any] = field(default_factory=dict)
    leads: tuple[str, str] | None = None  # the other item, and what it says


@dataclass(frozen=True, slots=True)
class Made:
    """What is asked of a folder of files and of records."""

    questions: list[Question]
    records: list[om.Item]


@dataclass
class _World:
    """A folder that is being filled."""

    folder: Path
    rng: np.random.Generator
    questions: list[Question] = field(default_factory=list)

    def write(self, name: str, text: str, written: datetime | None = None) -> None:
        path = self.folder / name
        path.write_text(text + "\n", "utf-8")
        if written is not None:
            os.utime(path, (written.timestamp(), written.timestamp()))

    def filler(self) -> str:
        """Give a sentence that answers nothing."""
        words = self.rng.choice(texts.WORDS, int(self.rng.integers(7, 13)))
        return " ".join(words).capitalize() + "."


def make(folder: Path) -> Made:
    """Write the files, and give the records and what may be asked."""
    folder.mkdir(parents=True, exist_ok=True)
    told: dict[str, Any] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
    world = _World(folder, np.random.default_rng(_SEED))
    _hops(world, told["people"].replace("\n", "|").split("|"), told["hops"])
    _facts(world, told["words"])
    for number, one in enumerate(told["meant"]):
        name = f"leaf-{number:02d}.md"
        world.write(name, f"{world.filler()} {one['says']} {world.filler()}")
        world.questions.append(Question("content", one["question"], name, one["says"]))
    _pictures(world)
    _spoken(world, told["spoken"])
    _months(world, told["monthly"])
    for number in range(_FILLERS):
        world.write(f"jotting-{number:03d}.txt", " ".join(world.filler() for _ in range(4)))
    return Made(world.questions, _orders(world))


def _hops(world: _World, people: list[str], hops: list[dict[str, str]]) -> None:
    """Write the first fact of each into notebooks, the second onto pages or into notes."""
    entries, facts = list[tuple[str, str]](), list[tuple[str, str, str]]()
    whose = iter(world.rng.permutation(people).tolist())
    for one in hops:
        for name, told in zip(one["names"].split("|"), one["tells"].split("|"), strict=True):
            values = {"person": next(whose), "name": name, "told": told}
            first, second = (one[key].format(**values) for key in ("first", "second"))
            entries.append((first, one["question"].format(**values)))
            facts.append((second, first, entries[-1][1]))
    place = _notebooks(world, [first for first, _ in entries])
    for number, at in enumerate(world.rng.permutation(len(facts)).tolist()):
        second, first, question = facts[at]
        name = f"notice-{number:02d}.txt"
        world.write(name, f"{second} {world.filler()} {world.filler()}")
        leads = (place[first], first)
        world.questions.append(Question("hop", question, name, second, leads=leads))


def _notebooks(world: _World, entries: list[str]) -> dict[str, str]:
    """Write entries in any order, some to a file; tells where each is."""
    mixed, place = [entries[at] for at in world.rng.permutation(len(entries)).tolist()], {}
    for start in range(0, len(mixed), _ENTRIES):
        name, some = f"notebook-{start // _ENTRIES}.md", mixed[start : start + _ENTRIES]
        world.write(name, "\n\n".join(f"{world.filler()} {one}" for one in some))
        place.update(dict.fromkeys(some, name))
    return place


def _facts(world: _World, words: list[dict[str, str]]) -> None:
    """Write facts: every other onto a page of a PDF among lines that say nothing."""
    pages = list[list[str]]()
    for one in words:
        pairs = zip(one["names"].split("|"), one["tells"].split("|"), strict=True)
        for number, (name, told) in enumerate(pairs):
            fact = one["fact"].format(name=name, told=told)
            question = one["question"].format(name=name)
            if number % 2:
                source = f"report-{len(pages) // _PAGES}.pdf"
                lines = [world.filler()[:_LINE] for _ in range(24)]
                pages.append([*lines[:12], fact, *lines[12:]])
            else:
                source = f"note-{name}.txt"
                world.write(source, f"{world.filler()} {fact} {world.filler()}")
            world.questions.append(Question("words", question, source, fact))
    for start in range(0, len(pages), _PAGES):
        content = paper(pages[start : start + _PAGES])
        (world.folder / f"report-{start // _PAGES}.pdf").write_bytes(content)


def _pictures(world: _World) -> None:
    """Draw one shape to a picture, whose name tells nothing."""
    pairs = list(product(_COLOURS, _SHAPES))
    for number, at in enumerate(world.rng.permutation(len(pairs)).tolist()):
        colour, shape = pairs[at]
        name = f"IMG_{number:04d}.png"
        (world.folder / name).write_bytes(_drawn(world.rng, colour, shape))
        world.questions.append(Question("content", f"a {colour} {shape}", name))


def _drawn(rng: np.random.Generator, colour: str, shape: str) -> bytes:
    image = Image.new("RGB", (_SIDE, _SIDE), (225, 225, 220))
    draw, reach = ImageDraw.Draw(image), float(rng.uniform(70, 110))
    x, y = (float(rng.uniform(reach, _SIDE - reach)) for _ in range(2))
    if shape == "circle":
        draw.ellipse((x - reach, y - reach, x + reach, y + reach), fill=colour)
    elif shape == "square":
        draw.rectangle((x - reach, y - reach, x + reach, y + reach), fill=colour)
    else:
        points, inner = (3, 1.0) if shape == "triangle" else (10, 0.42)
        turns = np.arange(points) * 2 * np.pi / points - np.pi / 2
        far = reach * np.where(np.arange(points) % 2, inner, 1.0)
        polar = zip(far, turns, strict=True)
        draw.polygon([(x + r * np.cos(t), y + r * np.sin(t)) for r, t in polar], colour)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def _spoken(world: _World, spoken: list[dict[str, str]]) -> None:
    said = speech.make(world.folder, [one["says"] for one in spoken], len(spoken))
    for one, what in zip(spoken, said, strict=True):
        # what is heard is not spelled as it was said, so the file alone is told
        world.questions.append(Question("words", one["question"], what.file))


def _months(world: _World, monthly: list[dict[str, str]]) -> None:
    """Write the same every month, in files of that month."""
    for (number, one), month in product(enumerate(monthly), range(1, _MONTHS + 1)):
        counts = {"ships": int(world.rng.integers(20, 99)), "other": int(world.rng.integers(2, 19))}
        says, name = one["line"].format(**counts), f"log-{number}-{month:02d}.txt"
        world.write(name, f"{one['title']}. {says}", datetime(_YEAR, month, 28, tzinfo=UTC))
        later = f"{_YEAR}-{month + 1:02d}" if month < _MONTHS else f"{_YEAR + 1}-01"
        options = {"after": f"{_YEAR}-{month:02d}", "before": later}
        world.questions.append(Question("dates", one["question"], name, says, options))


def _orders(world: _World) -> list[om.Item]:
    """Make records whose columns tell what their words do not."""
    return [*_sold(world)]


def _sold(world: _World) -> Iterator[om.Item]:
    for number, (fruit, town) in enumerate(product(_FRUIT, _TOWNS)):
        crates = int(world.rng.integers(20, 900))
        says, name = f"An order of {crates} crates of {fruit}.", f"order/{number}"
        metadata = {"town": town, "crates": crates, "fruit": fruit}
        yield om.Item(name, text=says, metadata=metadata)
        options = {"where": f"town = '{town}'"}
        asked = f"How many crates of {fruit} were ordered?"
        world.questions.append(Question("dates", asked, name, says, options))
