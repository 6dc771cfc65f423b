"""Small collections of segments with views, words, files and dates, and a plain list of the same.

Coordinates are 0 and one half, so that cosines are exact however they are summed.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from omnisearch import moments
from omnisearch.encoder.calibration.background import Background
from omnisearch.encoder.calibration.calibrator import Calibrator
from omnisearch.encoder.calibration.prior import Prior
from omnisearch.locations import Root
from omnisearch.records import Modality, View
from omnisearch.storage import changes, maintenance
from omnisearch.storage.batch import WORDS_MARK, Segments
from omnisearch.storage.generation import Generation
from omnisearch.storage.handle import Handle, Options
from omnisearch.storage.ledger import Ledger
from omnisearch.storage.origin import Origin

Vector = npt.NDArray[np.float32]
DIM = 8
MODALITIES: tuple[Modality, ...] = ("text", "image", "audio")
VOCABULARY = ("dog", "beach", "night", "lease", "red")
FOLDERS = ("photos/2024", "photos/2025", "notes")
DAY = 86_400_000_000
PRIOR = Prior(
    0.5,
    0.8,
    {("image", "image"): 1.0},
    {
        ("text", "text"): Background(0.3, 0.3),
        ("text", "image"): Background(0.1, 0.2),
        ("text", "audio"): Background(0.0, 0.4),
        ("image", "image"): Background(0.5, 0.2),
    },
)
CALIBRATOR = Calibrator(PRIOR, {("text", "words"): 40.0, ("image", "content"): 15.0})


def exact(rng: random.Random) -> Vector:
    """Draw a unit vector with four coordinates of one half."""
    vector = np.zeros(DIM, np.float32)
    for at in rng.sample(range(DIM), 4):
        vector[at] = rng.choice((0.5, -0.5))
    return vector


@dataclass
class Segment:
    """One segment as the oracle sees it."""

    id: str
    item: str
    modality: Modality
    content: Vector | None
    words: Vector | None
    said: str | None
    price: int
    path: str
    date: int
    look: int | None
    missing: bool = False


class World:
    """A collection and the segments that should be in it."""

    def __init__(self, handle: Handle) -> None:
        self.handle = handle
        self.segments: dict[str, Segment] = {}

    @property
    def now(self) -> Generation:
        return self.handle.need().reading()

    def write(self, segments: list[Segment]) -> None:
        """Store some segments in a generation of their own."""
        self.handle.need().write(changes.recording(_as_rows(segments), replacing=True))
        self.segments.update({one.id: one for one in segments})


def empty(path: Path) -> World:
    """Make a collection without items."""
    handle = Handle(path, Options())
    store = handle.for_encoding(Origin("toy aaaa 8", DIM, dict))
    store.write_ledger(Ledger((Root(0, b"/home/me", 1, "folder"),)))
    return World(handle)


def build(path: Path, rng: random.Random, items: int) -> World:
    """Write items in several generations, seal some, delete and move some."""
    world = empty(path)
    store = world.handle.need()
    for number in range(items):
        world.write(_item(rng, f"item{number}"))
        if rng.random() < 0.1:
            maintenance.seal(store)
        if rng.random() < 0.15:
            _delete(world, rng)
        if rng.random() < 0.1:
            _rewrite(world, rng)
    if rng.random() < 0.3:
        maintenance.compact_whole(store)
    return world


def _item(rng: random.Random, name: str) -> list[Segment]:
    modality = rng.choice(MODALITIES)
    price, path = rng.randint(1, 4), f"{rng.choice(FOLDERS)}/{name}.bin"
    date, missing = rng.randint(1, 5) * DAY, rng.random() < 0.1
    found = []
    for number in range(rng.choice((1, 1, 1, 2, 4))):
        text = modality == "text"
        speaks = text or rng.random() < 0.4
        said = " ".join(rng.choices(VOCABULARY, k=rng.randint(1, 6))) if speaks else None
        one = Segment(
            f"{name}#{number}",
            name,
            modality,
            None if text else exact(rng),
            exact(rng) if speaks else None,
            said,
            price,
            path,
            date,
            rng.choice((0, 1, 1 << 40, -1)) if modality == "image" else None,
            missing,
        )
        found.append(one)
    return found


def _as_rows(segments: list[Segment]) -> Segments:
    rows: list[tuple[str, View, Vector, Segment]] = []
    for one in segments:
        if one.content is not None:
            rows.append((one.id, "content", one.content, one))
        if one.words is not None:
            mark = "" if one.content is None else WORDS_MARK
            rows.append((one.id + mark, "words", one.words, one))
    return Segments(
        ids=[row[0] for row in rows],
        items=[row[3].item for row in rows],
        views=[row[1] for row in rows],
        modalities=[row[3].modality for row in rows],
        vectors=np.stack([row[2] for row in rows]),
        metadata=[_metadata(row[3]) for row in rows],
    )


def _metadata(one: Segment) -> dict[str, object]:
    found: dict[str, object] = {
        "price": one.price,
        "file.locations": [f"0:{one.path}"],
        "file.date": moments.moment(one.date),
    }
    if one.said is not None:
        found["segment.words"] = one.said
    if one.look is not None:
        found["segment.look"] = one.look
    if one.missing:
        found["file.missing"] = moments.moment(one.date)
    return found


def _delete(world: World, rng: random.Random) -> None:
    if not world.segments:
        return
    gone = rng.choice(sorted(world.segments))
    del world.segments[gone]
    names = [gone, gone + WORDS_MARK]

    def found(now: Generation) -> list[str]:
        return [name for name, at in zip(names, now.find(names), strict=True) if at >= 0]

    world.handle.need().write(changes.deleting(found))


def _rewrite(world: World, rng: random.Random) -> None:
    """Change one row of a segment, which leaves its other side in another part."""
    both = [
        one for one in world.segments.values() if one.content is not None and one.words is not None
    ]
    if not both:
        return
    one = rng.choice(sorted(both, key=lambda segment: segment.id))
    row = one.id + rng.choice(("", WORDS_MARK))
    world.handle.need().write(changes.updating([row], [{"seen": True}]))
