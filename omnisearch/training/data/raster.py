"""Drawings become pictures here: 256 x 256, on white unless they are white themselves."""

from __future__ import annotations

import io

import numpy as np
import resvg_py
from numpy.typing import NDArray
from PIL import Image, ImageOps

SIDE = 256
_DPI = 96  # without it, sizes in points or millimetres come out as nothing
_DUSK = (150, 170, 195)  # behind what would not be seen on white
_BRIGHT, _FAINT = 235, 0.004


def from_svg(svg: str) -> Image.Image | None:
    """Render an SVG on a square; none if it cannot be drawn."""
    try:
        png = resvg_py.svg_to_bytes(svg_string=svg, width=SIDE, dpi=_DPI, skip_system_fonts=True)
    except ValueError:
        return None
    return from_bytes(bytes(png))


def from_bytes(encoded: bytes) -> Image.Image | None:
    """Put an encoded drawing on a square; none if it shows next to nothing."""
    with Image.open(io.BytesIO(encoded)) as opened:
        drawing = opened.convert("RGBA")
    drawing = ImageOps.contain(drawing, (SIDE, SIDE))
    pixels = _look(drawing)
    ink = pixels[..., 3] / 255
    if ink.mean() < _FAINT:
        return None
    colour = (pixels[..., :3] * ink[..., None]).sum((0, 1)) / ink.sum()
    hidden = bool(colour.min() > _BRIGHT) and float(ink.mean()) < 0.97
    square = Image.new("RGB", (SIDE, SIDE), _DUSK if hidden else "white")
    place = ((SIDE - drawing.width) // 2, (SIDE - drawing.height) // 2)
    square.paste(drawing, place, drawing)
    return None if _look(square).std((0, 1)).max() < 2 else square


def _look(image: Image.Image) -> NDArray[np.float32]:
    """Give a small copy: enough to judge by, and quicker."""
    return np.asarray(image.reduce(4), np.float32)


def encode(image: Image.Image) -> bytes:
    """Write a picture without loss, quickly."""
    sink = io.BytesIO()
    image.save(sink, "WEBP", lossless=True, method=0, quality=20)
    return sink.getvalue()


def is_grey(image: Image.Image) -> bool:
    """Tell whether a picture has no colour."""
    pixels = _look(image)
    return bool((pixels.max(2) - pixels.min(2) > 24).mean() < 0.01)
