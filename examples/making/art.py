"""Photographs and drawings that others gave away, brought to the size of this corpus."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
from PIL import Image

from examples.making.listing import Entry
from omnisearch.training.data import packages, pictures, tables
from omnisearch.training.exam import photos
from omnisearch.training.lab import Lab

_LONGEST = 480
_SAVING: Mapping[str, dict[str, Any]] = {
    ".jpg": {"format": "JPEG", "quality": 85, "optimize": True},
    ".png": {"format": "PNG", "optimize": True},
    ".webp": {"format": "WEBP", "quality": 85, "method": 6},
    ".gif": {"format": "GIF"},
    ".bmp": {"format": "BMP"},
    ".tiff": {"format": "TIFF", "compression": "tiff_lzw"},
    ".avif": {"format": "AVIF", "quality": 75, "max_threads": 1},
}


def take_photos(folder: Path, wanted: Mapping[str, list[str]]) -> Iterator[Entry]:
    """Write the photographs."""
    for name, (source, shows, licence, by) in wanted.items():
        with Image.open(io.BytesIO(photos.content(source))) as opened:
            picture = opened.convert("RGB")
        picture.thumbnail((_LONGEST, _LONGEST), Image.Resampling.LANCZOS)
        save(folder / name, picture)
        yield Entry(f"photos/{name}", shows, licence, by, "")


def take_drawings(
    lab: Lab, folder: Path, wanted: Mapping[str, str], within: str = "pictures"
) -> Iterator[Entry]:
    """Write the drawings of the laboratory's corpus."""
    sources = {source.name: source for source in pictures.sources()}
    for name, row in wanted.items():
        stem = row.partition("/")[0]
        found = drawing(lab, row)
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with Image.open(io.BytesIO(found["image"])) as opened:
            save(path, opened.convert("RGB"))
        package = packages.find(*sources[stem].package)
        by = f"{package.attribution} ({package.name} {package.version}, `{row}`)"
        yield Entry(f"{within}/{name}", found["title"], found["licence"], by, found["split"])


def drawing(lab: Lab, row: str) -> dict[str, Any]:
    """Read one row of the laboratory's pictures."""
    stem = row.partition("/")[0]
    table = tables.read(lab.data / f"pictures-{stem}.arrow")
    found = table.filter(pc.equal(table["id"], row)).to_pylist()
    if not found:
        raise LookupError(f"no picture {row} in {lab.data}: run `omnisearch train data` first")
    one: dict[str, Any] = found[0]
    return one


def save(path: Path, picture: Image.Image) -> None:
    """Save a picture in the format that its name asks for."""
    how = dict(_SAVING[path.suffix])
    picture.save(path, how.pop("format"), **how)
