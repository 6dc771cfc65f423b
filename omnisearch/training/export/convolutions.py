"""Convolutions as products of bytes, with scales that a trial of the float32 graph told.

What is cut off at 6 has one scale for all channels. What is added has a scale and a middle for each
channel, though the operator knows one for all: they are taken into the rows of the map before and
the columns of the map behind, as layers are evened (https://arxiv.org/abs/1906.04721). Both sides
of a sum share their scales, so that sums are exact; means that rounding moves are put right.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
from onnx import NodeProto, helper

from omnisearch.training.export.chain import Chain
from omnisearch.training.export.draft import Draft
from omnisearch.training.export.rounding import Floats, kernels

_BATCH = 4  # pictures of a trial at once
_SPARE = 1.1  # more than a trial saw
_LEAST = 0.02  # of the widest channel's range: what hardly changes needs no finer steps
_FAINT = 1e-6  # of a tensor that is nothing
_STEPS, _MIDDLE, _TOP = 255, 128, 127
_WIDEST = 1 << 24  # a bias as a whole number; 32 bits hold it with all that is added to it
Given = Mapping[str, npt.NDArray[np.generic]]


@dataclass(frozen=True, slots=True)
class Range:
    """What the channels (c,) of a tensor had in a trial."""

    low: Floats
    high: Floats
    mean: Floats


@dataclass(frozen=True, slots=True)
class Bytes:
    """What bytes stand for: scales * (bytes - zero + middle), channel by channel."""

    scales: Floats
    zero: int
    middle: Floats  # whole numbers

    @property
    def shift(self) -> Floats:
        """What the zero stands for."""
        return self.scales * self.middle


class ByteConvolutions:
    """Writes convolutions, sums of them, and the numbers that others read of them."""

    def __init__(self, draft: Draft, model: onnx.ModelProto, given: Given) -> None:
        self.draft, self.chain = draft, Chain(model)
        self.ranges = ranges(model, self.chain.tensors, given)
        self.bytes = as_bytes(self.chain, self.ranges)
        self._rounded: set[str] = set()

    def add(self, node: NodeProto) -> bool:
        """Write a node, where it is one of these."""
        out, chain = node.output[0], self.chain
        if out in chain.outputs:
            self._convolution(node)
        elif out in chain.sums:
            zero = self._zero(_MIDDLE)
            first, second = (f"{name}_bytes" for name in chain.sums[out])
            one = self.draft.keep("one", np.array(1, np.float32))
            inputs = [first, one, zero, second, one, zero, one, zero]
            self.draft.node("QLinearAdd", inputs, f"{out}_bytes")
        elif out not in chain.bounds:
            return False
        if out in self.bytes and chain.read_elsewhere(out):
            self._numbers(out)
        return True

    def _convolution(self, node: NodeProto) -> None:
        taken, name, out = node.input[0], node.input[1], self.chain.outputs[node.output[0]]
        before, after = self.bytes[taken], self.bytes[out]
        self._round(taken)
        weight, *told = (np.asarray(self.chain.known[x], np.float32) for x in node.input[1:])
        bias = told[0] if told else np.zeros(len(weight), np.float32)
        alone = weight.shape[1] < len(before.scales)  # each channel is looked at for itself
        wide = weight * before.scales.reshape((-1, 1, 1, 1) if alone else (1, -1, 1, 1))
        moved = bias + _through(weight.sum((2, 3)), before.shift, alone) - after.shift
        numbers, scales = kernels(wide, np.abs(moved) / _WIDEST)
        lost = (numbers * scales[:, None, None, None] - wide).sum((2, 3))
        mean = (self.ranges[taken].mean - before.shift) / before.scales
        whole = np.rint((moved - _through(lost, mean, alone)) / scales)
        keep = self.draft.keep
        one = keep("one", np.array(1, np.float32))
        inputs = [f"{taken}_bytes", one, self._zero(before.zero)]
        inputs.append(keep(f"{name}_bytes", numbers))
        inputs.append(keep(f"{name}_scales", (scales / after.scales).astype(np.float32)))
        inputs.append(keep(f"{name}_zeros", np.zeros(len(scales), np.int8)))
        inputs += [one, self._zero(after.zero), keep(f"{name}_bias", whole.astype(np.int32))]
        made = helper.make_node("QLinearConv", inputs, [f"{out}_bytes"])
        made.attribute.extend(node.attribute)
        self.draft.nodes.append(made)

    def _zero(self, zero: int) -> str:
        return self.draft.keep(f"zero_{zero}", np.array(zero, np.uint8))

    def _round(self, taken: str) -> None:
        """Round what the first convolutions read."""
        if taken in self.chain.given and taken not in self._rounded:
            self._rounded.add(taken)
            how = self.bytes[taken]
            scale = self.draft.keep(f"{taken}_scale", how.scales[:1].reshape(()))
            inputs = [taken, scale, self._zero(how.zero)]
            self.draft.node("QuantizeLinear", inputs, f"{taken}_bytes")

    def _numbers(self, name: str) -> None:
        """Give what other nodes read."""
        how, keep = self.bytes[name], self.draft.keep
        scales = keep(f"{name}_scales", how.scales)
        zeros = keep(f"{name}_zeros", (how.zero - how.middle).astype(np.uint8))
        self.draft.node("DequantizeLinear", [f"{name}_bytes", scales, zeros], name, axis=1)


def ranges(model: onnx.ModelProto, names: list[str], given: Given) -> dict[str, Range]:
    """Run the float32 graph and note what each channel of tensors (n, c, h, w) has."""
    asked = onnx.ModelProto()
    asked.CopyFrom(model)
    del asked.graph.output[:]
    asked.graph.output.extend(helper.make_empty_tensor_value_info(name) for name in names)
    session = onnxruntime.InferenceSession(
        asked.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    found: dict[str, list[Range]] = {name: [] for name in names}
    for at in range(0, len(next(iter(given.values()))), _BATCH):
        seen = session.run(names, {name: x[at : at + _BATCH] for name, x in given.items()})
        for name, x in zip(names, seen, strict=True):
            flat = x.reshape(*x.shape[:2], -1)
            least, most = flat.min(2).min(0), flat.max(2).max(0)
            found[name].append(Range(least, most, flat.mean(2).mean(0)))
    return {
        name: Range(
            np.min([one.low for one in some], 0),
            np.max([one.high for one in some], 0),
            np.mean([one.mean for one in some], 0),
        )
        for name, some in found.items()
    }


def as_bytes(chain: Chain, seen: Mapping[str, Range]) -> dict[str, Bytes]:
    """Choose what the bytes of each tensor stand for."""
    found: dict[str, Bytes] = {}
    for name in chain.given:
        low, high = min(0.0, float(seen[name].low.min())), float(seen[name].high.max())
        scale = max(high - low, _FAINT) / _STEPS
        found[name] = _evenly(scale, round(-low / scale), seen[name])
    for name, bound in chain.bounds.items():
        top = min(bound, _SPARE * float(seen[name].high.max()))
        found[name] = _evenly(max(top, _FAINT) / _STEPS, 0, seen[name])
    return found | _sums(chain, seen)


def _evenly(scale: float, zero: int, like: Range) -> Bytes:
    nothing = np.zeros_like(like.low)
    return Bytes(np.full_like(nothing, scale), zero, nothing)


def _sums(chain: Chain, seen: Mapping[str, Range]) -> dict[str, Bytes]:
    """Give what is added one scale for each channel; middles of sums are sums of middles."""
    middles: dict[str, Floats] = {}
    for name in chain.alike:
        parts = chain.sums.get(name)
        if parts is None:
            middles[name] = np.asarray((seen[name].low + seen[name].high) / 2, np.float32)
        else:
            middles[name] = middles[parts[0]] + middles[parts[1]]
    scales: dict[str, Floats] = {}
    for name, first in chain.alike.items():
        middle = middles[name]
        far = np.maximum(seen[name].high - middle, middle - seen[name].low)
        widest = np.maximum(far, np.abs(middle))
        scales[first] = np.maximum(widest, scales.get(first, widest))
    for first, widest in scales.items():
        some = np.maximum(widest, _LEAST * widest.max())
        scales[first] = np.asarray(_SPARE * some / _TOP, np.float32)
    found: dict[str, Bytes] = {}
    for name, first in chain.alike.items():
        parts = chain.sums.get(name)
        middle = np.rint(middles[name] / scales[first])
        if parts is not None:
            middle = found[parts[0]].middle + found[parts[1]].middle
        found[name] = Bytes(scales[first], _MIDDLE, middle)
    return found


def _through(sums: Floats, numbers: Floats, alone: bool) -> Floats:
    """Give what kernels with these sums (outputs, inputs) make of channels that never change."""
    return np.asarray(sums[:, 0] * numbers if alone else sums @ numbers, np.float32)
