"""The tower of pictures: stills, frames of films and pages to soft tokens and vectors beside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from omnisearch.encoder.seen import Seen

if TYPE_CHECKING:
    from omnisearch.encoder.model import ModelFiles

_BATCH = 4  # pictures at once: more gain nothing and take memory
STILL = 0  # the place of a picture that is no frame of a film


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """Pixels (3, side, side) from 0 to 255, and the place in a film, from 1, or STILL."""

    pixels: npt.NDArray[np.float32]
    place: int = STILL


class PictureTower:
    """Looks at pictures."""

    def __init__(self, files: ModelFiles) -> None:
        self._files = files
        self.side = int(files.model["image"]["side"])

    def look(self, frames: Sequence[Frame]) -> list[Seen]:
        """Give what is seen in each frame."""
        found: list[Seen] = []
        for at in range(0, len(frames), _BATCH):
            some = frames[at : at + _BATCH]
            pixels = np.stack([frame.pixels for frame in some])
            place = np.array([frame.place for frame in some], np.int64)
            soft, locked, classes = self._files.run("image", pixels=pixels, place=place)
            beside = zip(locked, classes, strict=True)
            for tokens, (head, things) in zip(soft, beside, strict=True):
                found.append(Seen(tokens, {"locked": head, "classes": things}))
        return found


def evenly(count: int, wanted: int) -> list[int]:
    """Choose places of frames, spread over all; short films show some more than once."""
    return [int((at + 0.5) * count / wanted) for at in range(wanted)]
