"""What the rows of a laboratory were before any tower saw them: pixels, waves, encoded bytes."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from omnisearch.training.data import tables
from omnisearch.training.lab import Lab
from omnisearch.training.lessons import corpus
from omnisearch.training.lessons.pairs import Rows
from omnisearch.training.towers import extraction
from omnisearch.training.towers.audio import clip

_COLUMNS = {"image": "image", "audio": "pcm", "video": "frames", "document": "image"}
Floats = npt.NDArray[np.float32]


def content(lab: Lab, kind: str, places: Rows) -> list[Any]:
    """Read the encoded bytes of rows, whose places run through all files of their kind."""
    found: dict[int, Any] = {}
    first, column = 0, _COLUMNS[kind]
    for stem in corpus.Columns(lab, kind, "train", []).stems:
        table = tables.read(lab.data / f"{stem}.arrow", [column])
        own = places[(places >= first) & (places < first + len(table))]
        values = [table[column][int(row)].as_py() for row in own - first]
        found |= dict(zip(own.tolist(), values, strict=True))
        first += len(table)
    return [found[int(place)] for place in places]


def sample(lab: Lab, kind: str, count: int) -> list[Any]:
    """Read a few items of the validation split, to compare graphs on."""
    side = corpus.load(lab, kind, "validation").sample(count).candidate
    assert side.places is not None
    return content(lab, kind, side.places)


def decoded(encoded: Sequence[bytes]) -> Floats:
    """Give encoded pictures as the tower reads them."""
    opened = (Image.open(io.BytesIO(one)).convert("RGB") for one in encoded)
    return np.stack([extraction.pixels(one) for one in opened])


def pixels(lab: Lab, count: int) -> Floats:
    """Give a few pictures of the validation split as the tower reads them."""
    return decoded(sample(lab, "image", count))


def waves(lab: Lab, count: int) -> Floats:
    """Give a few sounds of the validation split."""
    return np.stack([clip(one) for one in sample(lab, "audio", count)])
