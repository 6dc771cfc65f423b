"""How much of one file is read: what is longer is read up to there, and said to be truncated."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Caps:
    """The table of all caps."""

    pixels: int = 50_000_000  # of a picture as it is decoded: 200 MB, and half as much around it
    pages: int = 2_000  # of a document: a thick book has 1,500
    hours: float = 12.0  # of a sound or film: a book that is read aloud has 10
    text: int = 10_000_000  # characters of a text: two Bibles, 12,000 passages
    side: int = 672  # the shorter side of a picture that is given on: three times what is looked at
    frames: int = 8  # of a shot of a film, as omni-mini was trained

    def __post_init__(self) -> None:
        for one in fields(self):
            value = getattr(self, one.name)
            if not (math.isfinite(value) and value > 0):
                raise ValueError(f"{one.name} is {value}: it must be more than 0")


CAPS = Caps()
