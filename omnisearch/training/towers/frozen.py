"""The frozen towers, their tokenizer and the backbone everything starts from, read from a lab."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor

from omnisearch.training import checkpoints, stored
from omnisearch.training.lab import Lab, LabError
from omnisearch.training.towers import audio, image
from omnisearch.training.towers.backbone import Backbone, Sizes

LONGEST = 64  # tokens of a text in training; MiniLM was trained with 128
READ = 256  # tokens that the encoder that ships reads; long descriptions gain 3 points of R@1


class Words:
    """Texts to token ids."""

    def __init__(self, content: str, longest: int = LONGEST) -> None:
        self.longest = longest
        self._tokenizer = Tokenizer.from_str(content)
        self._tokenizer.no_padding()
        self.cls, self.sep = (self._id(name) for name in ("[CLS]", "[SEP]"))

    def _id(self, name: str) -> int:
        found = self._tokenizer.token_to_id(name)
        if found is None:
            raise LabError(f"the tokenizer has no {name}: it is not one of BERT")
        return int(found)

    @classmethod
    def load(cls, lab: Lab, longest: int = LONGEST) -> Words:
        """Read the tokenizer of a laboratory."""
        path = folder(lab) / "tokenizer.json"
        stored.table(path)  # whose error names the file
        return cls(path.read_text("utf-8"), longest)

    def encode(self, texts: Sequence[str], longest: int | None = None) -> tuple[Tensor, Tensor]:
        """Give ids and mask, (n, t) both, with [CLS] and [SEP], as long as the longest text."""
        self._tokenizer.enable_truncation(longest or self.longest)
        found = [one.ids for one in self._tokenizer.encode_batch(list(texts))]
        width = max((len(ids) for ids in found), default=2)
        ids = torch.zeros(len(found), width, dtype=torch.int64)
        mask = torch.zeros_like(ids)
        for row, tokens in enumerate(found):
            ids[row, : len(tokens)] = torch.tensor(tokens)
            mask[row, : len(tokens)] = 1
        return ids, mask


def folder(lab: Lab) -> Path:
    """Where the towers of a laboratory are."""
    return lab.models / "towers"


def load_backbone(lab: Lab) -> Backbone:
    """Read the backbone that everything starts from."""
    path = folder(lab)
    backbone = Backbone(Sizes(**stored.table(path / "minilm.json")))
    backbone.load_checkpoint(checkpoints.load(path / "minilm.safetensors"))
    return backbone


def load_image(lab: Lab) -> image.ImageTower:
    """Read the image tower."""
    tensors = checkpoints.load(folder(lab) / "image.safetensors")
    real = image.ImageSizes()
    sizes = real if len(tensors["_conv_stem.weight"]) == real.stem else image.TINY
    return image.load(tensors, sizes)


def load_audio(lab: Lab) -> tuple[audio.AudioTower, audio.SpeechDecoder]:
    """Read the audio tower and the speech decoder."""
    tensors = checkpoints.load(folder(lab) / "speech.safetensors")
    real = audio.AudioSizes()
    sizes = real if len(tensors["encoder.conv1.bias"]) == real.width else audio.TINY
    return audio.load(tensors, sizes)


def class_texts(lab: Lab) -> list[list[str]]:
    """List what each class of the image tower is called; the last is its gloss."""
    found = stored.table(folder(lab) / "classes.json")
    return [[f"a photo of a {names[0]}", *names, gloss] for names, gloss in found]
