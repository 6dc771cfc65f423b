"""Files to cut moments from, and what a query says of them."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any
from urllib.parse import quote_from_bytes

import numpy as np
from blake3 import blake3
from PIL import Image

import omnisearch as om


def hit(path: Path, modality: Any, span: Any = None, content: bytes | None = None) -> om.Hit:
    """Write a file, and give what a query says of it."""
    if content is not None:
        path.write_bytes(content)
    found = path.read_bytes()
    item = blake3(found).hexdigest(length=16)
    uri = f"file://{quote_from_bytes(os.fsencode(path))}"
    known = {"file.bytes": len(found)}
    return om.Hit(
        f"{item}#1", item, uri, (uri,), modality, "content", span, 0.5, 0.5, {}, 0, None, known
    )


def photo(size: tuple[int, int] = (300, 200), orientation: int | None = None) -> bytes:
    """Draw a picture with a red left half."""
    rgb = np.full((size[1], size[0], 3), 255, np.uint8)
    rgb[:, : size[0] // 2] = (255, 0, 0)
    exif, out = Image.Exif(), io.BytesIO()
    if orientation is not None:
        exif[0x0112] = orientation
    Image.fromarray(rgb).save(out, "JPEG", quality=95, exif=exif)
    return out.getvalue()
