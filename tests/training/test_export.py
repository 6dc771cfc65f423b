"""The exported folder: read without torch, near torch, small enough."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from PIL import Image
from torch import nn

from omnisearch.encoder.model import fingerprint
from omnisearch.training import stages, stored
from omnisearch.training.export import card
from omnisearch.training.export import stage as export
from omnisearch.training.export.exported import Exported
from omnisearch.training.export.places import place
from omnisearch.training.export.shipped import Shipped
from omnisearch.training.lab import Lab, LabError, Options
from omnisearch.training.lessons import media
from omnisearch.training.towers import frozen
from omnisearch.training.towers.audio import spectrum
from tests.cli.place import Place

TINY = Options(tiny=True, variant="a")
# run by a process in which torch cannot be imported
READER = """
import json, sys
import numpy as np
sys.modules["torch"] = None
from pathlib import Path
from omnisearch.training.export.exported import Exported
encoder = Exported(Path(sys.argv[1]))
given = np.load(sys.argv[2])
found = {
    "texts": encoder.texts(["a red star", "rain"]),
    "pictures": encoder.media("image", encoder.pictures(given["pixels"])),
    "joint": encoder.media("composed", encoder.pictures(given["pixels"]), ["in blue"] * 2),
    "film": encoder.media("video", encoder.pictures(given["frames"], range(1, 9)).film()),
    "back": encoder.media("video", encoder.pictures(given["frames"][::-1], range(1, 9)).film()),
    "sounds": encoder.media("audio", encoder.sounds(given["waves"])),
    "spoken": np.array(encoder.decode(given["states"])),
}
np.savez(sys.argv[3], **found)
assert not any(name.split(".")[0] == "torch" for name in sys.modules if sys.modules[name])
"""


@pytest.fixture(scope="module")
def folder(shippable: Lab) -> Path:
    return place(shippable, TINY)


@pytest.fixture(scope="module")
def given() -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    frames = np.zeros((8, 3, 224, 224), np.float32)
    for number, frame in enumerate(frames):  # a square that moves
        frame[:, 60:120, 20 * number : 20 * number + 60] = [[[250]], [[40]], [[40]]]
    times = np.arange(64_000) / 16_000
    waves = np.stack([np.sin(times * 2000), np.sign(np.sin(times * 900))]).astype(np.float32)
    return {
        "pixels": random.uniform(0, 255, (2, 3, 224, 224)).astype(np.float32),
        "frames": frames,
        "waves": waves * 0.5,
        "states": random.normal(size=(1, 50, 24)).astype(np.float32),
    }


@pytest.fixture(scope="module")
def read(
    folder: Path, given: dict[str, np.ndarray], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, np.ndarray]:
    """What a process without torch makes of the export."""
    path = tmp_path_factory.mktemp("read")
    np.savez(path / "given.npz", **given)  # type: ignore[arg-type]
    command = [sys.executable, "-c", READER, str(folder), path / "given.npz", path / "found.npz"]
    subprocess.run([str(part) for part in command], check=True, cwd=Path(__file__).parents[2])
    return dict(np.load(path / "found.npz"))


def test_int8_without_torch_is_near_torch(
    shippable: Lab, read: dict[str, np.ndarray], given: dict[str, np.ndarray]
) -> None:
    shipped = Shipped(shippable, TINY)
    learnt = shippable.models / "calibrate-a0" / "calibration.json"
    weights = json.loads(learnt.read_text("utf-8"))["weights"]
    words = frozen.Words.load(shippable)
    visual, audio = (shipped.encoder.projector[name] for name in ("visual", "audio"))
    with torch.no_grad():
        texts = shipped.encoder.backbone(*words.encode(["a red star", "rain"]))
        seen = shipped.tower(torch.from_numpy(given["pixels"]))
        heard = frozen.load_audio(shippable)[0](torch.from_numpy(spectrum(given["waves"])))
        empty, blue = words.encode(["", ""]), words.encode(["in blue"] * 2)
        vectors = {
            "texts": texts,
            "pictures": shipped.encoder.backbone(*empty, visual(seen)),
            "joint": shipped.encoder.backbone(*blue, visual(seen)),
            "sounds": shipped.encoder.backbone(*empty, audio(heard)),
        }
        beside = shipped.heads["visual"](seen[:, :2].flatten(1))
        sounding = torch.cat((heard.mean(1), heard.amax(1)), 1)
        sounding = shipped.heads["audio"](sounding)
        said = shipped.encoder.backbone(*blue)
    kinds = {"pictures": ("image", beside), "joint": ("composed", beside)}
    kinds["sounds"] = ("audio", sounding)
    for name, wanted in vectors.items():
        np.testing.assert_allclose(np.linalg.norm(read[name], axis=1), 1, atol=1e-5)
        if name in kinds:
            kind, locked = kinds[name]
            if weights[kind].get("classes"):
                continue  # the classes' vector is tested through the stage's own figures
            total = wanted + weights[kind]["locked"] * locked
            if name == "joint":
                total = total + weights[kind]["words"] * said
            wanted = nn.functional.normalize(total, dim=1)
        cosine = (wanted.numpy() * read[name]).sum(1)
        assert cosine.min() > 0.99, name


def test_the_stage_compared_every_kind_from_its_bytes_on(shippable: Lab) -> None:
    found = stored.figures(shippable, "export-a0")["validation"]["kinds"]
    assert set(found) == {"text", "image", "audio", "video", "document"}
    for kind, one in found.items():
        # frames are hardly told apart by a tower that learnt nothing, so steps of bytes weigh more
        assert one["cosine"] > (0.975 if kind == "video" else 0.99)
        assert one["int8"]["queries"] == one["float32"]["queries"] > 0


def test_the_order_of_frames_counts(read: dict[str, np.ndarray]) -> None:
    """A mean of frames would differ by the rounding of a sum alone, by 1e-7."""
    assert np.abs(read["film"] - read["back"]).max() > 1e-5


def test_a_vector_does_not_depend_on_its_batch(folder: Path) -> None:
    encoder = Exported(folder)
    alone = encoder.texts(["rain"])
    among = encoder.texts(["rain", "a red star and a blue star", "a low sine tone"])[:1]
    np.testing.assert_allclose(alone, among, atol=1e-5)


def test_the_decoder_gives_the_tokens_that_torch_gives(
    shippable: Lab, read: dict[str, np.ndarray], given: dict[str, np.ndarray]
) -> None:
    """Greedy, without a cache, from the same states."""
    _, decoder = frozen.load_audio(shippable)
    ids, found = [1], list[int]()
    with torch.no_grad():
        for _ in range(7):
            logits = decoder(torch.tensor([ids]), torch.from_numpy(given["states"]))[0, -1]
            logits[0] = logits[0] if found else -torch.inf
            best = int(logits.argmax())
            if best == 15:
                break
            found.append(best)
            ids.append(best)
    assert len(found) > 1
    assert read["spoken"].tolist() == found


def test_too_large_an_export_is_refused_with_each_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "LIMIT", 1_000_000)
    monkeypatch.setattr(export, "LIMIT_WITH_SPEECH", 2_000_000)
    (tmp_path / "text.onnx").write_bytes(bytes(900_000))
    (tmp_path / "speech.onnx").write_bytes(bytes(1_000_000))
    assert export.refuse_large(tmp_path) == {"speech.onnx": 1_000_000, "text.onnx": 900_000}
    (tmp_path / "image.onnx").write_bytes(bytes(200_000))
    with pytest.raises(LabError, match=r"1\.1 MB, 2\.1 with speech.*image\.onnx 0\.2, speech"):
        export.refuse_large(tmp_path)


def test_the_folder_says_all_that_a_reader_needs(shippable: Lab, folder: Path) -> None:
    model = json.loads((folder / "model.json").read_text("utf-8"))
    assert model["modalities"] == ["text", "image", "audio", "video", "document"]
    assert {file["file"] for file in model["graphs"].values()} <= {p.name for p in folder.iterdir()}
    assert json.loads((folder / "data.json").read_text("utf-8"))[0]["licence"]
    notice = (folder / "NOTICE").read_text("utf-8")
    assert "Whisper tiny.en, OpenAI" in notice and "MIT" in notice
    assert not list(folder.parent.glob("*.new")) and not list(folder.parent.glob("*.float32"))


def test_the_fingerprint_follows_what_decides_a_vector(folder: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    shutil.copytree(folder, own)
    model = json.loads((own / "model.json").read_text("utf-8"))
    first = model.pop("fingerprint")
    del model["calibration"]
    assert fingerprint(model, export.stored(own)) == first
    (own / "MODEL_CARD.md").write_text("other words", "utf-8")
    assert fingerprint(model, export.stored(own)) == first
    model["weights"]["image"]["locked"] += 1
    assert fingerprint(model, export.stored(own)) != first
    model["weights"]["image"]["locked"] -= 1
    with (own / "text.onnx").open("ab") as file:
        file.write(b"\0")
    assert fingerprint(model, export.stored(own)) != first


def test_the_card_tells_figures_chance_and_limits(shippable: Lab, folder: Path) -> None:
    page = (folder / "MODEL_CARD.md").read_text("utf-8")
    assert "chance R@10" in page and "People, places, scenes and textures are weak" in page
    assert "$" not in page
    found = stored.figures(shippable, "export-a0")["validation"]
    one = found["kinds"]["image"]["int8"]
    assert f"| text → image | {one['r1']:.1f} ± {one['r1_error']:.1f} |" in page
    found["kinds"]["image"]["lost_r10"] = 4.0
    found["kinds"]["image"]["int8"]["queries"] = 300
    assert "Rounding costs text → image 4.0 points." in card.retrieval(found)


def test_the_release_asks_the_test_split(shippable: Lab, tmp_path: Path) -> None:
    own = Lab(tmp_path / "lab")
    shutil.copytree(shippable.root, own.root)
    assert stages.run("release", own, TINY)
    assert stored.figures(own, "release-a0")["split"] == "test"
    assert "Split: **test**" in (place(own, TINY) / "MODEL_CARD.md").read_text("utf-8")


def test_the_command_copies_the_encoder_out(shippable: Lab, folder: Path, tmp_path: Path) -> None:
    where = Place(tmp_path)
    command = ["train", "export", "--tiny", "--variant", "a", "--lab", str(shippable.root)]
    for _ in range(2):
        done = where.run(*command, "--out", "omni-mini")
        assert done.returncode == 0, done.stderr
        assert "export: was done before" in done.stderr
        out = where.home / "omni-mini"
        assert {p.name for p in out.iterdir()} == {p.name for p in folder.iterdir()}
    (where.home / "mine").mkdir()
    refused = where.run(*command, "--out", "mine")
    assert refused.returncode == 2 and "mine is there already and is no export" in refused.stderr
    assert where.run("train", "heads", "--out", "x").returncode == 2


def test_bytes_are_read_in_the_order_of_their_places(shippable: Lab) -> None:
    places = np.array([150, 3, 77])
    one, two, three = (media.content(shippable, "image", places[[at]])[0] for at in range(3))
    assert media.content(shippable, "image", places) == [one, two, three]
    assert Image.open(io.BytesIO(one)).size[0] > 0
