"""An encoder in a folder of its own, found by its name: the shipped one, of another space."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from omnisearch.encoder.model import FILES, MODEL, Stored, fingerprint
from omnisearch.encoder.registry import SHIPPED, place


def write(folder: Path, **changes: Any) -> Path:
    """Write its files; what is changed in `model.json` makes the space another."""
    shipped = place(SHIPPED)
    assert shipped is not None
    folder.mkdir(parents=True)
    for file in shipped.iterdir():
        if file.name not in (MODEL, FILES):
            (folder / file.name).symlink_to(file)
    listed = json.loads((shipped / FILES).read_bytes())
    stored = {name: Stored(one["bytes"], one["sha256"]) for name, one in listed.items()}
    model = {**json.loads((shipped / MODEL).read_bytes()), "name": folder.name, **changes}
    model["fingerprint"] = fingerprint(model, stored)
    content = json.dumps(model).encode()
    (folder / MODEL).write_bytes(content)
    made = Stored.of(content)
    listed[MODEL] = {"bytes": made.bytes, "sha256": made.sha256}
    (folder / FILES).write_text(json.dumps(listed))
    return folder
