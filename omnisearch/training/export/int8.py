"""Graphs to int8 by their weights alone: what one row gives never depends on its batch.

Dense maps become MatMulNBits: 8 bits, a scale for each channel and 64 or 128 inputs, activations
rounded row by row where the processor multiplies int8. Where `block` is None the graph itself
rounds each row to bytes and multiplies those, with one scale for each channel: twice as fast for
more than a few rows (1,050 against 2,030 microseconds for 256 rows of 384 to 1,536 numbers, with
VNNI), slower for one. Tables and convolutions are int8 with a
scale for each row or channel, and what is small or sensitive is float16; ONNX Runtime turns both
into float32 once, when it loads the graph. Convolutions of pictures multiply bytes where a trial
tells their scales: half the time, and less memory than in float32.
Dense maps and tables that are named `coarse` have 4 bits, and a scale for every 64 or 32 inputs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from onnx import NodeProto, TensorProto, helper, numpy_helper

from omnisearch.training.export.bytewise import ByteMaps, evening
from omnisearch.training.export.convolutions import ByteConvolutions
from omnisearch.training.export.draft import CONTRIB, Array, Draft
from omnisearch.training.export.pooling import Tiles
from omnisearch.training.export.rounding import BLOCK, COARSE, FINE, Floats, blocks, rows

_NARROW, _WIDE = 32, 64  # inputs that share a scale in 4 bits, of tables and of dense maps
_ROUNDED = 4  # accuracy_level: activations as int8 too
_SMALL = 2048  # numbers; a tensor below stays float32
_TABLE = 1 << 17  # numbers; a table below is float16
_KERNEL = 32_000  # numbers; a convolution below is float16: the first layers, where errors begin


@dataclass(frozen=True, slots=True)
class Grain:
    """How dense maps are rounded; tensors whose names begin with one of `coarse` have 4 bits."""

    block: int | None = BLOCK  # inputs that share a scale; None: rows are rounded in the graph
    coarse: tuple[str, ...] = ()
    common: int = 0  # first rows of a coarse table, the common words, that have 8 bits all the same
    pictures: bool = False  # convolutions multiply bytes, by the scales of a trial


def quantise(
    source: Path,
    target: Path,
    grain: Grain = Grain(),
    tried: Mapping[str, npt.NDArray[np.generic]] | None = None,
) -> None:
    """Write a graph with int8 weights; what it is tried with tells how large channels are."""
    model = onnx.load(source)
    writer = _Writer(model, grain)
    if tried is not None and grain.block is None:
        writer.bytewise.even = evening(model, list(writer.maps()), tried)
    if tried is not None and grain.pictures:
        writer.convolutions = ByteConvolutions(writer.draft, model, tried)
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
        self.block, self.coarse, self.common = grain.block, grain.coarse, grain.common
        self.draft = Draft()
        self.bytewise = ByteMaps(self.draft, {})
        self.convolutions: ByteConvolutions | None = None
        self.known: dict[str, Array] = {
            one.name: numpy_helper.to_array(one) for one in model.graph.initializer
        }
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
            "AveragePool": Tiles(self.draft, model).write,
        }

    def add(self, node: NodeProto) -> None:
        """Write a node, perhaps as others."""
        if self.convolutions is not None and self.convolutions.add(node):
            return
        way = self.ways.get(node.op_type)
        if way is None or not way(node):
            self.draft.nodes.append(node)

    def finish(self) -> None:
        """Put the nodes and the tensors that they use into the model."""
        graph, draft = self.model.graph, self.draft
        used = {name for node in draft.nodes for name in node.input}
        used |= {one.name for one in graph.output}
        kept = {name: x for name, x in self.known.items() if name in used} | draft.made
        large = {name for name, x in kept.items() if x.dtype == np.float32 and x.size > _SMALL}
        large |= {name for name, x in draft.made.items() if x.dtype == np.float16}
        body, draft.nodes = draft.nodes, []
        for name in sorted(large):
            self._stored(kept, name)
        del graph.initializer[:], graph.node[:], graph.value_info[:]
        graph.initializer.extend(numpy_helper.from_array(x, name) for name, x in kept.items())
        graph.node.extend([*draft.nodes, *body])
        self.model.opset_import.append(helper.make_opsetid(CONTRIB, 1))

    def _stored(self, kept: dict[str, Array], name: str) -> None:
        """Store a tensor as float16, or a large table as int8, and turn it back."""
        found = kept.pop(name)
        if found.dtype == np.float16 or found.ndim != 2 or found.size < _TABLE:
            kept[f"{name}_half"] = found.astype(np.float16)
            self.draft.node("Cast", [f"{name}_half"], name, to=TensorProto.FLOAT)
            return
        kept[f"{name}_bytes"], kept[f"{name}_scales"] = rows(found.astype(np.float32))
        for what in ("bytes", "scales"):
            self.draft.node("Cast", [f"{name}_{what}"], f"{name}_{what}_wide", to=TensorProto.FLOAT)
        self.draft.node("Mul", [f"{name}_bytes_wide", f"{name}_scales_wide"], name)

    def _weight(self, name: str, least: int = _SMALL) -> Floats | None:
        """Give a tensor that is worth rounding."""
        found = self.known.get(name)
        if found is None or found.dtype != np.float32 or found.size < least:
            return None
        return found.astype(np.float32)

    def _grain(self, name: str) -> tuple[int, int]:
        """Tell how many inputs share a scale, and how many bits a number has."""
        return (_WIDE, COARSE) if name.startswith(self.coarse) else (self.block or BLOCK, FINE)

    def _blocks(self, name: str, weight: Floats) -> tuple[str, str]:
        rounded, scales = blocks(weight, *self._grain(name))
        key = rounded.tobytes() + scales.tobytes()
        first = self.shared.setdefault(key, name)
        return self.draft.keep(f"{first}_bytes", rounded), self.draft.keep(
            f"{first}_scales", scales
        )

    def _turned(self, node: NodeProto) -> bool:
        """Fold the transpose of a tensor that is known."""
        found = self.known.get(node.input[0])
        if found is None:
            return False
        order = [list(one.ints) for one in node.attribute if one.name == "perm"]
        self.known[node.output[0]] = np.transpose(found, order[0] if order else None)
        return True

    def maps(self) -> Iterator[tuple[str, Floats]]:
        """List what dense maps take, with their weights (outputs, inputs)."""
        for node in self.model.graph.node:
            if node.op_type == "Transpose":
                self._turned(node)
            weight = self._map(node) if node.op_type in ("MatMul", "Gemm") else None
            if weight is not None:
                yield node.input[0], weight

    def _map(self, node: NodeProto) -> Floats | None:
        """Give the weight of a dense map (outputs, inputs) that is worth rounding."""
        weight = self._weight(node.input[1])
        settings = {one.name: helper.get_attribute_value(one) for one in node.attribute}
        if weight is None or weight.ndim != 2 or settings.get("transA"):
            return None
        if settings.get("alpha", 1) != 1 or settings.get("beta", 1) != 1:
            return None
        return weight if settings.get("transB") else np.ascontiguousarray(weight.T)

    def _dense(self, node: NodeProto) -> bool:
        weight = self._map(node)
        if weight is None:
            return False
        biased = len(node.input) > 2
        output = f"{node.output[0]}_unbiased" if biased else node.output[0]
        if self.block is None and not node.input[1].startswith(self.coarse):
            self.bytewise.write(node.input[0], node.input[1], weight, output)
        else:
            self._packed_map(node, weight, output)
        if biased:
            self.draft.node("Add", [output, node.input[2]], node.output[0])
        return True

    def _packed_map(self, node: NodeProto, weight: Floats, output: str) -> None:
        """Multiply by weights in blocks."""
        (n, k), (block, bits) = weight.shape, self._grain(node.input[1])
        sizes = {"K": k, "N": n, "bits": bits, "block_size": block, "accuracy_level": _ROUNDED}
        inputs = [node.input[0], *self._blocks(node.input[1], weight)]
        self.draft.node("MatMulNBits", inputs, output, **sizes)

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
            self._looked_up(name, weight, places, out)
            return True
        found, scale = (
            self.draft.node("Gather", [one, places], f"{out}_{what}")
            for one, what in zip(self._blocks(name, weight), ("bytes", "scales"), strict=True)
        )
        number = self.draft.node("Cast", [found], f"{out}_numbers", to=TensorProto.FLOAT)
        middle = self.draft.keep("middle", np.array(128, np.float32))
        centred = self.draft.node("Sub", [number, middle], f"{out}_centred")
        last = self.draft.keep("last_axis", np.array([-1], np.int64))
        wide = self.draft.node("Unsqueeze", [scale, last], f"{out}_wide")
        parts = self.draft.node("Mul", [centred, wide], f"{out}_parts")
        shape = self.draft.keep(f"{name}_width", np.array([0, 0, weight.shape[1]], np.int64))
        self.draft.node("Reshape", [parts, shape], out)
        return True

    def _looked_up(self, name: str, weight: Floats, places: str, out: str) -> str:
        """Look up rows that have a scale each."""
        rounded, scales = rows(weight)
        kept = self.draft.keep(f"{name}_bytes", rounded), self.draft.keep(f"{name}_scales", scales)
        found = self.draft.node("Gather", [kept[0], places], f"{out}_bytes")
        scale = self.draft.node("Gather", [kept[1], places], f"{out}_scales")
        number = self.draft.node("Cast", [found], f"{out}_numbers", to=TensorProto.FLOAT)
        return self.draft.node("Mul", [number, scale], out)

    def _packed(self, name: str, weight: Floats, places: str, out: str) -> None:
        """Look up rows of 4 bits, but the first rows in 8."""
        keep, node = self.draft.keep, self.draft.node
        rare = out
        if self.common:
            edge = keep(f"{name}_edge", np.array(self.common, np.int64))
            last = keep(f"{name}_last", np.array(self.common - 1, np.int64))
            zero = keep("nothing", np.array(0, np.int64))
            end = keep("last_axis", np.array([-1], np.int64))
            within = node("Min", [places, last], f"{out}_within")
            fine = self._looked_up(f"{name}_common", weight[: self.common], within, f"{out}_fine")
            behind = node("Sub", [places, edge], f"{out}_behind")
            chosen = node("Less", [places, edge], f"{out}_chosen")
            wide = node("Unsqueeze", [chosen, end], f"{out}_where")
            places, rare = node("Max", [behind, zero], f"{out}_rest"), f"{out}_rare"
        packed, scales = blocks(weight[self.common :], _NARROW, COARSE)
        kept = keep(f"{name}_bytes", packed.reshape(len(packed), -1))
        sizes = {"bits": COARSE, "block_size": _NARROW, "gather_axis": 0, "quantize_axis": 1}
        node("GatherBlockQuantized", [kept, places, keep(f"{name}_scales", scales)], rare, **sizes)
        if self.common:
            node("Where", [wide, fine, rare], out)

    def _convolution(self, node: NodeProto) -> bool:
        weight = self._weight(node.input[1], least=_KERNEL)
        depthwise = any(one.name == "group" and one.i > 1 for one in node.attribute)
        if weight is None or depthwise:
            return False
        name = node.input[1]
        rounded, scales = rows(weight)
        stored = self.draft.keep(f"{name}_bytes", rounded)
        number = self.draft.node("Cast", [stored], f"{name}_numbers", to=TensorProto.FLOAT)
        node.input[1] = self.draft.node(
            "Mul", [number, self.draft.keep(f"{name}_scales", scales)], f"{name}_whole"
        )
        self.draft.nodes.append(node)
        return True
