"""How a picture looks, in 64 bits: near-equal pictures differ in few of them."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from omnisearch.media.image import RGB

_SIDE = 32  # pixels that are looked at
_KEPT = 8  # waves each way: what is finer goes away with size and compression
_LUMA = np.array([0.299, 0.587, 0.114])


def look(rgb: RGB) -> int:
    """Give which of the 64 broadest waves of brightness are above their median, as a signed int."""
    from PIL import Image

    small = Image.fromarray(rgb).resize((_SIDE, _SIDE), Image.Resampling.BOX)
    waves = _waves()
    strength = waves @ (np.asarray(small, np.float64) @ _LUMA) @ waves.T
    strength[0, 0] = 0.0  # how bright all of it is
    bits = strength.ravel() > np.median(strength)
    return int.from_bytes(np.packbits(bits).tobytes(), "big", signed=True)


def apart(one: int, other: int) -> int:
    """Count the bits in which two looks differ; of the same picture 8 or fewer."""
    return ((one ^ other) & 0xFFFF_FFFF_FFFF_FFFF).bit_count()


@cache
def _waves() -> npt.NDArray[np.float64]:
    """Give the first cosines (kept, side) of the discrete cosine transform."""
    place = (2 * np.arange(_SIDE) + 1) / (2 * _SIDE)
    return np.asarray(np.cos(np.pi * np.arange(_KEPT)[:, None] * place))
