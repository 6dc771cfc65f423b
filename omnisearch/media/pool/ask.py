"""What a decoder is asked for: the name of a file, and how much of it is wanted at most."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Caps:
    """How much of a file is read; what has more is cut there and told as truncated."""

    pixels: int = 50_000_000  # of a picture or frame: a film in 8K has 33 million
    pages: int = 2_000  # of a document: a thick book has 1,500
    hours: float = 12.0  # of a sound or film: an audio book has 10
    text_bytes: int = 64 << 20  # of a text: all of Shakespeare has 5.5 million
    side: int = 768  # of pictures and frames that are given: three times what omni-mini looks at


@dataclass(frozen=True, slots=True)
class Ask:
    """One file: its name decides what its bytes leave open, and is never opened."""

    name: str
    caps: Caps = Caps()

    def as_json(self) -> dict[str, Any]:
        """Give what `of_json` reads."""
        return asdict(self)

    @classmethod
    def of_json(cls, value: dict[str, Any]) -> Ask:
        """Read what a parent wrote."""
        return cls(value["name"], Caps(**value["caps"]))
