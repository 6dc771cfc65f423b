"""`omnisearch train fuse` over files, up to a vision-language model of another library."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")
import torch

from omnisearch.training import checkpoints
from omnisearch.training.fusion.arithmetic import digest
from tests.cli.place import Place

BASE = {"w": torch.tensor([1.0, 2.0, 3.0])}
SIGHT = {"w": torch.tensor([2.0, 2.0, 3.0])}
SOUND = {"w": torch.tensor([1.0, 4.0, 3.0]), "projector": torch.tensor([7.0])}
SPECIALISTS = ("--specialist", "sight=sight.safetensors", "--specialist", "sound=sound.safetensors")
ORDER = ("train", "fuse", "--base", "base.safetensors", *SPECIALISTS, "--out", "fused.safetensors")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    for name, tensors in {"base": BASE, "sight": SIGHT, "sound": SOUND}.items():
        checkpoints.save(tmp_path / f"{name}.safetensors", tensors)
    return Place(tmp_path)


def test_files_are_fused_with_a_coefficient_each(place: Place) -> None:
    done = place.run(*ORDER, "--coefficient", "sound=0.25")
    assert done.returncode == 0, done.stderr
    assert "2 tensors, 1 of them copied verbatim" in done.stderr
    fused = checkpoints.load(place.home / "fused.safetensors")
    # 1 + 0.5 * 1 (one of two), 2 + 0.25 * 2, 3
    assert fused["w"].tolist() == [1.5, 2.5, 3.0]
    assert digest(fused["projector"]) == digest(SOUND["projector"])
    assert not (place.home / "lab").exists()


def test_a_folder_is_a_checkpoint_too(place: Place) -> None:
    for name in ("base", "sight", "sound"):
        (place.home / name).mkdir()
        (place.home / f"{name}.safetensors").rename(place.home / name / "model.safetensors")
    named = [part.replace(".safetensors", "") if part != ORDER[-1] else part for part in ORDER]
    assert place.run(*named, "--method", "average", "--quiet").returncode == 0
    assert checkpoints.load(place.home / ORDER[-1])["w"].tolist() == [1.5, 3.0, 3.0]


def test_regmean_reads_grams(place: Place) -> None:
    for name, row in (("sight", [1.0, 0.0]), ("sound", [0.0, 1.0])):
        checkpoints.save(place.home / f"{name}-g.safetensors", {"w": torch.diag(torch.tensor(row))})
    wide = {"base": [[0.0, 0.0]], "sight": [[1.0, 2.0]], "sound": [[3.0, 4.0]]}
    for name, rows in wide.items():
        checkpoints.save(place.home / f"{name}.safetensors", {"w": torch.tensor(rows)})
    grams = ("--gram", "sight=sight-g.safetensors", "--gram", "sound=sound-g.safetensors")
    assert place.run(*ORDER, "--method", "regmean", *grams).returncode == 0
    found = checkpoints.load(place.home / "fused.safetensors")["w"].flatten().tolist()
    assert found == pytest.approx([1.0, 4.0], abs=1e-4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((*ORDER, "--coefficient", "smell=1"), "a coefficient for smell"),
        ((*ORDER, "--coefficient", "sound=much"), "'much' is no number"),
        ((*ORDER, "--coefficient", "sound"), "'sound' is not NAME=NUMBER"),
        ((*ORDER[:-1], "fused.bin"), "is no .safetensors file"),
        ((*ORDER[:3], "none.safetensors", *ORDER[4:]), "holds no .safetensors checkpoint"),
        (("train", "fuse", "--base", "base.safetensors"), "are wanted together"),
        (("train", "data", *ORDER[2:]), "belong to the stage fuse"),
        (("train", "all", "--out", "x"), "--out also to export: all takes none of them"),
        ((*ORDER, "--coefficient", "sound=nan"), "the coefficient of sound is nan"),
        ((*ORDER, "--coefficient", "sound=1", "--coefficient", "sound=2"), "have one name"),
        ((*ORDER, "--specialist", "sound=base.safetensors"), "give each name once"),
        ((*ORDER, "--density", "0.3"), "--density is for the method ties, not for task"),
        ((*ORDER, "--drop", "0", "--method", "ties"), "--drop is for the method dare"),
        ((*ORDER, "--gram", "sound=base.safetensors"), "--gram is for the method regmean"),
        ((*ORDER, "--method", "regmean"), "those of sight are missing"),
        (("train", "fuse", "--method", "ties"), "--method is for fusing files"),
        (("train", "data", "--coefficient", "sound=1"), "--coefficient is for fusing files"),
    ],
)
def test_a_wrong_order_is_one_line(place: Place, arguments: tuple[str, ...], message: str) -> None:
    done = place.run(*arguments)
    assert done.returncode == 2 and message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (place.home / "fused.safetensors").exists()


@pytest.fixture
def transformers() -> Iterator[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reason = "transformers is not installed: fusion beyond omni-mini is NOT tested"
        yield pytest.importorskip("transformers", reason=reason)


def test_a_vision_language_model_of_another_library(place: Place, transformers: Any) -> None:
    sizes = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2}
    heads = {"num_attention_heads": 2}
    vision = transformers.CLIPVisionConfig(**sizes, **heads, image_size=16, patch_size=8)
    text = transformers.LlamaConfig(**sizes, **heads, num_key_value_heads=2, vocab_size=64)
    config = transformers.LlavaConfig(
        vision_config=vision, text_config=text, image_token_index=63, image_seq_length=4
    )
    torch.manual_seed(0)
    model = transformers.LlavaForConditionalGeneration(config).eval()
    model.save_pretrained(place.home / "base-model")
    for name in ("sight", "sound"):
        with torch.no_grad():
            for one in model.parameters():
                one.add_(0.02 * torch.randn_like(one))
        model.save_pretrained(place.home / name)
    grafted = {"audio_projector.weight": torch.randn(32, 8)}
    checkpoints.save(place.home / "sound" / "audio.safetensors", grafted)
    named = ("--specialist", "sight=sight", "--specialist", "sound=sound")
    done = place.run(
        "train", "fuse", "--base", "base-model", *named, "--method", "ties", "--out", ORDER[-1]
    )
    assert done.returncode == 0, done.stderr
    fused = checkpoints.load(place.home / ORDER[-1])
    assert digest(fused.pop("audio_projector.weight")) == digest(grafted["audio_projector.weight"])
    whole = checkpoints.load(place.home / "base-model")
    assert fused.keys() == whole.keys() and _differ(fused, whole) > 0.9 * len(whole)
    (place.home / "fused").mkdir()
    checkpoints.save(place.home / "fused" / "model.safetensors", fused)
    (place.home / "base-model" / "config.json").rename(place.home / "fused" / "config.json")
    read = transformers.LlavaForConditionalGeneration.from_pretrained(place.home / "fused").eval()
    with torch.no_grad():
        pixels, ids = torch.randn(1, 3, 16, 16), torch.tensor([[1, 63, 63, 63, 63, 5]])
        assert bool(torch.isfinite(read(input_ids=ids, pixel_values=pixels).logits).all())


def _differ(a: Mapping[str, torch.Tensor], b: Mapping[str, torch.Tensor]) -> int:
    return sum(not torch.equal(a[key], b[key]) for key in a)
