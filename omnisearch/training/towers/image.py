"""EfficientNet-Lite in torch, frozen: pictures to rows of features.

Row 0 is the mean of the last layer, row 1 what is seen earlier (mean and deviation of each stage,
colours on a 4 x 4 grid), rows 2 to 10 the last layer in 3 x 3 cells.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

SIDE = 224
CELLS = 3
COLOURS = 4


@dataclass(frozen=True)
class Stage:
    """Blocks of one size."""

    blocks: int
    kernel: int
    stride: int
    expansion: int
    channels: int


@dataclass(frozen=True)
class ImageSizes:
    """How large a tower is; the defaults are those of Lite2."""

    stem: int = 32
    stages: tuple[Stage, ...] = (
        Stage(1, 3, 1, 1, 16),
        Stage(3, 3, 2, 6, 24),
        Stage(3, 5, 2, 6, 48),
        Stage(4, 3, 2, 6, 88),
        Stage(4, 5, 1, 6, 120),
        Stage(5, 5, 2, 6, 208),
        Stage(1, 3, 1, 6, 352),
    )
    features: int = 1280
    classes: int = 1000

    @property
    def early(self) -> int:
        """How many numbers the early row has before it is filled up with zeros."""
        return 3 * COLOURS**2 + 2 * sum(stage.channels for stage in self.stages[:-1])


TINY = ImageSizes(8, (Stage(1, 3, 2, 2, 12), Stage(1, 3, 2, 2, 16), Stage(1, 3, 2, 2, 24)), 128, 10)


class Same(nn.Conv2d):
    """A convolution padded as TensorFlow does: with stride 2 more at the right and the bottom."""

    def __init__(self, before: int, after: int, kernel: int, stride: int, groups: int = 1) -> None:
        super().__init__(before, after, kernel, stride, groups=groups, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve maps whose sides are multiples of the stride."""
        missing = self.kernel_size[0] - self.stride[0]
        first = missing // 2
        padded = functional.pad(x, (first, missing - first, first, missing - first))
        return functional.conv2d(padded, self.weight, None, self.stride, groups=self.groups)


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3)


class Block(nn.Module):
    """Expand, look around, project; names are those of the checkpoint."""

    def __init__(self, before: int, stage: Stage, stride: int) -> None:
        super().__init__()
        wide = before * stage.expansion
        self.expands = stage.expansion > 1
        if self.expands:
            self._expand_conv = Same(before, wide, 1, 1)
            self._bn0 = _norm(wide)
        self._depthwise_conv = Same(wide, wide, stage.kernel, stride, groups=wide)
        self._bn1 = _norm(wide)
        self._project_conv = Same(wide, stage.channels, 1, 1)
        self._bn2 = _norm(stage.channels)
        self.adds = stride == 1 and before == stage.channels

    def forward(self, x: Tensor) -> Tensor:
        """Give the next maps."""
        wide = functional.relu6(self._bn0(self._expand_conv(x))) if self.expands else x
        seen = functional.relu6(self._bn1(self._depthwise_conv(wide)))
        out: Tensor = self._bn2(self._project_conv(seen))
        return out + x if self.adds else out


class ImageTower(nn.Module):
    """RGB pictures (n, 3, side, side) from 0 to 255 to features (n, 11, d)."""

    def __init__(self, sizes: ImageSizes | None = None) -> None:
        super().__init__()
        self.sizes = sizes or ImageSizes()
        self._conv_stem = Same(3, self.sizes.stem, 3, 2)
        self._bn0 = _norm(self.sizes.stem)
        blocks: list[Block] = []
        self.ends: list[int] = []  # the last block of each stage
        before = self.sizes.stem
        for stage in self.sizes.stages:
            for number in range(stage.blocks):
                blocks.append(Block(before, stage, stage.stride if number == 0 else 1))
                before = stage.channels
            self.ends.append(len(blocks) - 1)
        self._blocks = nn.ModuleList(blocks)
        self._conv_head = Same(before, self.sizes.features, 1, 1)
        self._bn1 = _norm(self.sizes.features)
        self._fc = nn.Linear(self.sizes.features, self.sizes.classes)

    def forward(self, pixels: Tensor) -> Tensor:
        """Give the rows of features."""
        x = (pixels - 127) / 128
        early = [functional.adaptive_avg_pool2d(x, COLOURS).flatten(1)]
        x = functional.relu6(self._bn0(self._conv_stem(x)))
        for number, block in enumerate(self._blocks):
            x = block(x)
            if number in self.ends[:-1]:
                early += [x.mean((2, 3)), x.flatten(2).std(2)]
        last = functional.relu6(self._bn1(self._conv_head(x)))  # (n, d, side / 32, side / 32)
        cells = cells_of(last).transpose(1, 2)
        row = torch.cat(early, dim=1)
        filled = functional.pad(row, (0, self.sizes.features - self.sizes.early))
        return torch.cat((last.mean((2, 3))[:, None], filled[:, None], cells), dim=1)

    def logits(self, pooled: Tensor) -> Tensor:
        """Give the logits of the tower's classes for row 0."""
        logits: Tensor = self._fc(pooled)
        return logits


def cells_of(maps: Tensor) -> Tensor:
    """Give the means over 3 x 3 overlapping cells, (n, d, 9): adaptive pooling, exportable."""
    side = maps.shape[-1]
    edges = [(side * i // CELLS, -(-side * (i + 1) // CELLS)) for i in range(CELLS)]
    parts = [maps[:, :, a:b, c:d].mean((2, 3)) for a, b in edges for c, d in edges]
    return torch.stack(parts, dim=2)


def load(tensors: Mapping[str, Tensor], sizes: ImageSizes | None = None) -> ImageTower:
    """Give the frozen tower of a checkpoint."""
    tower = ImageTower(sizes)
    tower.load_state_dict(dict(tensors))
    return tower.eval().requires_grad_(False)
