"""Tensors of an old torch file, read by the operations that its tables list; none of them is run.

Such a file is five pickled tables (a number, a version, the machine, tensors by name, storages in
order) and then the storages: a count of numbers, and the numbers. Only tensors in dictionaries are
understood, and whatever else a table asks for is refused.
"""

from __future__ import annotations

import io
import pickletools
from typing import Any

import numpy as np
import torch
from torch import Tensor

_MAGIC = 0x1950A86A20F9469CFC6C
_DTYPES = {"FloatStorage": torch.float32, "HalfStorage": torch.float16, "LongStorage": torch.int64}
_TENSOR, _ORDERED = "torch._utils _rebuild_tensor_v2", "collections OrderedDict"
_MARK = object()
_CONSTANTS = {"NEWTRUE": True, "NEWFALSE": False, "NONE": None, "MARK": _MARK, "EMPTY_TUPLE": ()}
_GIVEN = ("BINUNICODE", "BININT", "BININT1", "BININT2", "LONG1", "GLOBAL")


class TorchFileError(ValueError):
    """A file that holds more than tensors, or is damaged."""


def read(content: bytes) -> dict[str, Tensor]:
    """Give the tensors of a file under their names."""
    file, storages = io.BytesIO(content), dict[str, Tensor]()
    try:
        magic, _, _, found, order = (_Table(storages).read(file) for _ in range(5))
        if magic != _MAGIC or set(order) != set(storages):
            raise ValueError("it begins or ends otherwise")
        for name in order:
            _fill(storages[name], file)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise TorchFileError(f"this is no torch file of tensors: {error}") from error
    if not isinstance(found, dict) or not all(isinstance(one, Tensor) for one in found.values()):
        raise TorchFileError("this torch file holds more than tensors")
    return {str(name): tensor.clone() for name, tensor in found.items()}


def _fill(storage: Tensor, file: io.BytesIO) -> None:
    count = int.from_bytes(file.read(8), "little")
    raw = file.read(storage.nbytes)
    if count != len(storage) or len(raw) != storage.nbytes:
        raise ValueError("a storage is cut short")
    numbers = storage.numpy()
    numbers[:] = np.frombuffer(raw, numbers.dtype)


class _Table:
    """The stack that a table's operations work on, for the few that tensors need."""

    def __init__(self, storages: dict[str, Tensor]) -> None:
        self._storages = storages
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}

    def read(self, file: io.BytesIO) -> Any:  # noqa: ANN401
        for operation, argument, _ in pickletools.genops(file):
            self._push(operation.name, argument)
        return self._stack.pop()

    def _push(self, name: str, argument: Any) -> None:  # noqa: ANN401
        stack = self._stack
        if name in _CONSTANTS:
            stack.append(_CONSTANTS[name])
        elif name in _GIVEN:
            stack.append(argument)
        elif name in ("EMPTY_LIST", "EMPTY_DICT"):
            stack.append([] if name == "EMPTY_LIST" else {})
        elif name in ("BINPUT", "LONG_BINPUT"):
            self._memo[argument] = stack[-1]
        elif name in ("BINGET", "LONG_BINGET"):
            stack.append(self._memo[argument])
        elif name in ("TUPLE1", "TUPLE2", "TUPLE3"):
            stack[-int(name[-1]) :] = [tuple(stack[-int(name[-1]) :])]
        elif name == "TUPLE":
            stack.append(tuple(self._since_mark()))
        else:
            self._build(name)

    def _build(self, name: str) -> None:
        stack = self._stack
        if name in ("SETITEM", "SETITEMS"):
            pairs = self._since_mark() if name == "SETITEMS" else [stack.pop(), stack.pop()][::-1]
            stack[-1].update(zip(pairs[::2], pairs[1::2], strict=True))
        elif name in ("APPEND", "APPENDS"):
            items = self._since_mark() if name == "APPENDS" else [stack.pop()]
            stack[-1].extend(items)
        elif name == "BINPERSID":
            stack.append(self._storage(stack.pop()))
        elif name == "REDUCE":
            arguments, made = stack.pop(), stack.pop()
            stack.append(_made(made, arguments))
        elif name == "BUILD":
            stack.pop()  # attributes of the dictionary, which are no tensors
        elif name not in ("PROTO", "STOP"):
            raise ValueError(f"its table asks for {name}")

    def _since_mark(self) -> list[Any]:
        at = max(place for place, one in enumerate(self._stack) if one is _MARK)
        found = self._stack[at + 1 :]
        del self._stack[at:]
        return found

    def _storage(self, key: tuple[Any, ...]) -> Tensor:
        """Make room for a storage; its numbers come behind the tables."""
        _, kind, name, _, count, view = key
        dtype = _DTYPES.get(str(kind).removeprefix("torch "))
        if dtype is None or view is not None or not 0 <= count < 1 << 32:
            raise ValueError(f"its storage {name!r} is {count} of {kind}")
        return self._storages.setdefault(name, torch.zeros(count, dtype=dtype))


def _made(name: object, arguments: tuple[Any, ...]) -> object:
    if name == _ORDERED and not arguments:
        return {}
    if name != _TENSOR:
        raise ValueError(f"its table calls {name}")
    storage, offset, size, stride = arguments[:4]
    last = offset + sum((length - 1) * step for length, step in zip(size, stride, strict=True))
    if offset < 0 or min((0, *stride)) < 0 or (0 not in size and last >= len(storage)):
        raise ValueError("a tensor reaches beyond its storage")
    return torch.as_strided(storage, size, stride, offset)
