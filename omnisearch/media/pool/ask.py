"""What a decoder is asked for: the name of a file, and how much of it is wanted at most."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from omnisearch.media.caps import CAPS, Caps


@dataclass(frozen=True, slots=True)
class Ask:
    """One file: its name decides what its bytes leave open, and is never opened."""

    name: str
    caps: Caps = CAPS

    def as_json(self) -> dict[str, Any]:
        """Give what `of_json` reads."""
        return asdict(self)

    @classmethod
    def of_json(cls, value: dict[str, Any]) -> Ask:
        """Read what a parent wrote."""
        return cls(value["name"], Caps(**value["caps"]))
