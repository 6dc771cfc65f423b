"""Checkpoints on disk: safetensors only, so that reading one never runs code."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from omnisearch.training import stored
from omnisearch.training.lab import LabError, whole


class CheckpointError(LabError):
    """A checkpoint that cannot be read."""


class Checkpoint(Mapping[str, Tensor]):
    """The tensors of a .safetensors file, or of all of a folder, each read when it is asked for."""

    def __init__(self, path: Path) -> None:
        self.path = path
        files = sorted(path.glob("*.safetensors")) if path.is_dir() else [path]
        if not files or not all(file.is_file() for file in files):
            fault = f"{path} holds no .safetensors checkpoint: name a file or folder"
            again = stored.command(path)
            raise CheckpointError(f"{fault}, or run {again}" if again else fault)
        self._places: dict[str, Path] = {}
        for file in files:
            for key in _keys(file):
                other = self._places.setdefault(key, file)
                if other != file:
                    fault = f"{path} holds {key} twice, in {other.name} and in {file.name}"
                    raise CheckpointError(f"{fault}: name the file that is meant")

    def __getitem__(self, key: str) -> Tensor:
        with safe_open(self._places[key], framework="pt") as file:
            tensor: Tensor = file.get_tensor(key)
        return tensor

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def load(path: Path) -> dict[str, Tensor]:
    """Read every tensor of a checkpoint; one that is not finite is damage."""
    found = dict(Checkpoint(path))
    for key, tensor in found.items():
        if not is_finite(tensor):
            raise CheckpointError(str(stored.damaged(path, f"{key} is not finite")))
    return found


def is_finite(tensor: Tensor) -> bool:
    """Tell whether every number is one."""
    narrow = tensor.is_floating_point() and tensor.dtype.itemsize < 2  # isfinite knows none
    return bool(torch.isfinite(tensor.float() if narrow else tensor).all())


def save(
    path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str] | None = None
) -> None:
    """Write a checkpoint under a temporary name, then give it its own: whole or not at all."""
    tight = {key: tensor.detach().contiguous().clone() for key, tensor in tensors.items()}
    with whole(path) as temporary:
        try:
            save_file(tight, temporary, metadata={"format": "pt", **(metadata or {})})
        except SafetensorError as error:
            raise _refused(path, error) from error
        temporary.chmod(0o644)  # safetensors writes for the owner alone


def digest_of(files: Iterable[Path]) -> str:
    """Hash files, so that what was made from them is told from what was made from others."""
    total = hashlib.blake2b(digest_size=16)
    for file in sorted(files):
        total.update(file.name.encode())
        with file.open("rb") as opened:
            total.update(hashlib.file_digest(opened, "blake2b").digest())
    return total.hexdigest()


def _keys(file: Path) -> list[str]:
    if file.suffix != ".safetensors":
        raise CheckpointError(f"{file} is not a .safetensors file: convert it, pickles run code")
    try:
        with safe_open(file, framework="pt") as opened:
            return list(opened.keys())
    except SafetensorError as error:
        raise CheckpointError(str(stored.damaged(file, error))) from error


def _refused(path: Path, error: SafetensorError) -> Exception:
    """Give what the system said, which safetensors puts into words."""
    told = re.search(r"\(os error (\d+)\)", str(error))
    if told is None:
        return error
    number = int(told[1])
    return OSError(number, os.strerror(number), str(path))
