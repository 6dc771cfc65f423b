"""Pictures cut out of their white ground, to be put into scenes and films.

Only things that WordNet knows as physical and whose name reads well with an article are taken.
"""

from __future__ import annotations

import io
import json
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby, islice
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from omnisearch.training.data import tables
from omnisearch.training.data.concepts import Concepts
from omnisearch.training.data.made import pick
from omnisearch.training.data.packages import Kind
from omnisearch.training.data.sentences import is_thing
from omnisearch.training.data.splits import Split, split_of
from omnisearch.training.lab import Lab, LabError

SIDE = 144
HUES = {
    "red": 0,
    "orange": 28,
    "yellow": 54,
    "green": 120,
    "blue": 220,
    "purple": 275,
    "pink": 330,
}
_KINDS = {"emoji", "clipart", "icon"}
_NAME = re.compile(r"[a-z]{3,12}( [a-z]{3,10})?")
_WHITE, _SHADES = 248, 100  # what counts as ground; the least saturation and value of a colour
_LEAST = 0.55  # share of one hue that makes a thing "of one colour"
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Sprite:
    """A thing cut out, and the hue that it mostly has, if one stands out."""

    name: str
    concept: str
    image: Image.Image  # RGBA
    hue: float | None

    def coloured(self, colour: str) -> Image.Image:
        """Turn its main hue into another."""
        if self.hue is None:
            raise ValueError(f"{self.name} has no main hue")
        hue, saturation, value = self.image.convert("RGB").convert("HSV").split()
        turn = round((HUES[colour] - self.hue) * 256 / 360)
        hue = hue.point([(shade + turn) % 256 for shade in range(256)])
        paler, stronger = (0.55, 1.0) if colour == "pink" else (1.0, 0.7)
        saturation = saturation.point(
            [round(255 * paler * (shade / 255) ** stronger) for shade in range(256)]
        )
        if colour in ("yellow", "orange", "pink"):
            value = value.point([round(255 * (shade / 255) ** 0.5) for shade in range(256)])
        turned = Image.merge("HSV", (hue, saturation, value)).convert("RGBA")
        turned.putalpha(self.image.getchannel("A"))
        return turned


@dataclass
class Bank:
    """Sprites by split, decoded when they are drawn."""

    entries: dict[Split, list[tuple[str, str, bytes]]]  # name, concept, image

    @classmethod
    def load(cls, lab: Lab, each: int = 3) -> Bank:
        """Take some pictures of every thing that has a good name."""
        concepts = Concepts.load(lab)
        wordnet = concepts.wordnet
        above = {one.offset: one.hypernyms for one in wordnet.synsets()}

        @lru_cache(None)
        def good(title: str) -> bool:
            senses = wordnet.senses(concepts.of(title))
            return bool(senses) and is_thing(senses[0], above)

        paths = sorted(lab.data.glob("pictures-*.arrow"))
        return cls.gather([path for path in paths if "scenes" not in path.name], good, each)

    @classmethod
    def gather(cls, paths: Iterable[Path], good: Callable[[str], bool], each: int) -> Bank:
        """Take pictures from files, as long as their titles are good, of any of the sources."""
        entries: dict[Split, list[tuple[str, str, bytes]]] = {
            "train": [],
            "validation": [],
            "test": [],
        }
        found = sorted(_named(paths, good), key=_order)
        for concept, same in groupby(found, key=lambda one: one[1]):
            for name, _, path, row in islice(same, each):
                image = tables.read(path, ["image"])["image"][row].as_py()
                entries[split_of(concept)].append((name, concept, image))
        if not entries["train"]:
            raise LabError("no picture has a usable title: build the part `pictures` first")
        return cls(entries)

    def draw(self, rng: np.random.Generator, split: Split, colourable: bool = False) -> Sprite:
        """Draw a sprite of a split, if asked one whose colour can be changed."""
        for _ in range(200):
            sprite = _kept(*pick(rng, self.entries[split]))
            if not colourable or sprite.hue is not None:
                return sprite
        raise LabError(f"too few pictures of the split {split} have one main colour")

    def several(
        self, rng: np.random.Generator, split: Split, count: int, colourable: bool = False
    ) -> list[Sprite]:
        """Draw different things; of a held-out split at least the first."""
        found: list[Sprite] = []
        while len(found) < count:
            where = split if not found or rng.uniform() < 0.5 else "train"
            one = self.draw(rng, where, colourable)
            if one.concept not in {other.concept for other in found}:
                found.append(one)
        return found


def _named(
    paths: Iterable[Path], good: Callable[[str], bool]
) -> Iterator[tuple[str, str, Path, int]]:
    """Give name, concept, file and row of every picture that may be cut out."""
    for path in paths:
        table = tables.read(path, ["title", "concept", "kind", "attributes"])
        for row, one in enumerate(table.to_pylist()):
            name = one["title"].casefold()
            if one["kind"] in _KINDS and usable(name, one["attributes"]) and good(name):
                yield name, one["concept"], path, row


def _order(one: tuple[str, str, Path, int]) -> tuple[str, int]:
    """Order by concept, and within one by chance, the same each time."""
    _, concept, path, row = one
    return concept, zlib.crc32(f"{path.stem}/{row}".encode())


@lru_cache(8192)
def _kept(name: str, concept: str, image: bytes) -> Sprite:
    return cut(name, concept, image)


def usable(name: str, attributes: str) -> bool:
    """Tell whether a title reads well behind an article, and the picture is not grey or toned."""
    more = json.loads(attributes) if attributes else {}
    if more.get("tone") or more.get("grey") or "flag" in str(more.get("subgroup", "")):
        return False
    return bool(_NAME.fullmatch(name)) and (not name.endswith("s") or name.endswith("ss"))


def cut(name: str, concept: str, image: bytes) -> Sprite:
    """Cut a picture out of its ground and crop it."""
    whole = Image.open(io.BytesIO(image)).convert("RGB").resize((SIDE, SIDE), Image.Resampling.BOX)
    pixels = np.asarray(whole)
    solid = ~outside(pixels.min(axis=2) >= _WHITE)
    if not solid.any():
        solid[:] = True
    inner = solid & np.roll(solid, 1, 0) & np.roll(solid, -1, 0)
    inner &= np.roll(solid, 1, 1) & np.roll(solid, -1, 1)
    alpha = np.where(inner, 255, np.where(solid, 140, 0)).astype(np.uint8)
    rows, columns = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
    box = (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
    ready = whole.copy()
    ready.putalpha(Image.fromarray(alpha))
    return Sprite(name, concept, ready.crop(box), main_hue(pixels[inner]))


def outside(ground: Mask) -> Mask:
    """Find the ground that is joined to the border, in sweeps along rows and columns."""
    reached = np.zeros_like(ground)
    reached[[0, -1], :] = ground[[0, -1], :]
    reached[:, [0, -1]] |= ground[:, [0, -1]]
    before = -1
    while (now := int(reached.sum())) != before:
        before = now
        reached = _swept(ground, reached)
        reached = _swept(ground.T, reached.T).T
    return reached


def _swept(ground: Mask, reached: Mask) -> Mask:
    """Reach the whole of every run of ground in a row of which some pixel is reached."""
    runs = np.cumsum(~ground, axis=1) + np.arange(len(ground))[:, None] * (ground.shape[1] + 1)
    met = np.bincount(runs.ravel(), (reached & ground).ravel()) > 0
    return np.asarray(ground & met[runs])


def pictures_from(lab: Lab) -> list[tuple[Kind, str]]:
    """Name the packages that the pictures of a laboratory come from."""
    found = set[tuple[Kind, str]]()
    for path in (lab.data / "sources").glob("pictures-*.json"):
        used = json.loads(path.read_text("utf-8"))["packages"]
        found.update((one["kind"], one["name"]) for one in used)
    return sorted(found)


def main_hue(pixels: npt.NDArray[np.uint8]) -> float | None:
    """Give the hue in degrees that most pixels share, or nothing."""
    if len(pixels) < 50:
        return None
    hsv = np.asarray(Image.fromarray(pixels[None]).convert("HSV"))[0]
    strong = hsv[(hsv[:, 1] > _SHADES) & (hsv[:, 2] > _SHADES)]
    if len(strong) == 0:
        return None
    counts = np.bincount(strong[:, 0] // 4, minlength=64)
    beside = [np.roll(counts, by) for by in (-2, -1, 1, 2)]
    top = int((3 * counts + 2 * beside[1] + 2 * beside[2] + beside[0] + beside[3]).argmax())
    if counts[top] + sum(int(one[top]) for one in beside) < _LEAST * len(pixels):
        return None
    return (top * 4 + 2) * 360 / 256
