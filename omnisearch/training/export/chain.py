"""Which convolutions of a graph follow each other, and what lies between them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import onnx
from onnx import NodeProto, helper, numpy_helper

from omnisearch.training.export.draft import Array


class Chain:
    """Convolutions of pictures; what lies between them can stay bytes."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self.known: dict[str, Array] = {
            one.name: numpy_helper.to_array(one) for one in model.graph.initializer
        }
        self.readers: dict[str, list[NodeProto]] = {}
        for node in model.graph.node:
            for name in node.input:
                self.readers.setdefault(name, []).append(node)
        self.given: list[str] = []  # what the first of them read
        self.outputs: dict[str, str] = {}  # of each convolution, behind its bounds
        self.bounds: dict[str, float] = {}  # of what is cut off at zero, and here
        self.sums: dict[str, tuple[str, str]] = {}
        self.alike: dict[str, str] = {}  # what is added to each other, by one of them
        for node in model.graph.node:
            if self._follows(node):
                self._convolution(node)
            elif node.op_type == "Add" and all(name in self.alike for name in node.input):
                self._sum(node)

    @property
    def tensors(self) -> list[str]:
        """What is kept as bytes."""
        return [*self.given, *self.bounds, *self.alike]

    def read_elsewhere(self, name: str) -> bool:
        """Tell whether a node that is none of these reads a tensor."""
        ours = self.outputs.keys() | self.sums.keys()
        return any(node.output[0] not in ours for node in self.readers.get(name, []))

    def _follows(self, node: NodeProto) -> bool:
        if node.op_type != "Conv" or any(name not in self.known for name in node.input[1:]):
            return False
        # what is put around a picture is nothing, and bytes of sums have another nothing
        bare = node.input[0] not in self.alike or not any(settings(node).get("pads", ()))
        return self.known[node.input[1]].ndim == 4 and bare

    def _convolution(self, node: NodeProto) -> None:
        taken, made = node.input[0], node.output[0]
        if taken not in (*self.bounds, *self.alike, *self.given):
            self.given.append(taken)
        bound = self._bound(made)
        if bound is None:
            self.outputs[made] = self.alike[made] = made
        else:
            self.outputs[made] = bound.output[0]
            self.bounds[bound.output[0]] = float(self.known[bound.input[2]])

    def _bound(self, made: str) -> NodeProto | None:
        """Give what alone reads a tensor and cuts it off at zero and above."""
        readers = self.readers.get(made, [])
        if len(readers) != 1 or readers[0].op_type != "Clip" or len(readers[0].input) < 3:
            return None
        return readers[0] if float(self.known[readers[0].input[1]]) == 0 else None

    def _sum(self, node: NodeProto) -> None:
        first, second = node.input
        kept, dropped = self.alike[first], self.alike[second]
        self.alike = {name: kept if one == dropped else one for name, one in self.alike.items()}
        self.alike[node.output[0]] = kept
        self.sums[node.output[0]] = first, second


def settings(node: NodeProto) -> Mapping[str, Any]:
    """Give what a node is told beside its inputs."""
    return {one.name: helper.get_attribute_value(one) for one in node.attribute}
