"""Means over tiles of a picture, which ONNX Runtime pools ten times as slowly as it sums rows."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import NodeProto

from omnisearch.training.export.chain import settings
from omnisearch.training.export.draft import Draft


class Tiles:
    """Writes the pooling of tiles that lie side by side."""

    def __init__(self, draft: Draft, model: onnx.ModelProto) -> None:
        self.draft = draft
        self._sizes = {
            one.name: [axis.dim_value for axis in one.type.tensor_type.shape.dim]
            for one in [*model.graph.value_info, *model.graph.input]
        }

    def write(self, node: NodeProto) -> bool:
        """Give the means in two steps: over the rows of a tile, then over its columns."""
        told, sizes = settings(node), self._sizes.get(node.input[0], [])
        tile = list(told["kernel_shape"])
        if tile != list(told.get("strides", ())) or any(told.get("pads", ())):
            return False
        if len(sizes) != 4 or not all(sizes[1:]) or sizes[2] % tile[0] or sizes[3] % tile[1]:
            return False
        channels, rows, columns = sizes[1], sizes[2] // tile[0], sizes[3] // tile[1]
        out = node.output[0]
        split = self._shaped(node.input[0], [channels * rows, tile[0], sizes[3]], f"{out}_rows")
        summed = self._mean(split, 2, f"{out}_row_means")
        split = self._shaped(summed, [channels, rows, columns, tile[1]], f"{out}_columns")
        self._mean(split, 4, out)
        return True

    def _shaped(self, taken: str, sizes: list[int], name: str) -> str:
        shape = self.draft.keep(f"{name}_shape", np.array([-1, *sizes], np.int64))
        return self.draft.node("Reshape", [taken, shape], name)

    def _mean(self, taken: str, axis: int, name: str) -> str:
        axes = self.draft.keep(f"axis_{axis}", np.array([axis], np.int64))
        return self.draft.node("ReduceMean", [taken, axes], name, keepdims=0)
