"""Sounds, videos, pages and texts of the tiny corpus."""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import product

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from omnisearch.training.data import tables, tiny
from omnisearch.training.data.splits import split_of

RATE = 16_000
WAVES = ("sine", "square", "saw")
PITCHES = {"low": 160, "middle": 440, "high": 1200}
NOISES = {"rain": 1, "fire": 24, "storm": 120}
SWEEPS = {"rising siren": (300, 1500), "falling siren": (1500, 300)}
WORDS = ("apples", "bicycles", "candles", "dolphins", "oranges", "pencils", "lanterns", "violins")
LAYOUTS = ("prose", "table", "two columns", "form", "slide")
ADJECTIVES = (
    "small",
    "large",
    "old",
    "bright",
    "quiet",
    "heavy",
    "round",
    "useful",
    "wild",
    "soft",
)
NOUNS = (
    "animal",
    "tool",
    "plant",
    "machine",
    "vessel",
    "garment",
    "building",
    "dish",
    "game",
    "road",
)
PLACES = ("forests", "kitchens", "harbours")


def sounds() -> Iterator[tables.Row]:
    """Compute 120 seconds of tones, noises, sweeps, beats and stand-ins for speech."""
    noise = np.random.default_rng(0)
    for wave, pitch, take in product(WAVES, PITCHES, range(6)):  # 54
        wanted = _wave(wave, PITCHES[pitch] * (1 + take / 12))
        yield _sound(f"{pitch} {wave} tone", "instrument", take, wanted)
    for name, take in product(NOISES, range(8)):  # 24
        smooth = np.convolve(noise.normal(size=RATE), np.ones(NOISES[name]) / NOISES[name], "same")
        yield _sound(name, "procedural", take, smooth / np.abs(smooth).max())
    for name, take in product(SWEEPS, range(6)):  # 12
        pitch_hz = np.linspace(*SWEEPS[name], RATE) * (1 + take / 12)
        yield _sound(name, "effect", take, np.sin(np.cumsum(pitch_hz) * 2 * np.pi / RATE))
    for beats, take in product((2, 4), range(7)):  # 14
        decay = np.exp(-np.linspace(0, 8, RATE // beats))
        hit = noise.normal(size=decay.size) * decay / 4
        yield _sound(f"{beats} drum beats", "drum", take, np.resize(hit, RATE))
    for word, take in product(WORDS, range(2)):  # 16
        letters = [_wave("saw", 80 * (take + 1) + 20 * (ord(one) - 96)) for one in word[:4]]
        spoken = np.concatenate([letter[: RATE // 4] for letter in letters])
        yield {**_sound(word, "speech", take, spoken), "transcript": word, "voice": f"voice {take}"}


def _wave(kind: str, hertz: float) -> np.ndarray:
    turns = np.arange(RATE) * hertz / RATE
    if kind == "sine":
        return np.sin(2 * np.pi * turns)
    return np.sign(np.sin(2 * np.pi * turns)) if kind == "square" else 2 * (turns % 1) - 1


def _sound(title: str, kind: str, take: int, wave: np.ndarray) -> dict[str, object]:
    samples = (np.clip(wave, -1, 1) * 20_000).astype("<i2")
    return {
        "id": f"{tiny.SOURCE}/{title.replace(' ', '-')}-{take}",
        "concept": title,
        "kind": kind,
        "source": tiny.SOURCE,
        "title": title,
        "captions": [title, f"the sound of {title}"],
        "pcm": samples.tobytes(),
        "transcript": None,
        "voice": None,
        "split": split_of(title),
        "licence": tiny.LICENCE,
    }


def videos() -> Iterator[tables.Row]:
    """Move a shape across eight frames, one way or the other."""
    ways = ("left to right", "right to left")
    for shape, colour, way in product(tiny.SHAPES, ("red", "blue"), ways):
        other = ways[1 - ways.index(way)]
        stops = range(8) if way == ways[0] else range(7, -1, -1)
        concept = f"{colour} {shape}"
        yield {
            "id": f"{tiny.SOURCE}/{concept} {way}".replace(" ", "-"),
            "concept": concept,
            "captions": [f"a {concept} moves from {way}"],
            "twin": [f"a {concept} moves from {other}"],
            "frames": [_frame(shape, colour, stop) for stop in stops],
            "pcm": None,
            "split": split_of(concept),
            "licence": tiny.LICENCE,
        }


def _frame(shape: str, colour: str, stop: int) -> bytes:
    sprite = Image.new("RGB", (80, 80), "white")
    tiny.draw(sprite, shape, tiny.COLOURS[colour])
    image = Image.new("RGB", (224, 224), "white")
    image.paste(sprite, (stop * 20, 72))
    sink = io.BytesIO()
    image.save(sink, "JPEG", quality=90)
    return sink.getvalue()


def pages() -> Iterator[tables.Row]:
    """Print 40 pages: eight subjects in five layouts."""
    for word, layout in product(WORDS, LAYOUTS):
        words = f"{word} of the {LAYOUTS.index(layout) + 1}th harvest, with all about {word}"
        title = f"{layout} about {word}"
        yield {
            "id": f"{tiny.SOURCE}/{title.replace(' ', '-')}",
            "concept": word,
            "kind": "page",
            "source": tiny.SOURCE,
            "style": None,
            "title": title,
            "captions": [f"a page with {title}"],
            "image": tiny.encode(_page(words, layout)),
            "split": split_of(word),
            "licence": tiny.LICENCE,
            "attributes": "",
            "words": words,
            "layout": layout,
            "queries_layout": [f"{layout} about {word}"],
            "queries_words": [f"all about {word}"],
        }


def _page(words: str, layout: str) -> Image.Image:
    image = Image.new("RGB", (tiny.SIDE, tiny.SIDE), "white")
    pen = ImageDraw.Draw(image)
    size = 24 if layout == "slide" else 12
    font = ImageFont.load_default(size)
    columns = {"two columns": 2, "table": 4, "form": 2}.get(layout, 1)
    width = tiny.SIDE // columns
    for column in range(columns):
        for row in range(1, 5):
            text = words[(column + row) * 5 :][: width // (size // 2)]
            pen.text((column * width + 4, row * 48), text, "black", font)
    if layout in ("table", "form"):
        for line in range(1, 5):
            pen.line([(0, line * 48 - 4), (tiny.SIDE, line * 48 - 4)], "black", 2)
    return image


def texts() -> Iterator[tables.Row]:
    """Write 300 pairs of a made-up word and what it is said to mean."""
    kinds = ("gloss", "synonym", "hypernym", "debian", "manual", "readme")
    trios = product(ADJECTIVES, NOUNS, PLACES)
    for number, (adjective, noun, place) in enumerate(trios):
        query = f"{adjective} {noun} of {place}"
        yield {
            "id": f"{tiny.SOURCE}/text-{number}",
            "concept": query,
            "query": query,
            "passage": f"a {noun} that is {adjective} and is found in {place}",
            "kind": kinds[number % len(kinds)],
            "split": split_of(query),
            "licence": tiny.LICENCE,
        }
