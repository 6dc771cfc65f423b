"""Lines of print drawn on pictures and on scanned pages, and how much of them was read."""

from __future__ import annotations

from importlib.util import find_spec
from io import BytesIO

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageFont

needs_ocr = pytest.mark.skipif(
    find_spec("rapidocr") is None,
    reason="the extra ocr is not installed (100 MB to fetch): pip install 'omnisearch[ocr]'",
)

LINES = """The lighthouse keeper counted eleven ships
Invoice 20413 was paid on 7 March 2026
Mix flour, butter and two eggs slowly
Quarterly revenue rose by 4.8 percent
Do not open this door while it is hot
Granite cliffs shelter rare sea birds
Serial number XK-77-B, built in Leeds
She planted tulips along the old canal
Next train to Aberdeen leaves at 09:45
Fragile glass: keep this side up
A violin needs four strings and a bow
Parking is free after six o'clock
The committee met on Thursday evening
Warning: high voltage behind this panel
Two thirds of the forest burned in 1988
Please return the key to room 214
Copper wire conducts heat and current
His bicycle was stolen near the museum
Add salt to taste and serve with rice
Observations end where the glacier begins""".splitlines()
_FINE = 4  # times as large as it ends, so that letters have soft edges


def sheet(
    lines: list[str], *, side: int = 1024, points: float = 10, left: float = 60, top: float = 60
) -> Image.Image:
    """Draw lines on a page of A4 whose longer side has so many pixels; places are in points."""
    scale = _FINE * side / 842
    page = Image.new("RGB", (round(595 * scale), round(842 * scale)), "white")
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(points * scale)
    for number, line in enumerate(lines):
        place = (left * scale, (top + 1.6 * points * number) * scale)
        draw.text(place, line, fill="black", font=font)
    return page.resize((page.width // _FINE, page.height // _FINE), Image.Resampling.LANCZOS)


def scanned(page: Image.Image) -> Image.Image:
    """Make a page as a cheap scanner gives it: aslant, soft, grey, noisy, as a JPEG."""
    aslant = page.rotate(0.7, fillcolor="white", resample=Image.Resampling.BICUBIC)
    soft = np.asarray(aslant.filter(ImageFilter.GaussianBlur(0.6)), np.float64)
    noisy = 0.85 * soft + 20 + np.random.default_rng(1).normal(0, 8, soft.shape)
    file = BytesIO()
    Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).save(file, "JPEG", quality=60)
    return Image.open(file).convert("RGB")


def pdf_of(*pages: Image.Image) -> bytes:
    """Put pictures on the pages of a PDF without any words."""
    file = BytesIO()
    pages[0].save(file, "PDF", save_all=True, append_images=pages[1:], resolution=72.0)
    return file.getvalue()


def pixels(page: Image.Image) -> npt.NDArray[np.uint8]:
    return np.asarray(page)


def share_read(wanted: str, found: str) -> float:
    """Give the share of letters that are right: 1 less edits by the length."""
    before = list(range(len(found) + 1))
    for row, one in enumerate(wanted, start=1):
        now = [row]
        for column, other in enumerate(found, start=1):
            same = before[column - 1] + (one != other)
            now.append(min(before[column] + 1, now[-1] + 1, same))
        before = now
    return 1 - before[-1] / len(wanted)
