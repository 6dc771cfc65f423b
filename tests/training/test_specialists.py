import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from omnisearch.training import checkpoints, loop, stages, stored
from omnisearch.training.encoder import assembly
from omnisearch.training.lab import Lab, Options
from omnisearch.training.lessons import twins
from omnisearch.training.specialists import apprentice, inverse
from omnisearch.training.specialists import stage as specialists
from omnisearch.training.specialists.apprentice import Apprentice, Training
from omnisearch.training.specialists.draws import Draw, shares
from omnisearch.training.towers.captions import Texts

KINDS = ("text", "image", "audio", "video", "document")


@pytest.fixture(scope="module")
def lab(tiny: Lab, tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """A tiny laboratory with the specialists of both variants."""
    made = Lab(tmp_path_factory.mktemp("specialists") / "lab")
    shutil.copytree(tiny.root, made.root)
    stages.run("specialists", made, Options(tiny=True))
    return made


def figures(lab: Lab, variant: str) -> dict[str, Any]:
    return stored.figures(lab, f"specialists-{variant}0")


def tensors(lab: Lab, variant: str, kind: str) -> dict[str, torch.Tensor]:
    return checkpoints.load(lab.models / f"specialists-{variant}0" / f"{kind}.safetensors")


@pytest.mark.parametrize("variant", ["a", "b"])
def test_only_the_specialist_of_audio_has_its_projector(lab: Lab, variant: str) -> None:
    base = tensors(lab, variant, "base")
    grafted = {key for key in tensors(lab, variant, "start") if key not in base}
    assert grafted
    assert all(key.startswith("projector.audio.") for key in grafted)
    for kind in KINDS:
        extra = set(tensors(lab, variant, kind)) - set(base)
        assert extra == (grafted if kind == "audio" else set())


@pytest.mark.parametrize("kind", KINDS)
def test_a_specialist_moves_what_it_learns_with_and_nothing_else(lab: Lab, kind: str) -> None:
    base, own = tensors(lab, "b", "base"), tensors(lab, "b", kind)
    moved = {key for key in base if not torch.equal(base[key], own[key])}
    assert any(key.startswith("backbone.encoder.") for key in moved)
    assert not any(key.startswith("backbone.embeddings.") for key in moved)
    looks = kind in ("image", "video", "document")
    assert any(key.startswith("projector.visual.") for key in moved) == looks
    assert ("projector.visual.frame" in moved) == (kind == "video")


def told(lab: Lab, variant: str, name: str, kind: str) -> dict[str, float]:
    """What a checkpoint makes of the rows that its specialist learnt from."""
    model = assembly.build(lab, tensors(lab, variant, name))
    return apprentice.tried(lab, kind, model, Texts(lab), "train")


@pytest.mark.parametrize(("variant", "kind"), [("a", "image"), ("a", "audio"), ("b", "text")])
def test_a_specialist_is_better_than_its_start(lab: Lab, variant: str, kind: str) -> None:
    start = "start" if kind == "audio" else "base"
    name = "media to text R@1"
    after, before = (told(lab, variant, one, kind)[name] for one in (kind, start))
    assert after > before + 0.1


def test_the_specialist_of_video_learns_the_order_of_frames(lab: Lab) -> None:
    """Twins are wrong in their order only, so a mean of frames gets half of them."""
    both = (told(lab, "b", name, "video") for name in ("base", "video"))
    before, after = (one["order twins, accuracy of 36"] for one in both)
    assert after > 0.75, (before, after)
    assert after > before + 0.2


def test_a_bootstrapped_start_is_better_than_a_random_one(lab: Lab) -> None:
    start = {v: figures(lab, v)["validation"]["image"]["before"] for v in ("a", "b")}
    assert start["b"]["media to text R@1"] > start["a"]["media to text R@1"]


def test_what_is_there_is_not_trained_again(lab: Lab) -> None:
    folder, record = lab.models / "specialists-b0", lab.root / "done" / "specialists-b0.json"
    before = {path.name: path.stat().st_mtime_ns for path in folder.glob("*.json")}
    (folder / "text.safetensors").write_bytes(b"cut")  # which is trained soonest
    done = record.read_bytes()
    record.unlink()  # as where a run was interrupted
    assert specialists.run(lab, Options(tiny=True)) == figures(lab, "b")
    record.write_bytes(done)
    changed = {p.name for p in folder.glob("*.json") if p.stat().st_mtime_ns != before[p.name]}
    assert changed == {"text.json"}


def test_what_is_done_is_trained_again_when_it_is_repeated(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = Lab(tmp_path / "lab")
    shutil.copytree(lab.root, own.root)
    monkeypatch.setattr(specialists, "TINY", dict.fromkeys(KINDS, Training(2, 24, extra=64)))
    stages.run("specialists", own, Options(tiny=True), again=True)  # a first time, with two steps
    folder = own.models / "specialists-b0"
    before = {path.name: path.stat().st_mtime_ns for path in folder.glob("*.json")}
    stages.run("specialists", own, Options(tiny=True), again=True)
    assert all(path.stat().st_mtime_ns != before[path.name] for path in folder.glob("*.json"))


def test_a_loss_that_is_no_number_stops_and_leaves_the_batch(lab: Lab, tmp_path: Path) -> None:
    texts = Texts(lab)
    training = replace(specialists.TINY["image"], steps=3)
    pupil = Apprentice(lab, "image", training, texts, 0)
    start = tensors(lab, "b", "base")
    key = next(key for key in start if key.endswith("head.outer.bias"))
    start[key] = torch.full_like(start[key], torch.nan)
    trace = tmp_path / "batch.npz"
    with pytest.raises(loop.NonFiniteLossError, match="at step 0"):
        pupil.train(start, trace)
    with np.load(trace) as kept:
        assert len(kept["rows"]) == training.batch
        assert set(kept) >= {"rows", "texts", "extra", "twin_of", "right", "wrong"}


@pytest.mark.parametrize("kind", ["video", "document"])
def test_twins_are_drawn_for_their_own_rows(lab: Lab, kind: str) -> None:
    pupil = Apprentice(lab, kind, specialists.TINY[kind], Texts(lab), 0)
    batch = pupil.batch()
    assert len(batch["twin_of"]) == len(batch["rows"])
    for at, *both in zip(batch["twin_of"], batch["right"], batch["wrong"], strict=True):
        own = zip(*pupil.twins[batch["rows"][at]], strict=True)
        assert tuple(both) in set(own)


def test_twins_of_films_and_pages(lab: Lab) -> None:
    film = twins.of(lab, "video", "train")[0][0]
    assert film.differs == "order"
    assert film.right == "a red triangle moves from left to right"
    assert film.wrong == "a red triangle moves from right to left"
    pages = twins.of(lab, "document", "train")[0]
    assert {twin.right for twin in pages} == {"prose about apples"}
    assert {twin.wrong for twin in pages} == {
        f"{layout} about apples" for layout in ("table", "two columns", "form", "slide")
    }


def test_texts_alike_never_stand_against_each_other(lab: Lab) -> None:
    data = Draw(lab, "image", "train", Texts(lab))
    batch = data.draw(48, np.random.default_rng(0))
    targets = data.vectors(batch["texts"])
    allowed = data.allowed(batch["rows"], targets)
    concepts = [data.pairs.concepts[row] for row in batch["rows"]]
    for i, own in enumerate(concepts):
        for j, other in enumerate(concepts):
            if own == other:
                assert not allowed[i, j]
    assert allowed.float().mean() > 0.5


def test_kinds_are_drawn_by_the_root_of_their_size() -> None:
    found = shares(["scene"] * 900 + ["emoji"] * 100)
    assert found[:900].sum() == pytest.approx(0.75)
    assert found.sum() == pytest.approx(1)


def test_the_inverse_head_never_saw_held_out_texts(tiny_lab: Lab) -> None:
    trainer = inverse.InverseTrainer(tiny_lab, Options(tiny=True), inverse.InverseSettings())
    all_texts = Texts(tiny_lab)
    held = Draw(tiny_lab, "image", "test", all_texts)
    train = Draw(tiny_lab, "image", "train", all_texts)
    assert set(held.captions) - set(train.captions)
    assert not set(trainer.rows) & (set(held.captions) - set(train.captions))


def test_the_inverse_head_is_read_back(tiny_lab: Lab) -> None:
    head = inverse.load_inverse(tiny_lab)
    trainer = inverse.InverseTrainer(tiny_lab, Options(tiny=True), inverse.InverseSettings())
    random = type(head)(head.position.shape[1], len(head.inner.weight))
    assert trainer.cosine(head) > trainer.cosine(random) + 0.05
