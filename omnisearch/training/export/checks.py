"""How near int8 graphs are to float32 ones, output by output, on items of the validation split."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime

from omnisearch.encoder import processor
from omnisearch.training.export.speech import empty
from omnisearch.training.lab import Lab, LabError
from omnisearch.training.lessons import corpus, media
from omnisearch.training.towers import frozen
from omnisearch.training.towers.audio import spectrum

Inputs = Mapping[str, npt.NDArray[Any]]
FLOOR = 0.97  # mean cosine of an output; below, the rounding of that graph is at fault
_TEXTS, _PICTURES, _SOUNDS = 64, 32, 16
_SHOWN = {"image": 128, "document": 32, "video": 16}
_FRAMES = slice(None, None, 4)  # of a film, two of eight: they are alike


def session(path: Path) -> onnxruntime.InferenceSession:
    """Open a graph on one thread."""
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = 1
    settings.inter_op_num_threads = 1
    settings.log_severity_level = 3
    processor.settle(settings)
    return onnxruntime.InferenceSession(str(path), settings, ["CPUExecutionProvider"])


def agreement(full: Path, small: Path, inputs: Inputs) -> dict[str, dict[str, float]]:
    """Give mean and least cosine of each output's last axis."""
    opened = session(full)
    names = [one.name for one in opened.get_outputs()]
    wanted, found = opened.run(None, inputs), session(small).run(None, inputs)
    return {name: _cosine(a, b) for name, a, b in zip(names, wanted, found, strict=True) if a.size}


def refuse_coarse(name: str, figures: Mapping[str, Mapping[str, float]]) -> None:
    """Stop where rounding changed what a graph says."""
    for output, cosine in figures.items():
        if cosine["cosine"] < FLOOR:
            fault = f"{name}: {output} in int8 have cosine {cosine['cosine']} to float32"
            raise LabError(f"{fault}, {FLOOR} is wanted: keep what is sensitive in float16")


def inputs(lab: Lab, folder: Path) -> dict[str, Inputs]:
    """Give what each graph is tried with; `folder` holds the float32 graphs."""
    mel = spectrum(media.waves(lab, _SOUNDS))
    last, early = session(folder / "audio.onnx").run(None, {"mel": mel})
    pixels = media.pixels(lab, _PICTURES)
    place = np.arange(len(pixels)) % 9  # alone, and each place in a film
    soft = session(folder / "image.onnx").run(None, {"pixels": pixels, "place": place})[0]
    return {
        "text": _text(lab, soft),
        "image": {"pixels": pixels, "place": place},
        "audio": {"mel": mel},
        "sound": {"last": last, "early": early},
        "speech": _speech(lab, last),
    }


def pictures(lab: Lab) -> Inputs:
    """Give pictures, pages and frames of the training split, for scales to be read off."""
    encoded: list[bytes] = []
    for kind, count in _SHOWN.items():
        side = corpus.load(lab, kind, "train").sample(count).candidate
        assert side.places is not None
        found = media.content(lab, kind, side.places)
        encoded += (
            [frame for film in found for frame in film[_FRAMES]] if kind == "video" else found
        )
    pixels = media.decoded(encoded)
    return {"pixels": pixels, "place": np.zeros(len(pixels), np.int64)}


def _text(lab: Lab, soft: npt.NDArray[Any]) -> Inputs:
    """Give texts, each second of them with a picture."""
    pairs = corpus.load(lab, "image", "validation").sample(_TEXTS)
    assert pairs.query.texts is not None
    ids, mask = frozen.Words.load(lab).encode([some[0] for some in pairs.query.texts])
    rows = np.arange(len(ids)) % len(soft)
    there = np.repeat((rows % 2)[:, None], soft.shape[1], 1)
    return {"ids": ids.numpy(), "id_mask": mask.numpy(), "soft": soft[rows], "soft_mask": there}


def _speech(lab: Lab, last: npt.NDArray[Any]) -> Inputs:
    _, decoder = frozen.load_audio(lab)
    sound = last[:4]
    none = empty(decoder, len(sound)).numpy()
    count = min(4, decoder.sizes.tokens)
    ids = np.arange(1, count + 1)[None].repeat(len(sound), 0) % decoder.sizes.vocabulary
    return {"ids": ids, "sound": sound, "past": none, "heard": none}


def _cosine(a: npt.NDArray[Any], b: npt.NDArray[Any]) -> dict[str, float]:
    left, right = (x.reshape(-1, x.shape[-1]).astype(np.float64) for x in (a, b))
    lengths = np.linalg.norm(left, axis=1) * np.linalg.norm(right, axis=1)
    kept = lengths > 0
    cosine = (left * right).sum(1)[kept] / lengths[kept]
    return {"cosine": round(float(cosine.mean()), 5), "least": round(float(cosine.min()), 5)}
