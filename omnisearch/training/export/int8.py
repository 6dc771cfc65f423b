"""Graphs to int8 by their weights alone: what one row gives never depends on its batch.

Dense maps become MatMulNBits: 8 bits, a scale for each channel and 64 or 128 inputs, activations
rounded row by row where the processor multiplies int8. Tables and convolutions are int8 with a
scale for each row or channel; what is small or sensitive (depthwise kernels, the first layers of a
picture tower) is float16. ONNX Runtime turns both into float32 once, when it loads the graph.
Dense maps and tables that are named `coarse` have 4 bits, and a scale for every 64 or 32 inputs.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from onnx import NodeProto, TensorProto, helper, numpy_helper

Array = npt.NDArray[np.generic]
Floats = npt.NDArray[np.float32]
Halves = npt.NDArray[np.float16]
BLOCK = 64  # inputs that share a scale; 128 loses 1.8 times as much, 32 takes a tenth longer
_FINE, _COARSE = 8, 4  # bits
_NARROW, _WIDE = 32, 64  # inputs that share a scale in 4 bits, of tables and of dense maps
_SHRUNK = np.linspace(0.7, 1.05, 8, dtype=np.float32)  # of a block's largest: a few are cut off
_CONTRIB = "com.microsoft"
_ROUNDED = 4  # accuracy_level: activations as int8 too
_LEAST = 1e-4  # of scales: float16 is exact to a thousandth above
_SMALL = 2048  # numbers; a tensor below stays float32
_TABLE = 1 << 17  # numbers; a table below is float16
_KERNEL = 32_000  # numbers; a convolution below is float16: the first layers, where errors begin


def quantise(source: Path, target: Path, block: int = BLOCK, coarse: tuple[str, ...] = ()) -> None:
    """Write a graph with int8 weights; `block` inputs of a dense map share a scale.

    Tensors whose names begin with one of `coarse` have 4 bits.
    """
    model = onnx.load(source)
    writer = _Writer(model, block, coarse)
    for node in model.graph.node:
        writer.add(node)
    writer.finish()
    _nameless(model)
    onnx.save(model, target)


def _nameless(model: onnx.ModelProto) -> None:
    """Leave out what the exporter says of our code: a graph is the same wherever it was made."""
    graph = model.graph
    every = [model, graph, *graph.node, *graph.input, *graph.output, *graph.value_info]
    for one in [*every, *graph.initializer, *model.functions]:
        one.ClearField("doc_string")
        one.ClearField("metadata_props")


def blocks(
    weight: Floats, block: int = BLOCK, bits: int = _FINE
) -> tuple[npt.NDArray[np.uint8], Halves]:
    """Round (n, k) to numbers around 128, or 8, and their scales (n, k / block).

    Numbers of 8 bits are (n, k / block, block); of 4 bits two share a byte, the first the low half.
    """
    n, k = weight.shape
    parts, top = -(-k // block), 2 ** (bits - 1) - 1
    filled = np.zeros((n, parts * block), np.float32)
    filled[:, :k] = weight
    split = filled.reshape(n, parts, block)
    scales = _scales(np.abs(split).max(2)) if bits == _FINE else _nearest(split, top)
    rounded = _rounded(split, scales, top) + np.float32(top + 1)
    numbers: npt.NDArray[np.uint8] = rounded.astype(np.uint8)
    if bits == _FINE:
        return numbers, scales
    return numbers[..., ::2] + np.uint8(16) * numbers[..., 1::2], scales


def rows(weight: Floats) -> tuple[npt.NDArray[np.int8], Halves]:
    """Round each row of any shape to int8 with a scale."""
    scales = _scales(np.abs(weight.reshape(len(weight), -1)).max(1))
    shaped = scales.reshape(-1, *[1] * (weight.ndim - 1))
    rounded = np.rint(weight / shaped.astype(np.float32)).clip(-127, 127)
    return rounded.astype(np.int8), shaped


def _scales(largest: Floats, top: int = 127) -> Halves:
    return np.maximum(largest / top, _LEAST).astype(np.float16)


def _rounded(split: Floats, scales: Halves, top: int) -> Floats:
    return np.rint(split / scales[..., None].astype(np.float32)).clip(-top, top)


def _nearest(split: Floats, top: int) -> Halves:
    """Give the scale of each block (n, parts, block) that loses least."""
    largest = np.abs(split).max(2)
    best = _scales(largest, top)
    least = np.full(best.shape, np.inf, np.float32)
    for share in _SHRUNK:
        scales = _scales(largest * share, top)
        back = _rounded(split, scales, top) * scales[..., None].astype(np.float32)
        lost = np.square(back - split).sum(2)
        best, least = np.where(lost < least, scales, best), np.minimum(lost, least)
    return best


class _Writer:
    """A graph that is written anew, node by node."""

    def __init__(self, model: onnx.ModelProto, block: int, coarse: tuple[str, ...]) -> None:
        self.model = model
        self.block = block
        self.coarse = coarse
        self.known: dict[str, Array] = {
            one.name: numpy_helper.to_array(one) for one in model.graph.initializer
        }
        self.nodes: list[NodeProto] = []
        self.made: dict[str, Array] = {}
        self.shared: dict[bytes, str] = {}  # a table that is also a dense map is kept once
        self.dense = {
            self.known[name].shape[:: -1 if node.op_type == "MatMul" else 1]
            for node in model.graph.node
            if node.op_type in ("MatMul", "Transpose")
            for name in node.input
            if name in self.known
        }  # (outputs, inputs)
        self.ways: dict[str, Callable[[NodeProto], bool]] = {
            "MatMul": self._dense,
            "Gemm": self._dense,
            "Gather": self._table,
            "Conv": self._convolution,
            "Transpose": self._turned,
        }

    def add(self, node: NodeProto) -> None:
        """Write a node, perhaps as others."""
        way = self.ways.get(node.op_type)
        if way is None or not way(node):
            self.nodes.append(node)

    def finish(self) -> None:
        """Put the nodes and the tensors that they use into the model."""
        graph = self.model.graph
        used = {name for node in self.nodes for name in node.input}
        used |= {one.name for one in graph.output}
        kept = {name: x for name, x in self.known.items() if name in used} | self.made
        large = {name for name, x in kept.items() if x.dtype == np.float32 and x.size > _SMALL}
        large |= {name for name, x in self.made.items() if x.dtype == np.float16}
        body, self.nodes = self.nodes, []
        for name in sorted(large):
            self._stored(kept, name)
        del graph.initializer[:], graph.node[:], graph.value_info[:]
        graph.initializer.extend(numpy_helper.from_array(x, name) for name, x in kept.items())
        graph.node.extend([*self.nodes, *body])
        self.model.opset_import.append(helper.make_opsetid(_CONTRIB, 1))

    def _stored(self, kept: dict[str, Array], name: str) -> None:
        """Store a tensor as float16, or a large table as int8, and turn it back."""
        found = kept.pop(name)
        if found.dtype == np.float16 or found.ndim != 2 or found.size < _TABLE:
            kept[f"{name}_half"] = found.astype(np.float16)
            self._node("Cast", [f"{name}_half"], name, to=TensorProto.FLOAT)
            return
        kept[f"{name}_bytes"], kept[f"{name}_scales"] = rows(found.astype(np.float32))
        for what in ("bytes", "scales"):
            self._node("Cast", [f"{name}_{what}"], f"{name}_{what}_wide", to=TensorProto.FLOAT)
        self._node("Mul", [f"{name}_bytes_wide", f"{name}_scales_wide"], name)

    def _weight(self, name: str, least: int = _SMALL) -> Floats | None:
        """Give a tensor that is worth rounding."""
        found = self.known.get(name)
        if found is None or found.dtype != np.float32 or found.size < least:
            return None
        return found.astype(np.float32)

    def _keep(self, name: str, array: Array) -> str:
        self.made[name] = array
        return name

    def _node(self, kind: str, inputs: list[str], output: str, **settings: int) -> str:
        domain = _CONTRIB if kind in ("MatMulNBits", "GatherBlockQuantized") else ""
        node = helper.make_node(kind, inputs, [output], domain=domain)
        node.attribute.extend(helper.make_attribute(name, x) for name, x in settings.items())
        self.nodes.append(node)
        return output

    def _grain(self, name: str) -> tuple[int, int]:
        """Tell how many inputs share a scale, and how many bits a number has."""
        return (_WIDE, _COARSE) if name.startswith(self.coarse) else (self.block, _FINE)

    def _blocks(self, name: str, weight: Floats) -> tuple[str, str]:
        rounded, scales = blocks(weight, *self._grain(name))
        key = rounded.tobytes() + scales.tobytes()
        first = self.shared.setdefault(key, name)
        return self._keep(f"{first}_bytes", rounded), self._keep(f"{first}_scales", scales)

    def _turned(self, node: NodeProto) -> bool:
        """Fold the transpose of a tensor that is known."""
        found = self.known.get(node.input[0])
        if found is None:
            return False
        order = [list(one.ints) for one in node.attribute if one.name == "perm"]
        self.known[node.output[0]] = np.transpose(found, order[0] if order else None)
        return True

    def _dense(self, node: NodeProto) -> bool:
        weight = self._weight(node.input[1])
        settings = {one.name: helper.get_attribute_value(one) for one in node.attribute}
        if weight is None or weight.ndim != 2 or settings.get("transA"):
            return False
        if settings.get("alpha", 1) != 1 or settings.get("beta", 1) != 1:
            return False
        by_output = weight if settings.get("transB") else np.ascontiguousarray(weight.T)
        n, k = by_output.shape
        inputs = [node.input[0], *self._blocks(node.input[1], by_output)]
        biased = len(node.input) > 2
        output = f"{node.output[0]}_unbiased" if biased else node.output[0]
        block, bits = self._grain(node.input[1])
        sizes = {"K": k, "N": n, "bits": bits, "block_size": block, "accuracy_level": _ROUNDED}
        self._node("MatMulNBits", inputs, output, **sizes)
        if biased:
            self._node("Add", [output, node.input[2]], node.output[0])
        return True

    def _table(self, node: NodeProto) -> bool:
        """Look rows up as bytes and give them back as numbers."""
        weight = self._weight(node.input[0], least=_TABLE)
        if weight is None or weight.ndim != 2:
            return False
        name, places, out = node.input[0], node.input[1], node.output[0]
        if name.startswith(self.coarse) and weight.shape[1] % _NARROW == 0:
            self._packed(name, weight, places, out)
            return True
        if weight.shape not in self.dense or weight.shape[1] % self.block:
            rounded, scales = rows(weight)
            kept = self._keep(f"{name}_bytes", rounded), self._keep(f"{name}_scales", scales)
            found = self._node("Gather", [kept[0], places], f"{out}_bytes")
            scale = self._node("Gather", [kept[1], places], f"{out}_scales")
            number = self._node("Cast", [found], f"{out}_numbers", to=TensorProto.FLOAT)
            self._node("Mul", [number, scale], out)
            return True
        found, scale = (
            self._node("Gather", [one, places], f"{out}_{what}")
            for one, what in zip(self._blocks(name, weight), ("bytes", "scales"), strict=True)
        )
        number = self._node("Cast", [found], f"{out}_numbers", to=TensorProto.FLOAT)
        middle = self._keep("middle", np.array(128, np.float32))
        centred = self._node("Sub", [number, middle], f"{out}_centred")
        last = self._keep("last_axis", np.array([-1], np.int64))
        wide = self._node("Unsqueeze", [scale, last], f"{out}_wide")
        parts = self._node("Mul", [centred, wide], f"{out}_parts")
        shape = self._keep(f"{name}_width", np.array([0, 0, weight.shape[1]], np.int64))
        self._node("Reshape", [parts, shape], out)
        return True

    def _packed(self, name: str, weight: Floats, places: str, out: str) -> None:
        """Look up rows of 4 bits."""
        packed, scales = blocks(weight, _NARROW, _COARSE)
        kept = self._keep(f"{name}_bytes", packed.reshape(len(packed), -1))
        sizes = {"bits": _COARSE, "block_size": _NARROW, "gather_axis": 0, "quantize_axis": 1}
        inputs = [kept, places, self._keep(f"{name}_scales", scales)]
        self._node("GatherBlockQuantized", inputs, out, **sizes)

    def _convolution(self, node: NodeProto) -> bool:
        weight = self._weight(node.input[1], least=_KERNEL)
        depthwise = any(one.name == "group" and one.i > 1 for one in node.attribute)
        if weight is None or depthwise:
            return False
        name = node.input[1]
        rounded, scales = rows(weight)
        stored = self._keep(f"{name}_bytes", rounded)
        number = self._node("Cast", [stored], f"{name}_numbers", to=TensorProto.FLOAT)
        node.input[1] = self._node(
            "Mul", [number, self._keep(f"{name}_scales", scales)], f"{name}_whole"
        )
        self.nodes.append(node)
        return True
