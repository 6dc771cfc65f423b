"""Stage `export`: the encoder as a folder that needs ONNX Runtime and tokenizers, and no torch.

The folder is written beside its place and put there whole. `model.json` says how everything is
read; its fingerprint tells vectors of this encoder from those of another one.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

import omnisearch
from omnisearch.encoder import canaries
from omnisearch.encoder.model import Stored, fingerprint
from omnisearch.training.encoder.projectors import FRAMES
from omnisearch.training.export import card, checks, comparison, graphs, int8
from omnisearch.training.export.exported import Exported
from omnisearch.training.export.int8 import Grain
from omnisearch.training.export.places import place
from omnisearch.training.export.shipped import Shipped, longest
from omnisearch.training.lab import Lab, LabError, Options, write_bytes, write_json
from omnisearch.training.recovery.phases import WISHES
from omnisearch.training.specialists import bootstrap
from omnisearch.training.stored import table
from omnisearch.training.towers import audio, frozen
from omnisearch.training.towers.image import SIDE
from omnisearch.training.towers.releases import RELEASES

GRAPHS = ("text", "image", "audio", "sound", "speech")
# Four bits for what is largest and loses least: the words, heads, and all that writes soft tokens.
# Rows are rounded in the graph where many go through at once; speech goes token by token.
GRAINS = {
    "text": Grain(None, ("backbone.embeddings.word",), common=16_000),
    "image": Grain(128, ("projector.", "head.", "things."), pictures=True),
    "audio": Grain(None),
    "sound": Grain(128, ("projector.", "head.")),
    "speech": Grain(128),
}
SPEECH = ("speech.onnx", "speech-tokenizer.json")
MODALITIES = ("text", "image", "audio", "video", "document")
LIMIT, LIMIT_WITH_SPEECH = 60_000_000, 92_000_000
_SPOKEN = {  # what Whisper tiny.en is asked with
    "prompt": [50257, 50362],  # <|startoftranscript|> <|notimestamps|>
    "end": 50256,
    "never_first": [220, 50256],  # a blank, the end
    "seconds": [10, 30],  # filled up to ten: in shorter windows it repeats itself
    "longest": 224,
}


def run(lab: Lab, options: Options) -> Mapping[str, object]:
    """Write the folder, check it, and measure it on validation."""
    target = place(lab, options)
    made, full = target.with_name(f"{target.name}.new"), target.with_name(f"{target.name}.float32")
    for one in (made, full):
        shutil.rmtree(one, ignore_errors=True)
        one.mkdir(parents=True)
    shipped = Shipped(lab, options)
    _graphs(lab, shipped, full)
    tried = checks.inputs(lab, full)
    trial = {**tried, "image": checks.pictures(lab)}
    told: dict[str, dict[str, Any]] = {}
    for name in GRAPHS:
        small = made / f"{name}.onnx"
        int8.quantise(full / small.name, small, GRAINS[name], trial[name])
        cosines = checks.agreement(full / small.name, small, tried[name])
        checks.refuse_coarse(name, cosines)
        told[name] = {"bytes": small.stat().st_size, "int8": cosines}
    shutil.rmtree(full)
    tables(lab, made)
    _papers(lab, made)
    described(lab, options, made)
    found = comparison.measure(lab, options, Exported(made), "validation")
    for kind, one in found["kinds"].items():
        checks.refuse_coarse(kind, {"vectors": one})
    write_bytes(made / "MODEL_CARD.md", card.page(lab, options, made, found, told).encode())
    canaries.make(made)
    sizes = refuse_large(made)
    shutil.rmtree(target, ignore_errors=True)
    made.replace(target)
    model = json.loads((target / "model.json").read_text("utf-8"))
    told_of = {"fingerprint": model["fingerprint"], "validation": found}
    return {"graphs": told, "bytes": sizes, **told_of}


def _graphs(lab: Lab, shipped: Shipped, path: Path) -> None:
    """Write every graph in float32."""
    projector = shipped.encoder.projector
    tower, decoder = frozen.load_audio(lab)
    picture = graphs.ImageGraph(
        shipped.tower,
        projector["visual"],  # type: ignore[arg-type]
        shipped.heads["visual"],
        shipped.things,
    )
    heard = graphs.SoundGraph(projector["audio"], shipped.heads["audio"])  # type: ignore[arg-type]
    with lab.progress("export", len(GRAPHS), "graphs") as bar:
        graphs.text(shipped.encoder.backbone, path / "text.onnx")
        bar.update()
        graphs.image(picture, path / "image.onnx")
        bar.update()
        graphs.audio(tower, path / "audio.onnx")
        bar.update()
        graphs.sound(heard, tower.sizes.width, path / "sound.onnx")
        bar.update()
        graphs.speech(decoder, path / "speech.onnx")
        bar.update()


def tables(lab: Lab, path: Path) -> None:
    """Write the tokenizers and the mel bank."""
    source = frozen.folder(lab)
    for name in ("tokenizer.json", "speech-tokenizer.json"):
        if (source / name).exists():  # tiny towers speak no language
            content = json.loads((source / name).read_text("utf-8"))
            dense = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
            write_bytes(path / name, dense.encode())
    np.save(path / "mel.npy", audio._filters())


def _papers(lab: Lab, path: Path) -> None:
    """Write data.json and NOTICE."""
    for name in ("data.json", "NOTICE"):
        if not (lab.data / name).exists():
            raise LabError(f"{lab.data / name} is missing: run `omnisearch train data` first")
    shutil.copyfile(lab.data / "data.json", path / "data.json")
    notice = (lab.data / "NOTICE").read_text("utf-8").rstrip()
    write_bytes(path / "NOTICE", f"{notice}\n\n{_models()}".encode())


def _models() -> str:
    """Name the released models that are in the graphs."""
    lines = ["The encoder is made from these models, changed by training and rounding:"]
    for one in RELEASES:
        package = one.package
        told = f"{package.attribution} ({package.name} {package.version})"
        lines.append(f"  {told}, {package.licence}")
    return "\n".join([*lines, ""])


def described(lab: Lab, options: Options, path: Path) -> None:
    """Write model.json."""
    learnt = lab.models / f"calibrate-{options.run}" / "calibration.json"
    calibration = table(learnt)
    weights = calibration.pop("weights")
    model = {
        "name": "omni-mini",
        "version": omnisearch.__version__,
        "run": options.run,
        "dim": bootstrap.load_head(lab, "image").outer.out_features,
        "modalities": MODALITIES,
        "onnxruntime": ">=1.23",  # MatMulNBits of 8 bits, on ARM as well
        "graphs": {name: {"file": f"{name}.onnx"} for name in GRAPHS},
        **preprocessing(lab),
        "instructions": dict(WISHES),
        "weights": weights,
    }
    model["fingerprint"] = fingerprint(model, stored(path))
    write_json(path / "model.json", {**model, "calibration": calibration})


def preprocessing(lab: Lab) -> dict[str, Any]:
    """Say how each modality is read, just as it was in training."""
    words = frozen.Words.load(lab)
    _, decoder = frozen.load_audio(lab)
    sizes = decoder.sizes
    spoken = _SPOKEN if (frozen.folder(lab) / "speech-tokenizer.json").exists() else {
        **_SPOKEN, "prompt": [1], "end": sizes.vocabulary - 1, "never_first": [0],
        "seconds": [2, 4], "longest": sizes.tokens - 1,
    }  # fmt: skip
    return {
        "text": {
            "tokenizer": "tokenizer.json",
            "longest": longest(frozen.load_backbone(lab)),
            "cls": words.cls,
            "sep": words.sep,
        },
        "image": {
            "side": SIDE,
            "resample": "bicubic, both sides to the same, no crop",
            "transparent": "on white",
            "range": [0, 255],
            "order": "RGB, channels first",
        },
        "video": {"frames": FRAMES, "places": [1, FRAMES]},
        "audio": {
            "rate": audio.RATE,
            "seconds": audio.SECONDS,
            "window": audio._WINDOW,
            "hop": audio._HOP,
            "filters": "mel.npy",
        },
        "speech": {
            "tokenizer": "speech-tokenizer.json",
            "layers": sizes.layers,
            "heads": sizes.heads,
            **spoken,
        },
    }


def stored(path: Path) -> dict[str, Stored]:
    """Measure every file of an export."""
    return {file.name: Stored.of(file.read_bytes()) for file in path.iterdir()}


def refuse_large(path: Path) -> dict[str, int]:
    """Give each file's size; raise where they are too large together."""
    sizes = {file.name: file.stat().st_size for file in sorted(path.iterdir())}
    whole = sum(sizes.values())
    small = whole - sum(sizes.get(name, 0) for name in SPEECH)
    if small > LIMIT or whole > LIMIT_WITH_SPEECH:
        each = ", ".join(f"{name} {size / 1e6:.1f}" for name, size in sizes.items())
        limits = f"{LIMIT / 1e6:.0f} and {LIMIT_WITH_SPEECH / 1e6:.0f}"
        found = f"{small / 1e6:.1f} MB, {whole / 1e6:.1f} with speech; {limits} are allowed"
        raise LabError(f"the export is too large: {found} ({each})")
    return sizes
