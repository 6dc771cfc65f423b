"""Photographs that come with scikit-image and scikit-learn, and captions written before training.

They serve for the test split alone. Right is one caption among those of all photographs and of
others that are not here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from importlib import resources
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pyarrow as pa

from omnisearch.training.exam.reader import Floats, Reader
from omnisearch.training.lab import Lab, LabError
from omnisearch.training.lessons.pairs import Side
from omnisearch.training.measures import Figures, of_scores, without_ranks
from omnisearch.training.towers import extraction

FROZEN = "12cd9c05f42d866fd977e10913af2486ebd899e7f758f914d757a25a7d109944"
_PACKAGES = {"skimage": "scikit-image", "sklearn": "scikit-learn"}


def measure(lab: Lab, reader: Reader, split: str) -> Mapping[str, Figures]:
    """Ask captions for photographs and photographs for captions, on the test split only."""
    if split != "test":
        return {}
    photos, distractors = captions()
    seen = reader.media("image", look(lab, [content(name) for name in photos]))
    return both_ways(seen, reader.texts(list(photos.values())), reader.texts(distractors))


def captions() -> tuple[dict[str, str], list[str]]:
    """Read the caption of each photograph, and those of photographs that are not here."""
    content = resources.files(__package__).joinpath("photos.json").read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    if digest != FROZEN:
        raise LabError(f"photos.json is not the frozen one: its sha256 is {digest}")
    found = json.loads(content)
    return found["photos"], found["distractors"]


def content(name: str) -> bytes:
    """Read a photograph of an installed package."""
    module = name.partition("/")[0]
    package = _PACKAGES[module]
    found = find_spec(module)
    for folder in [] if found is None else found.submodule_search_locations or []:
        path = Path(folder).parent / name
        if path.exists():
            return path.read_bytes()
    raise LabError(f"the photograph {name} is not installed: pip install {package}")


def look(lab: Lab, photos: Sequence[bytes]) -> Side:
    """Give encoded pictures to the image tower."""
    read = extraction.READERS["picture"]
    features = read(pa.table({"image": photos}), extraction.tower(lab, "picture"))
    return Side("visual", features, np.arange(len(photos)))


def both_ways(photos: Floats, right: Floats, others: Floats) -> dict[str, Figures]:
    """Ask the captions for their photographs, and the photographs for captions among all."""
    own = np.eye(len(photos), dtype=np.bool_)
    wrong = np.zeros((len(photos), len(others)), dtype=np.bool_)
    every, relevant = np.concatenate((right, others)), np.concatenate((own, wrong), axis=1)
    return {
        "caption to photo": without_ranks(of_scores(right, photos, own)),
        "photo to caption": without_ranks(of_scores(photos, every, relevant)),
    }
