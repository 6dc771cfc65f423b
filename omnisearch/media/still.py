"""A picture from an open file, made small while it is read, and what its file tells beside it.

Memory is bounded by the caps whatever the format: what takes long runs on strips.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from omnisearch.errors import MediaError
from omnisearch.media import image, video
from omnisearch.media.caps import Caps
from omnisearch.media.heif import boxes
from omnisearch.media.heif.picture import Photo
from omnisearch.media.image import DAMAGE, RGB, Limits
from omnisearch.media.source import File, named, opened

if TYPE_CHECKING:
    from PIL.Image import Exif, Image

# Bytes that each pixel takes while a format is decoded, in Pillow and in the library below. Seen as
# the peak of a process: WebP 16.1, AVIF 9.0, others 6.4 at most
_BYTES = {"WEBP": 16, "AVIF": 10}
_BYTES_USUAL = 8
_HEADER = 8  # times the cap: so large may a JPEG be that is decoded at a fraction
_STRIP = 4_000_000  # pixels
_THIN = 32  # times as long as wide
_TILED = 4  # times the cap: so large may a picture of tiles be, each made small by itself
HEIC = "heic"
FORMATS: Mapping[str, tuple[str, ...]] = {
    "jpeg": ("JPEG",),
    "png": ("PNG",),
    "gif": ("GIF",),
    "webp": ("WEBP",),
    "bmp": ("BMP", "DIB"),
    "tiff": ("TIFF",),
    "avif": ("AVIF",),
    HEIC: (),  # Pillow has no reader of it
}
_ORIENTATION, _EXIF, _GPS = 0x0112, 0x8769, 0x8825
_LONGEST_FACT = 4_000


@dataclass(frozen=True, slots=True, eq=False)
class Still:
    """A picture as a person sees it, no larger than asked; its first frame where it moves.

    `width` and `height` are those of the file. `tags` are those of EXIF by number, those of GPS
    under "gps", what a PNG says under its own names. `pages`: there are others behind the first.
    """

    rgb: RGB
    width: int
    height: int
    tags: Mapping[Any, Any] = field(default_factory=dict)
    pages: bool = False


def read(source: File, form: str, caps: Caps) -> Still:
    """Read a picture of a format that was told from its bytes."""
    from PIL import UnidentifiedImageError

    with opened(source) as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about metadata that is wrong in parts
        try:
            if form == HEIC:
                return _of_phone(source, file, caps)
            return _of_pillow(source, file, form, caps)
        except MediaError:
            raise
        except UnidentifiedImageError as error:
            raise MediaError(f"{named(source)} is no {form} that can be read") from error
        except MemoryError as error:
            raise MediaError(f"{named(source)} does not fit into memory: shrink it") from error
        except DAMAGE as error:
            raise image.damaged(source, error) from error


def _of_pillow(source: File, file: BinaryIO, form: str, caps: Caps) -> Still:
    from PIL import Image

    found = Image.open(file, formats=FORMATS[form])
    size = found.size
    _check(source, found, caps)
    image.shrink(found, caps.side)
    found.load()
    tags = _tags(found)
    rgb = _turned(_sized(_small(found, caps.side), caps.side), tags.get(_ORIENTATION))
    turned = size[::-1] if tags.get(_ORIENTATION) in (5, 6, 7, 8) else size
    pages = form == "tiff" and bool(getattr(found, "is_animated", False))
    return Still(rgb, *turned, tags, pages)


def _of_phone(source: File, file: BinaryIO, caps: Caps) -> Still:
    """Read HEIC, whose boxes alone say how it is turned; where there is only a film, its start."""
    from PIL import Image

    meta = boxes.meta(file)
    if meta is None:
        rgb = video.first(source)
        return Still(_sized(rgb, caps.side), rgb.shape[1], rgb.shape[0])
    photo = Photo(file, meta)
    by = max(1, min(photo.size) // (2 * caps.side))
    most = caps.pixels * (min(_TILED, by * by) if photo.tiled else 1)
    image.check_pixels(source, photo.coded, Limits(pixels=most))
    rgb = _sized(photo.rgb(by), caps.side)
    tags: dict[Any, Any] = {}
    with suppress(*DAMAGE):
        exif = Image.Exif()
        exif.load(photo.exif())
        _tell(tags, exif)
    return Still(rgb, *photo.size, tags)


def _check(source: File, found: Image, caps: Caps) -> None:
    """Judge a picture by its header."""
    width, height = found.size
    if found.format in ("JPEG", "MPO") and not found.info.get("progressive"):
        by = max(1, min(8, min(width, height) // caps.side))
        allowed = caps.pixels * min(_HEADER, by * by)
    else:
        allowed = caps.pixels * _BYTES_USUAL // _BYTES.get(found.format or "", _BYTES_USUAL)
    image.check_pixels(source, (width, height), Limits(pixels=allowed))


def _small(found: Image, side: int) -> RGB:
    """Give a picture on white, where it is large with two to four times the side that is asked."""
    width, height = found.size
    by = max(1, min(width, height) // (2 * side))
    if found.mode in ("I", "F"):  # the largest of all values says what is white
        return np.asarray(image.flat(found.reduce(by) if by > 1 else found))
    rows = max(1, _STRIP // width // by) * by
    strips = []
    for top in range(0, height, rows):
        strip = image.flat(found.crop((0, top, width, min(height, top + rows))))
        strips.append(np.asarray(strip.reduce(by) if by > 1 else strip))
    return strips[0] if len(strips) == 1 else np.concatenate(strips)


def _sized(rgb: RGB, side: int) -> RGB:
    """Bring the shorter side down to what is asked; what is very thin is squeezed."""
    from PIL import Image

    height, width = rgb.shape[:2]
    scale = min(1.0, side / min(width, height))
    longest = _THIN * max(1, round(min(width, height) * scale))
    size = (_scaled(width, scale, longest), _scaled(height, scale, longest))
    if size == (width, height):
        return rgb
    return np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.BICUBIC))


def _scaled(length: int, scale: float, longest: int) -> int:
    return min(max(1, round(length * scale)), longest)


def _turned(rgb: RGB, orientation: object) -> RGB:
    """Turn or mirror a picture as EXIF says."""
    if orientation in (2, 4, 5, 7):
        rgb = rgb[:, ::-1]
    quarters = {3: 2, 4: 2, 5: 1, 6: 3, 7: 3, 8: 1}.get(orientation, 0)  # type: ignore[call-overload]
    return np.ascontiguousarray(np.rot90(rgb, quarters))


def _tags(found: Image) -> dict[Any, Any]:
    """Read what the file says of itself; what is wrong there is left out."""
    tags: dict[Any, Any] = {}
    for key, value in found.info.items():
        if isinstance(key, str) and isinstance(value, str):
            tags[key] = value[:_LONGEST_FACT]
    with suppress(*DAMAGE):
        _tell(tags, found.getexif())
    return tags


def _tell(tags: dict[Any, Any], exif: Exif) -> None:
    """Add what a camera told, up to where it is wrong."""
    tags.update(exif)
    tags.update(exif.get_ifd(_EXIF))
    tags["gps"] = dict(exif.get_ifd(_GPS))
