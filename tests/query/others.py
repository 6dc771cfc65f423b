"""An encoder that is loaded by name and gives other vectors than omni-mini for the same words."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np

from omnisearch.encoder.model import CANARIES, FILES, MODEL, Stored, fingerprint
from omnisearch.encoder.registry import SHIPPED, place

CUT = 128  # a dimension that it has besides
SHORT = 8  # tokens, two of them marks


def write_other(folder: Path) -> Path:
    """Make a folder with the files of omni-mini that reads no more than the first words."""
    shipped = place(SHIPPED)
    assert shipped is not None
    folder.mkdir(parents=True)
    nothing = io.BytesIO()
    np.savez(nothing)  # known inputs have other vectors, too
    written = {CANARIES: nothing.getvalue()}
    listed = json.loads((shipped / FILES).read_text())
    stored = {name: Stored(int(one["bytes"]), one["sha256"]) for name, one in listed.items()}
    stored |= {name: Stored.of(content) for name, content in written.items()}
    model: dict[str, Any] = json.loads((shipped / MODEL).read_text())
    text = model["text"] | {"longest": SHORT}
    model |= {"name": "other", "dims": [model["dim"], CUT], "text": text}
    model["fingerprint"] = fingerprint(model, stored)
    written[MODEL] = json.dumps(model).encode()
    stored[MODEL] = Stored.of(written[MODEL])
    sizes = {name: {"bytes": one.bytes, "sha256": one.sha256} for name, one in stored.items()}
    written[FILES] = json.dumps(sizes).encode()
    for file in shipped.iterdir():
        if file.name not in written:
            (folder / file.name).symlink_to(file)
    for name, content in written.items():
        (folder / name).write_bytes(content)
    return folder
