"""The stage `exam`: everything the encoder that ships is held against, on validation.

The stage `release` asks the same on test. A part that is done is not done again while the encoder
and the code of the exam are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from omnisearch.training import checkpoints, stored
from omnisearch.training.exam import (
    composed,
    films,
    folder,
    mixed,
    pages,
    photos,
    pictures,
    scenes,
    sounds,
    speech,
    texts,
    words,
)
from omnisearch.training.exam.reader import Encoder, Reader
from omnisearch.training.lab import Lab, Options, write_json
from omnisearch.training.measures import Figures

PARTS: Mapping[str, Callable[[Lab, Reader, str], Mapping[str, Figures]]] = {
    "pictures": pictures.measure,
    "photos": photos.measure,
    "mixed": mixed.measure,
    "texts": texts.measure,
    "films": films.measure,
    "scenes": scenes.measure,
    "composed": composed.measure,
    "pages": pages.measure,
    "sounds": sounds.measure,
    "speech": speech.measure,
    "words": words.measure,
    "folder": folder.measure,
}
_WORLD = ("photos", "folder")  # tiny towers know nothing of it


def run(lab: Lab, options: Options) -> Mapping[str, object]:
    """Examine on validation."""
    return measure(lab, options, Encoder.load(lab, options), "validation")


def measure(lab: Lab, options: Options, reader: Reader, split: str) -> dict[str, Any]:
    """Examine on a split; a file for each part."""
    found: dict[str, Any] = {"split": split}
    made_from = origin(lab, options)
    with lab.progress("exam", len(PARTS), "part") as bar:
        for name, part in PARTS.items():
            path = lab.figures / "exam" / f"{options.run}-{split}-{name}.json"
            asked = not (options.tiny and name in _WORLD)
            found[name] = kept(path, made_from, partial(part, lab, reader, split)) if asked else {}
            bar.update()
    return found


def kept(
    path: Path, made_from: str, part: Callable[[], Mapping[str, Figures]]
) -> Mapping[str, Figures]:
    """Give the figures of a part, which is asked once for each encoder."""
    before = stored.known(path)
    if before.get("origin") == made_from:
        return dict(before["found"])
    found = part()
    write_json(path, {"origin": made_from, "found": found})
    return found


def origin(lab: Lab, options: Options) -> str:
    """Tell the encoder, what is asked and how from others."""
    files = [
        lab.models / f"phases-{options.run}" / "encoder.safetensors",
        lab.models / f"calibrate-{options.run}" / "calibration.json",
        lab.models / "heads" / "heads.safetensors",
        lab.data / "queries.json",
        *Path(__file__).parent.iterdir(),
    ]
    return checkpoints.digest_of([file for file in files if file.is_file()])
