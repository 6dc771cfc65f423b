"""Nodes and tensors of a graph while it is written anew."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from onnx import NodeProto, helper

Array = npt.NDArray[np.generic]
CONTRIB = "com.microsoft"
_OURS = ("MatMulNBits", "GatherBlockQuantized", "MatMulIntegerToFloat", "QLinearAdd")


class Draft:
    """What there is so far."""

    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self.made: dict[str, Array] = {}

    def keep(self, name: str, array: Array) -> str:
        """Keep a tensor under a name."""
        self.made[name] = array
        return name

    def node(self, kind: str, inputs: list[str], output: str, **settings: int) -> str:
        """Write a node of one output, whose name is given back."""
        domain = CONTRIB if kind in _OURS else ""
        node = helper.make_node(kind, inputs, [output], domain=domain)
        node.attribute.extend(helper.make_attribute(name, x) for name, x in settings.items())
        self.nodes.append(node)
        return output
