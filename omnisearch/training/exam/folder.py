"""Twenty questions over an ordinary folder: photographs, pictures, recordings and texts together.

All of it is for the test alone. Nothing is averaged away: each answer is told with its rank.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from importlib import resources
from pathlib import PurePosixPath

import numpy as np
import pyarrow as pa
from PIL import Image

from omnisearch.evaluation.retrieval import ranks
from omnisearch.training.data import packages, tables
from omnisearch.training.exam import recordings
from omnisearch.training.exam.photos import captions, content, look
from omnisearch.training.exam.reader import Floats, Reader
from omnisearch.training.exam.sets import marks
from omnisearch.training.lab import Lab
from omnisearch.training.lessons.pairs import Side
from omnisearch.training.measures import Figures
from omnisearch.training.towers import extraction

SHOWN = 3  # of each answer
_PICTURES = 3  # one in so many pictures of the stamps
_SIGNS = "symbols/"  # letters and digits


def measure(lab: Lab, reader: Reader, split: str) -> Mapping[str, Figures]:
    """Ask an ordinary folder, on the test split only."""
    if split != "test":
        return {}
    names, vectors = indexed(lab, reader)
    questions = json.loads(resources.files(__package__).joinpath("folder.json").read_text("utf-8"))
    asked = reader.texts([one["text"] for one in questions])
    right = [matching(one["right"], names) for one in questions]
    found = ranks(asked, vectors, marks(right, names))
    best = np.argsort(-(asked @ vectors.T), axis=1)[:, :SHOWN]
    return {
        one["text"]: {
            "rank": int(rank),
            "gallery": len(names),
            "right": right[row],
            "found": [names[at] for at in best[row]],
        }
        for row, (one, rank) in enumerate(zip(questions, found, strict=True))
    }


def matching(patterns: list[str], names: list[str]) -> list[str]:
    """List the names that fit one of the patterns."""
    return [name for name in names if any(fnmatchcase(name, one) for one in patterns)]


def indexed(lab: Lab, reader: Reader) -> tuple[list[str], Floats]:
    """Read the folder: the names of its files, and their vectors."""
    photos = {f"photos/{PurePosixPath(name).name}": content(name) for name in captions()[0]}
    pictures = {**photos, **dict(_stamps(lab))}
    sounds = dict(_recordings(lab))
    heard = extraction.READERS["sound"](
        pa.table({"pcm": [*sounds.values()]}), extraction.tower(lab, "sound")
    )
    rows = tables.read(lab.data / "evaluation" / "texts-readmes.arrow").to_pylist()
    texts = {row["id"]: row["passage"] for row in rows}
    vectors = [
        reader.media("image", look(lab, [*pictures.values()])),
        reader.media("audio", Side("audio", heard, np.arange(len(sounds)))),
        reader.texts([*texts.values()]),
    ]
    return [*pictures, *sounds, *texts], np.concatenate(vectors)


def _stamps(lab: Lab) -> Iterator[tuple[str, bytes]]:
    """Read some pictures of the stamps, on white."""
    archive = packages.fetch(lab, recordings.STAMPS)
    root = recordings.IN_STAMPS
    wanted = packages.members(archive, lambda name: name.startswith(root) and name.endswith(".png"))
    every = sorted((name.removeprefix(root), png) for name, png in wanted)
    for name, png in [one for one in every if not one[0].startswith(_SIGNS)][::_PICTURES]:
        with Image.open(io.BytesIO(png)) as image:
            shown = image.convert("RGBA")
        page = Image.new("RGBA", shown.size, "white")
        kept = io.BytesIO()
        Image.alpha_composite(page, shown).convert("RGB").save(kept, "PNG")
        yield f"pictures/{name}", kept.getvalue()


def _recordings(lab: Lab) -> Iterator[tuple[str, bytes]]:
    for one in recordings.stamps(lab):
        yield f"sounds/{one.name}", one.pcm
