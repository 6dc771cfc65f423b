"""The stage `exam`: everything the encoder that ships is held against, on validation.

The stage `release` asks the same on test. A part that is done is not done again while the encoder
and the code of the exam are the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from omnisearch.training import checkpoints
from omnisearch.training.lab import Lab, Options, write_json
from omnisearch.training.measures import Figures
from omnisearch.training.shipped import Shipped

Part = Callable[[Lab, Options, Shipped, str], Mapping[str, Figures]]

# table of the card → module:function below omnisearch.training
PARTS: dict[str, str] = {
    "pictures": "exam.pictures:run",
    "photos": "exam.photos:run",
    "mixed": "exam.mixed:run",
    "texts": "exam.texts:run",
    "films": "exam.films:run",
    "scenes": "exam.scenes:run",
    "composed": "exam.composed:run",
    "pages": "exam.pages:run",
    "sounds": "exam.sounds:run",
    "speech": "exam.speech:run",
    "words": "exam.words:run",
    "folder": "exam.folder:run",
}


def run(lab: Lab, options: Options) -> Mapping[str, object]:
    """Examine on validation."""
    return measure(lab, options, Shipped(lab, options), "validation")


def measure(lab: Lab, options: Options, shipped: Shipped, split: str) -> dict[str, Any]:
    """Examine on a split; a file for each part."""
    found: dict[str, Any] = {"split": split}
    with lab.progress("exam", len(PARTS), "part") as bar:
        for name, call in PARTS.items():
            module, _, function = call.partition(":")
            part: Part = getattr(import_module(f"omnisearch.training.{module}"), function)
            found[name] = kept(lab, options, shipped, split, name, part)
            bar.update()
    return found


def kept(
    lab: Lab, options: Options, shipped: Shipped, split: str, name: str, part: Part
) -> Mapping[str, Figures]:
    """Give the figures of a part, which is asked once for each encoder."""
    path = lab.figures / "exam" / f"{options.run}-{split}-{name}.json"
    origin = _origin(lab, options)
    if path.exists():
        before: dict[str, Any] = json.loads(path.read_text("utf-8"))
        if before["origin"] == origin:
            return dict(before["found"])
    found = part(lab, options, shipped, split)
    write_json(path, {"origin": origin, "found": found})
    return found


def _origin(lab: Lab, options: Options) -> str:
    """Tell the encoder, what is asked and how from others."""
    files = [
        lab.models / f"phases-{options.run}" / "encoder.safetensors",
        lab.models / f"calibrate-{options.run}" / "calibration.json",
        lab.models / "heads" / "heads.safetensors",
        lab.data / "queries.json",
        *Path(__file__).parent.iterdir(),
    ]
    return checkpoints.digest_of([file for file in files if file.is_file()])
