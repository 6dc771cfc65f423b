"""Dense maps as products of bytes: each row that comes in is rounded by its own largest number.

Channels that are always large would leave few steps to the others, so both sides are evened first:
what comes in is divided by a factor for each channel, the weights are multiplied by it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
from onnx import helper

from omnisearch.training.export.draft import Draft
from omnisearch.training.export.rounding import Floats, rows

_FAINT = 1e-30  # a row with nothing larger is nothing
_TOP, _MIDDLE = 127.0, 128  # bytes of a row are around the middle: processors want them unsigned
_LEAST = 1e-3  # of a channel's largest number, beside the largest of all channels


class ByteMaps:
    """Writes dense maps; what several of them take is rounded once."""

    def __init__(self, draft: Draft, even: Mapping[str, Floats]) -> None:
        self.draft, self.even = draft, even
        self._rounded: set[str] = set()

    def write(self, taken: str, name: str, weight: Floats, output: str) -> None:
        """Multiply rows of `taken` by a weight (outputs, inputs)."""
        keep = self.draft.keep
        if taken in self.even:
            weight = weight * self.even[taken]
        numbers, scales = rows(weight)
        narrow, largest = self._bytes(taken)
        inputs = [
            narrow,
            keep(f"{name}_bytes", np.ascontiguousarray(numbers.T)),
            keep("step", np.array(1 / _TOP, np.float32)),
            keep(f"{name}_scales", scales.astype(np.float32).ravel()),
            keep("middle_byte", np.array(_MIDDLE, np.uint8)),
        ]
        product = self.draft.node("MatMulIntegerToFloat", inputs, f"{output}_narrow")
        self.draft.node("Mul", [product, largest], output)

    def _bytes(self, taken: str) -> tuple[str, str]:
        """Round what comes in; gives each row's largest number too."""
        made = f"{taken}_row_bytes", f"{taken}_row_largest"
        if taken in self._rounded:
            return made
        self._rounded.add(taken)
        keep, node = self.draft.keep, self.draft.node
        last = keep("last_axis", np.array([-1], np.int64))
        top = keep("top", np.array(_TOP, np.float32))
        least = keep("least", np.array(_FAINT, np.float32))
        middle = keep("middle_byte", np.array(_MIDDLE, np.uint8))
        rest = taken
        if taken in self.even:
            factors = keep(f"{taken}_factors", np.asarray(1 / self.even[taken], np.float32))
            rest = node("Mul", [taken, factors], f"{taken}_evened")
        sizes = node("Abs", [rest], f"{taken}_sizes")
        largest = node("ReduceMax", [sizes, last], f"{taken}_largest", keepdims=1)
        node("Max", [largest, least], made[1])
        shrunk = node("Div", [top, made[1]], f"{taken}_shrunk")
        whole = node("Mul", [rest, shrunk], f"{taken}_shrunken")
        node("QuantizeLinear", [whole, keep("one", np.array(1, np.float32)), middle], made[0])
        return made


def evening(
    model: onnx.ModelProto,
    maps: Sequence[tuple[str, Floats]],
    tried: Mapping[str, npt.NDArray[np.generic]],
) -> dict[str, Floats]:
    """Give the factors of each tensor that dense maps take, from a trial of the float32 graph."""
    inside = list(dict.fromkeys(name for name, _ in maps if name not in tried))
    asked = onnx.ModelProto()
    asked.CopyFrom(model)
    asked.graph.output.extend(helper.make_empty_tensor_value_info(name) for name in inside)
    session = onnxruntime.InferenceSession(
        asked.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    found = session.run(inside, dict(tried)) if inside else []  # of nothing it would give all
    seen = {**tried, **dict(zip(inside, found, strict=True))}
    return {
        name: _factors(seen[name], [weight for one, weight in maps if one == name])
        for name in dict.fromkeys(name for name, _ in maps)
    }


def _factors(seen: Floats, weights: Sequence[Floats]) -> Floats:
    """Share what is large in a channel evenly between what comes in and the weights."""
    flat = np.abs(seen.reshape(-1, seen.shape[-1]))
    large = flat.max(0)
    heavy = np.max([np.abs(weight).max(0) for weight in weights], 0)
    ratio = np.maximum(large, _LEAST * large.max()) / np.maximum(heavy, _LEAST * heavy.max())
    return np.asarray(np.sqrt(ratio / ratio.mean()), np.float32)
