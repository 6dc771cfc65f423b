"""Regions of a picture: boxes around what stands out from all that is around it, best first.

Candidates are the boxes of patches that a small copy is made of. Those count whose colours differ
from the colours around them, on the side where they differ least too: a part of a thing goes on.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from omnisearch.media.image import RGB
from omnisearch.media.lines import Box
from omnisearch.media.patches import Edges, joined, patches

MOST = 5  # of a picture, so that an index grows to six times at most
_SIDE = 64  # the longer one, of the small copy
_LEAST_PIXELS = 32  # of the shorter side of a region
_SIDES = (0.1, 0.7)  # of those of the picture, at least and at most
_LONGEST = 3  # times as long as wide
_SHADES = 4  # of brightness, and of either hue
_RING = 0.3  # of the sides of a box: how far around it is looked
_LARGE = 1 / 9  # of the picture: from there on being larger says nothing
_SIZE = 0.3  # power of the size, by which larger ones are preferred
_CUT_OFF = 0.3  # taken for each side that lies at the edge of the picture, where nothing is beside
_LOOKED_AT = 2 * MOST  # some may be so large that the whole stands for them
_SHARED, _WITHIN = 0.3, 0.7  # of two boxes: more of both, or of the smaller one, and one is enough
Floats = npt.NDArray[np.float32]
Boxes = npt.NDArray[np.int64]  # (n, 4) edges


def regions(rgb: RGB, most: int = MOST) -> list[Box]:
    """Find the regions of a picture; of a plain or tiny one there may be none."""
    small = _small(rgb)
    height, width = small.shape[:2]
    shades = _shades(small)
    edges = _likely(list(joined(patches(small), shades)), rgb, (height, width))
    if not len(edges):
        return []
    chosen = edges[_apart(edges, _standing_out(edges, shades))]
    size = np.array([width, height, width, height])
    chosen = chosen[((chosen[:, 2:] - chosen[:, :2]) <= _SIDES[1] * size[:2]).all(axis=1)][:most]
    found = np.round(chosen / size, 4)
    found[:, 2:] = np.round(found[:, 2:] - found[:, :2], 4)
    return [(x, y, w, h) for x, y, w, h in found.tolist()]


def _small(rgb: RGB) -> npt.NDArray[np.uint8]:
    from PIL import Image

    height, width = rgb.shape[:2]
    scale = _SIDE / max(height, width)
    size = max(8, round(width * scale)), max(8, round(height * scale))
    return np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.BOX))


def _shades(small: npt.NDArray[np.uint8]) -> Floats:
    """Tell which shade each pixel has, as one of many: (h, w, shades) of 0 and 1."""
    red, green, blue = np.moveaxis(small.astype(np.float32) / 255, 2, 0)
    hues = np.stack([red - green, (red + green) / 2 - blue])
    hues = (np.sign(hues) * np.sqrt(np.abs(hues)) * 1.2 + 1) / 2  # pale ones lie apart, too
    three = np.stack([(red + green + blue) / 3, *hues])
    first, second, third = np.clip((three * _SHADES).astype(np.int64), 0, _SHADES - 1)
    numbers = (first * _SHADES + second) * _SHADES + third
    used, which = np.unique(numbers, return_inverse=True)
    return np.eye(len(used), dtype=np.float32)[which.reshape(numbers.shape)]


def _likely(found: Sequence[Edges], rgb: RGB, size: tuple[int, int]) -> Boxes:
    """Leave out what is too small or too long to be asked for."""
    edges = np.unique(np.array(found, np.int64), axis=0)
    height, width = size
    w, h = edges[:, 2] - edges[:, 0], edges[:, 3] - edges[:, 1]
    sides = np.stack([w / width, h / height])
    fits = (sides >= _SIDES[0]).all(axis=0) & (sides < 1).any(axis=0)
    fits &= np.minimum(w, h) * _LONGEST > np.maximum(w, h)
    pixels = np.minimum(w * (rgb.shape[1] / width), h * (rgb.shape[0] / height))
    return np.asarray(edges[fits & (pixels >= _LEAST_PIXELS)])


def _standing_out(edges: Boxes, shades: Floats) -> Floats:
    """Say how much the inside of each box differs from what is around it."""
    height, width = shades.shape[:2]
    sums = np.zeros((height + 1, width + 1, shades.shape[2]), np.float32)
    sums[1:, 1:] = shades.cumsum(axis=0).cumsum(axis=1)

    def within(left: Boxes, top: Boxes, right: Boxes, bottom: Boxes) -> Floats:
        found = sums[bottom, right] - sums[top, right] - sums[bottom, left] + sums[top, left]
        return np.asarray(found, np.float32)

    left, top, right, bottom = edges.T
    across = np.maximum(2, np.round(_RING * (right - left)).astype(np.int64))
    down = np.maximum(2, np.round(_RING * (bottom - top)).astype(np.int64))
    begin, above = np.maximum(0, left - across), np.maximum(0, top - down)
    end, below = np.minimum(width, right + across), np.minimum(height, bottom + down)
    own = within(left, top, right, bottom)
    around = _differ(own, within(begin, above, end, below) - own)
    sides = np.stack(
        [
            _differ(own, within(begin, top, left, bottom)),
            _differ(own, within(right, top, end, bottom)),
            _differ(own, within(left, above, right, top)),
            _differ(own, within(left, bottom, right, below)),
        ]
    )
    nothing = np.isnan(sides)
    least = np.where(nothing, np.inf, sides).min(axis=0)  # none reaches all edges of a picture
    share = np.minimum(own.sum(axis=1) / (height * width), _LARGE)
    lost = np.maximum(0.0, 1 - _CUT_OFF * nothing.sum(axis=0))
    return np.asarray((around + least) / 2 * share**_SIZE * lost, np.float32)


def _differ(one: Floats, other: Floats) -> Floats:
    """Give half the chi-square distance of shares of shades (n, shades); NaN beside nothing."""
    count = other.sum(axis=1, keepdims=True)
    a, b = one / one.sum(axis=1, keepdims=True), other / np.maximum(count, 1)
    found = ((a - b) ** 2 / (a + b + 1e-6)).sum(axis=1) / 2
    return np.where(count[:, 0] > 0, found, np.float32(np.nan))


def _apart(edges: Boxes, worth: Floats) -> list[int]:
    """Choose the best that are not about the same place."""
    area = (edges[:, 2] - edges[:, 0]) * (edges[:, 3] - edges[:, 1])
    left, chosen = worth > 0, list[int]()
    while left.any() and len(chosen) < _LOOKED_AT:
        best = int(np.argmax(np.where(left, worth, -np.inf)))
        chosen.append(best)
        first = np.maximum(edges[:, :2], edges[best, :2])
        last = np.minimum(edges[:, 2:], edges[best, 2:])
        shared = np.prod(np.maximum(last - first, 0), axis=1)
        left &= shared <= _SHARED * (area + area[best] - shared)
        left &= shared <= _WITHIN * np.minimum(area, area[best])
    return chosen
