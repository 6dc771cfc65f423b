"""A sheet to write and draw on, that keeps the words in the order in which they were written."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from omnisearch.training.data import packages
from omnisearch.training.data.documents import wrapped
from omnisearch.training.data.made import pick
from omnisearch.training.lab import Lab

Colour = tuple[int, int, int]
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
Box = tuple[float, float, float, float]
ACCENTS: tuple[Colour, ...] = (
    (30, 80, 160),
    (160, 40, 40),
    (30, 120, 70),
    (110, 60, 140),
    (190, 110, 20),
    (40, 40, 40),
)
PAPERS: tuple[Colour, ...] = ((255, 255, 255), (255, 255, 255), (252, 248, 236), (244, 246, 250))
INK: Colour = (24, 24, 24)


class Fonts:
    """Pairs of faces, for text and for headings; without packages there is Pillow's own."""

    def __init__(self, faces: Sequence[tuple[bytes, bytes]] = ()) -> None:
        self._faces = faces
        self._sized = lru_cache(1024)(self._open)

    @classmethod
    def load(cls, lab: Lab) -> Fonts:
        """Read the faces out of their packages."""
        listed = _listed()
        read: dict[tuple[str, str], bytes] = {}
        for kind, package in font_packages():
            archive = packages.obtain(lab, kind, package)
            for name, content in packages.members(archive, lambda n: n.endswith((".ttf", ".otf"))):
                read[package, name.rpartition("/")[2]] = content
        return cls([(read[package, plain], read[package, bold]) for package, plain, bold in listed])

    def draw(self, rng: np.random.Generator) -> int:
        """Draw the number of a pair."""
        return int(rng.integers(max(1, len(self._faces))))

    def face(self, number: int, size: int, bold: bool = False) -> Font:
        """Open a face at a size."""
        return self._sized(number, size, bold)

    def _open(self, number: int, size: int, bold: bool) -> Font:
        if not self._faces:
            return ImageFont.load_default(size)
        return ImageFont.truetype(io.BytesIO(self._faces[number][bold]), size)


def _listed() -> list[tuple[str, str, str]]:
    """Read which package holds which pair of faces."""
    text = resources.files(__package__).joinpath("fonts.json").read_text("utf-8")
    return [(package, plain, bold) for package, plain, bold in json.loads(text)]


def font_packages() -> list[tuple[packages.Kind, str]]:
    """Name the packages that faces are taken from."""
    return [("debian", name) for name in sorted({package for package, _, _ in _listed()})]


@dataclass
class Paper:
    """A page while it is being written, in points of a sheet 480 wide or high."""

    fonts: Fonts
    pair: int
    accent: Colour
    colour: Colour
    ink: Colour
    width: int
    height: int
    words: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Take a sheet."""
        self.image = Image.new("RGB", (self.width, self.height), self.colour)
        self.pen = ImageDraw.Draw(self.image)

    @classmethod
    def take(cls, fonts: Fonts, rng: np.random.Generator, wide: bool, dark: bool = False) -> Paper:
        """Take a sheet of a kind: tall or wide, light or dark."""
        colour, ink = pick(rng, PAPERS), INK
        if dark:
            colour, ink = pick(rng, ((24, 34, 64), (40, 40, 44), (20, 70, 66))), (240, 240, 236)
        accent = pick(rng, ACCENTS) if not dark else (250, 190, 70)
        width, height = (480, 340) if wide else (360, 480)
        return cls(fonts, fonts.draw(rng), accent, colour, ink, width, height)

    def line(
        self, text: str, x: float, y: float, size: int, bold: bool = False, accent: bool = False
    ) -> float:
        """Write one line; gives where the next one begins."""
        font = self.fonts.face(self.pair, size, bold)
        self.pen.text((x, y), text, font=font, fill=self.accent if accent else self.ink)
        self.words.append(text)
        return y + size * 1.3

    def block(self, text: str, box: Box, size: int) -> float:
        """Write a text into a box, as much as fits; gives where it ended."""
        left, top, right, bottom = box
        fits = max(8, int((right - left) / (size * 0.52)))
        y = top
        for line in wrapped(text, fits):
            if y + size > bottom:
                break
            y = self.line(line, left, y, size)
        return y

    def title(self, text: str, size: int = 22) -> float:
        """Write the heading at the top."""
        limit = max(6, int((self.width - 50) / (size * 0.56)))
        y = 22.0
        for line in wrapped(text, limit)[:2]:
            y = self.line(line, 26, y, size, bold=True, accent=True)
        return y + 8

    def text(self) -> str:
        """Give everything that was written."""
        return " ".join(self.words)

    def picture(self, side: int, rng: np.random.Generator) -> Image.Image:
        """Give the page fitted into a square, sometimes a little askew as from a scanner."""
        image = self.image
        if rng.uniform() < 0.2:
            angle = float(rng.uniform(-2.5, 2.5))
            image = image.rotate(angle, Image.Resampling.BILINEAR, fillcolor=self.colour)
        scale = side / max(image.size)
        shape = (round(image.width * scale), round(image.height * scale))
        square = Image.new("RGB", (side, side), (208, 208, 208))
        small = image.resize(shape, Image.Resampling.LANCZOS)
        square.paste(small, ((side - shape[0]) // 2, (side - shape[1]) // 2))
        return square
