"""What ships: whole, within its size, and of use without torch."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from omnisearch.encoder.model import ModelFiles
from omnisearch.training.export.exported import Exported

FOLDER = Path(__file__).parents[2] / "omnisearch" / "weights" / "omni-mini"
SPEECH = {"speech.onnx", "speech-tokenizer.json"}

pytestmark = pytest.mark.skipif(not FOLDER.exists(), reason="no weights are shipped yet")


@pytest.fixture(scope="module")
def mini() -> Exported:
    return Exported(FOLDER)


def test_every_file_is_there_and_all_are_small_enough() -> None:
    sizes = {file.name: file.stat().st_size for file in FOLDER.iterdir()}
    graphs = {"text.onnx", "image.onnx", "audio.onnx", "sound.onnx", "speech.onnx"}
    papers = {"model.json", "data.json", "NOTICE", "MODEL_CARD.md"}
    assert sizes.keys() >= graphs | papers | {"tokenizer.json", "speech-tokenizer.json", "mel.npy"}
    assert sum(sizes.values()) <= 92e6
    assert sum(size for name, size in sizes.items() if name not in SPEECH) <= 60e6


def test_every_file_is_the_one_that_was_listed() -> None:
    files = ModelFiles(FOLDER)  # compares the fingerprint
    assert (
        files.fingerprint == json.loads((FOLDER / "model.json").read_text("utf-8"))["fingerprint"]
    )
    for name, stored in files.stored.items():
        assert len(files.read(name)) == stored.bytes


def test_texts_of_one_meaning_are_near_each_other(mini: Exported) -> None:
    vectors = mini.texts(["a small cat", "a kitten", "repairing the engine of a car"])
    assert vectors.shape == (3, 384)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.3


def test_a_drawn_sun_and_a_tone_are_vectors_of_the_same_space(mini: Exported) -> None:
    side = mini.model["image"]["side"]
    y, x = np.mgrid[:side, :side] / side - 0.5
    disc = (x**2 + y**2 < 0.1)[None].repeat(3, 0)
    colour = np.array([255, 210, 0], np.float32)[:, None, None]
    picture = np.where(disc, colour, np.float32(255)).astype(np.float32)[None]
    seen = mini.media("image", mini.pictures(picture))
    rate = mini.model["audio"]["rate"]
    tone = np.sin(2 * np.pi * 440 * np.arange(2 * rate) / rate).astype(np.float32)[None]
    heard = mini.media("audio", mini.sounds(tone))
    for vector in (seen, heard):
        assert vector.shape == (1, 384) and abs(float(np.linalg.norm(vector)) - 1) < 1e-5
    assert np.array_equal(seen, mini.media("image", mini.pictures(picture)))


def test_it_needs_no_torch() -> None:
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "from pathlib import Path\n"
        "from omnisearch.training.export.exported import Exported\n"
        f"print(Exported(Path({str(FOLDER)!r})).texts(['a cat']).shape)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "(1, 384)"
