"""Graphs to int8 by their weights alone: what one row gives never depends on its batch.

Dense maps become MatMulNBits: 8 bits, a scale for each channel and 64 or 128 inputs, activations
rounded row by row where the processor multiplies int8. Where `block` is None the graph itself
rounds each row to bytes and multiplies those, with one scale for each channel: twice as fast for
more than a few rows (1,050 against 2,030 microseconds for 256 rows of 384 to 1,536 numbers, with
VNNI), slower for one. Tables and convolutions are int8 with a
scale for each row or channel; what is small or sensitive (depthwise kernels, the first layers of a
picture tower) is float16. ONNX Runtime turns both into float32 once, when it loads the graph.
Dense maps and tables that are named `coarse` have 4 bits, and a scale for every 64 or 32 inputs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from onnx import NodeProto, TensorProto, helper, numpy_helper

from omnisearch.training.export.rounding import BLOCK, COARSE, FINE, Floats, blocks, rows

Array = npt.NDArray[np.generic]
_NARROW, _WIDE = 32, 64  # inputs that share a scale in 4 bits, of tables and of dense maps
_CONTRIB = "com.microsoft"
_OURS = ("MatMulNBits", "GatherBlockQuantized", "MatMulIntegerToFloat")  # of that domain
_ROUNDED = 4  # accuracy_level: activations as int8 too
_FAINT = 1e-30  # a row with nothing larger is nothing
_TOP, _MIDDLE = 127.0, 128  # bytes of a row are around the middle: processors want them unsigned
_SMALL = 2048  # numbers; a tensor below stays float32
_TABLE = 1 << 17  # numbers; a table below is float16
_KERNEL = 32_000  # numbers; a convolution below is float16: the first layers, where errors begin


@dataclass(frozen=True, slots=True)
class Grain:
    """How dense maps are rounded; tensors whose names begin with one of `coarse` have 4 bits."""

    block: int | None = BLOCK  # inputs that share a scale; None: rows are rounded in the graph
    coarse: tuple[str, ...] = ()


def quantise(source: Path, target: Path, grain: Grain = Grain()) -> None:
    """Write a graph with int8 weights."""
    model = onnx.load(source)
    writer = _Writer(model, grain)
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


class _Writer:
    """A graph that is written anew, node by node."""

    def __init__(self, model: onnx.ModelProto, grain: Grain) -> None:
        self.model = model
        self.block, self.coarse = grain.block, grain.coarse
        self.rounded: set[str] = set()  # what is there as bytes already
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
        domain = _CONTRIB if kind in _OURS else ""
        node = helper.make_node(kind, inputs, [output], domain=domain)
        node.attribute.extend(helper.make_attribute(name, x) for name, x in settings.items())
        self.nodes.append(node)
        return output

    def _grain(self, name: str) -> tuple[int, int]:
        """Tell how many inputs share a scale, and how many bits a number has."""
        return (_WIDE, COARSE) if name.startswith(self.coarse) else (self.block or BLOCK, FINE)

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
        biased = len(node.input) > 2
        output = f"{node.output[0]}_unbiased" if biased else node.output[0]
        if self.block is None and not node.input[1].startswith(self.coarse):
            self._multiplied(node, by_output, output)
        else:
            self._packed_map(node, by_output, output)
        if biased:
            self._node("Add", [output, node.input[2]], node.output[0])
        return True

    def _packed_map(self, node: NodeProto, weight: Floats, output: str) -> None:
        """Multiply by weights in blocks."""
        (n, k), (block, bits) = weight.shape, self._grain(node.input[1])
        sizes = {"K": k, "N": n, "bits": bits, "block_size": block, "accuracy_level": _ROUNDED}
        inputs = [node.input[0], *self._blocks(node.input[1], weight)]
        self._node("MatMulNBits", inputs, output, **sizes)

    def _multiplied(self, node: NodeProto, weight: Floats, output: str) -> None:
        """Multiply bytes by bytes."""
        name = node.input[1]
        numbers, scales = rows(weight)
        taken, stretch = self._row_bytes(node.input[0])
        kept: dict[str, Array] = {
            f"{name}_bytes": np.ascontiguousarray(numbers.T),
            "one": np.array(1, np.float32),
            f"{name}_scales": scales.astype(np.float32).ravel(),
            "middle_byte": np.array(_MIDDLE, np.uint8),
        }
        inputs = [taken, *(self._keep(*one) for one in kept.items())]
        narrow = self._node("MatMulIntegerToFloat", inputs, f"{output}_narrow")
        self._node("Mul", [narrow, stretch], output)

    def _row_bytes(self, name: str) -> tuple[str, str]:
        """Round each row of what comes in, once for all maps that take it; gives scales too."""
        made = f"{name}_row_bytes", f"{name}_row_scales"
        if name in self.rounded:
            return made
        self.rounded.add(name)
        last = self._keep("last_axis", np.array([-1], np.int64))
        top = self._keep("top", np.array(_TOP, np.float32))
        least = self._keep("least", np.array(_FAINT, np.float32))
        half = self._keep("middle_half", np.array(_MIDDLE + 0.5, np.float32))  # casts cut off
        sizes = self._node("Abs", [name], f"{name}_sizes")
        largest = self._node("ReduceMax", [sizes, last], f"{name}_largest", keepdims=1)
        largest = self._node("Max", [largest, least], f"{name}_some")
        shrunk = self._node("Div", [top, largest], f"{name}_shrunk")
        around = self._node("Mul", [name, shrunk], f"{name}_around")
        above = self._node("Add", [around, half], f"{name}_above")
        self._node("Cast", [above], made[0], to=TensorProto.UINT8)
        self._node("Div", [largest, top], made[1])
        return made

    def _table(self, node: NodeProto) -> bool:
        """Look rows up as bytes and give them back as numbers."""
        weight = self._weight(node.input[0], least=_TABLE)
        if weight is None or weight.ndim != 2:
            return False
        name, places, out = node.input[0], node.input[1], node.output[0]
        if name.startswith(self.coarse) and weight.shape[1] % _NARROW == 0:
            self._packed(name, weight, places, out)
            return True
        if not self.block or weight.shape not in self.dense or weight.shape[1] % self.block:
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
        packed, scales = blocks(weight, _NARROW, COARSE)
        kept = self._keep(f"{name}_bytes", packed.reshape(len(packed), -1))
        sizes = {"bits": COARSE, "block_size": _NARROW, "gather_axis": 0, "quantize_axis": 1}
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
