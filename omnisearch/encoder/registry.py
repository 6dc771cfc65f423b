"""Which encoders there are, and where: the shipped one, folders, models of the hub, servers."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from omnisearch.errors import EncoderNotFoundError

if TYPE_CHECKING:
    from omnisearch.encoder.protocol import Model

SHIPPED = "omni-mini"


def load(name: str | Path, *, threads: int = 1) -> Model:
    """Load the model of a name or a folder."""
    folder = place(name)
    if folder is None:
        raise EncoderNotFoundError(
            f"there is no encoder {str(name)!r}: name {SHIPPED} or a folder with model.json"
        )
    from omnisearch.encoder.omni_mini import OmniMini

    return OmniMini.open(folder, threads=threads)


def place(name: str | Path) -> Path | None:
    """Tell where the files of an encoder are, or None if it has none."""
    if str(name) == SHIPPED:
        return Path(str(resources.files("omnisearch"))) / "weights" / SHIPPED
    folder = Path(name)
    return folder if (folder / "model.json").is_file() else None
