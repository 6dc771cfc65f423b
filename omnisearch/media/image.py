"""Pictures: whatever Pillow reads, turned upright, on white, as RGB; and as the tower reads them.

A header may promise any size, so it is judged before anything is decoded. Formats that run other
programs (EPS) or hold other files are not opened at all.
"""

from __future__ import annotations

import os
import struct
import warnings
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from omnisearch.errors import MediaError
from omnisearch.media.source import FILES, File, named, opened

if TYPE_CHECKING:
    from PIL.Image import Image

    Source = File | Image | npt.NDArray[Any]

RGB = npt.NDArray[np.uint8]
# Pillow's readers by their modules; those of Pillow that are absent here are left out
READERS = """
    Avif Bmp Gif Icns Ico Jpeg Jpeg2K Pcx Png Ppm Qoi Sgi Tga Tiff WebP
""".split()
# what Pillow's readers raise on damaged bytes, found by flipping and cutting files of all formats
DAMAGE: tuple[type[Exception], ...] = (
    AttributeError,
    EOFError,
    IndexError,
    KeyError,
    OSError,
    OverflowError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    ZeroDivisionError,
    struct.error,
)


@dataclass(frozen=True, slots=True)
class Limits:
    """What is read at most."""

    pixels: int = 150_000_000  # 450 MB as RGB; the largest sensors of phones have 200 M
    bytes: int = 500_000_000


LIMITS = Limits()


def read(
    source: Source,
    *,
    box: tuple[float, float, float, float] | None = None,
    least: int | None = None,
    limits: Limits = LIMITS,
) -> RGB:
    """Give a picture (h, w, 3) as a person sees it; of an animation the first frame.

    `box` is (x, y, w, h) in fractions of what is seen. JPEG may be decoded at a half, a quarter or
    an eighth, as long as both sides have `least` pixels.
    """
    if isinstance(source, np.ndarray):
        return cut(of_array(source), box)
    image = _open(source, limits)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about metadata that is wrong in parts
            if least is not None and box is None:
                shrink(image, least)
            return cut(np.asarray(_upright(image)), box)
    except MemoryError as error:
        raise MediaError(f"{_named(source)} does not fit into memory: make it smaller") from error
    except DAMAGE as error:
        raise damaged(source, error) from error


def square(rgb: RGB, side: int) -> npt.NDArray[np.float32]:
    """Give a picture as the tower was trained on: (3, side, side), from 0 to 255, not cropped."""
    from PIL import Image

    if rgb.shape[:2] != (side, side):
        resized = Image.fromarray(rgb).resize((side, side), Image.Resampling.BICUBIC)
        rgb = np.asarray(resized)
    return rgb.transpose(2, 0, 1).astype(np.float32)


def _open(source: File | Image, limits: Limits) -> Image:
    """Read the header and judge it."""
    from PIL import Image, UnidentifiedImageError

    if isinstance(source, Image.Image):
        check_pixels(source, source.size, limits)
        return source.copy()
    if not isinstance(source, FILES):
        kinds = "a path, bytes, a PIL image or an array"
        raise TypeError(f"a picture is {kinds}, not {type(source).__name__}")
    content = _content(source, limits)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = Image.open(BytesIO(content), formats=formats())
    except Image.DecompressionBombError as error:
        raise MediaError(f"{_named(source)} promises too many pixels ({error})") from error
    except UnidentifiedImageError as error:
        raise MediaError(
            f"{_named(source)}: no picture that can be read, convert it to PNG or JPEG"
        ) from error
    except DAMAGE as error:
        raise damaged(source, error) from error
    check_pixels(source, image.size, limits)
    return image


@cache
def formats() -> tuple[str, ...]:
    """Name the formats that are read, as Pillow calls them, and load their readers."""
    from PIL import Image

    for name in READERS:
        try:
            import_module(f"PIL.{name}ImagePlugin")
        except ImportError:  # built without that library
            continue
    wanted = {name.upper() for name in READERS} | {"JPEG2000"}
    return tuple(name for name in Image.OPEN if name in wanted)


def _content(source: File, limits: Limits) -> bytes:
    with opened(source) as file:
        size = file.seek(0, os.SEEK_END)
        if size > limits.bytes:
            allowed = f"{limits.bytes:,} are allowed"
            raise MediaError(f"{named(source)} has {size:,} bytes, {allowed}: shrink it")
        file.seek(0)
        return file.read()


def check_pixels(source: object, size: tuple[int, int], limits: Limits) -> None:
    """Refuse what has no pixels, or more than are allowed."""
    width, height = size
    if not width or not height:
        raise MediaError(f"{_named(source)} has no pixels ({width} x {height}): leave it out")
    if width * height > limits.pixels:
        raise MediaError(
            f"{_named(source)} has {width:,} x {height:,} pixels, "
            f"{limits.pixels:,} are allowed: shrink it"
        )


def shrink(image: Image, least: int) -> None:
    """Let a JPEG skip what would be averaged away anyway."""
    if image.format in ("JPEG", "MPO") and image.mode in ("RGB", "L"):
        width, height = image.size
        by = min(width, height) // least
        if by >= 2:
            image.draft(image.mode, (width // by, height // by))


def _upright(image: Image) -> Image:
    """Turn as EXIF says, on white and of 8 bits."""
    from PIL import ImageOps

    image.seek(0) if getattr(image, "is_animated", False) else None
    image.load()
    return flat(ImageOps.exif_transpose(image))


def flat(image: Image) -> Image:
    """Put what is transparent on white, bring every depth to 8 bits."""
    from PIL.Image import alpha_composite, fromarray, new

    if image.mode in ("I", "F") or image.mode.startswith("I;"):
        return fromarray(of_array(np.asarray(image)))
    if image.has_transparency_data:
        layers = image.convert("RGBA")
        white = new("RGBA", layers.size, (255, 255, 255, 255))
        return alpha_composite(white, layers).convert("RGB")
    return image.convert("RGB")


def of_array(array: npt.NDArray[Any]) -> RGB:
    """Take (h, w), (h, w, 1), (h, w, 3) or (h, w, 4) of bytes, 16 bits or fractions."""
    if array.ndim == 2:
        array = array[:, :, None]
    if array.ndim != 3 or array.shape[2] not in (1, 3, 4):
        raise MediaError(f"an array of shape {array.shape} is no picture: (h, w, 3) is wanted")
    if not array.size:
        raise MediaError(f"an array of shape {array.shape} has no pixels: leave it out")
    deep = _bytes_of(array)
    if array.shape[2] == 4:
        colours, alpha = deep[:, :, :3].astype(np.uint32), deep[:, :, 3:].astype(np.uint32)
        deep = ((colours * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)
    return np.ascontiguousarray(np.broadcast_to(deep, (*deep.shape[:2], 3)))


def _bytes_of(array: npt.NDArray[Any]) -> RGB:
    """Bring values to 0 to 255 by what they can hold; integers of 32 bits by what they do hold."""
    kind, top = array.dtype.kind, 255.0
    if array.dtype == np.uint8:
        return array
    if kind == "b":
        return array.astype(np.uint8) * np.uint8(255)
    if kind not in "iuf":
        raise MediaError(f"an array of {array.dtype} is no picture: bytes or fractions are wanted")
    numbers = array.astype(np.float64)
    if not np.isfinite(numbers).all():
        raise MediaError("the picture has values that are not finite: replace them")
    highest = float(numbers.max())
    if array.dtype in (np.uint16, np.dtype(">u2")):
        top = 65535.0
    elif kind == "f" and highest <= 1:
        top = 1.0
    elif highest > 255:
        top = 65535.0 if highest <= 65535 else highest
    return np.asarray(np.clip(np.rint(numbers * (255 / top)), 0, 255), np.uint8)


def cut(rgb: RGB, box: tuple[float, float, float, float] | None) -> RGB:
    """Give the part inside a box, a pixel at least."""
    if box is None:
        return rgb
    height, width = rgb.shape[:2]
    x, y, w, h = box
    left, top = min(int(x * width), width - 1), min(int(y * height), height - 1)
    right, bottom = max(round((x + w) * width), left + 1), max(round((y + h) * height), top + 1)
    return np.ascontiguousarray(rgb[top:bottom, left:right])


def damaged(source: object, error: BaseException) -> MediaError:
    """Say that a picture does not decode."""
    fault = f"{_named(source)}: damaged or cut short ({error or type(error).__name__})"
    return MediaError(f"{fault}: copy it again, or leave it out")


def _named(source: object) -> str:
    return named(source) if isinstance(source, FILES) else "the picture given"
