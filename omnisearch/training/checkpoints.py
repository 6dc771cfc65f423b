"""Checkpoints on disk: safetensors only, so that reading one never runs code."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from omnisearch.training.lab import LabError, whole


class CheckpointError(LabError):
    """A checkpoint that cannot be read."""


class Checkpoint(Mapping[str, Tensor]):
    """The tensors of a .safetensors file, or of all of a folder, each read when it is asked for."""

    def __init__(self, path: Path) -> None:
        self.path = path
        files = sorted(path.glob("*.safetensors")) if path.is_dir() else [path]
        if not files or not all(file.is_file() for file in files):
            raise CheckpointError(f"{path} holds no .safetensors checkpoint: name a file or folder")
        self._places = {key: file for file in files for key in _keys(file)}

    def __getitem__(self, key: str) -> Tensor:
        with safe_open(self._places[key], framework="pt") as file:
            tensor: Tensor = file.get_tensor(key)
        return tensor

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def load(path: Path) -> dict[str, Tensor]:
    """Read every tensor of a checkpoint."""
    return dict(Checkpoint(path))


def save(
    path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str] | None = None
) -> None:
    """Write a checkpoint under a temporary name, then give it its own: whole or not at all."""
    tight = {key: tensor.detach().contiguous().clone() for key, tensor in tensors.items()}
    with whole(path) as temporary:
        save_file(tight, temporary, metadata={"format": "pt", **(metadata or {})})
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
        raise CheckpointError(f"{file} is damaged ({error}): make it again") from error
