"""What a stage does with a damaged file: its own is made again, of another the stage is named."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

pytest.importorskip("torch")
import numpy as np
import torch

from omnisearch.training import checkpoints, stages, stored
from omnisearch.training.lab import Lab, LabError, Options
from omnisearch.training.specialists import bootstrap
from omnisearch.training.towers import extraction, features

TINY = Options(tiny=True)


@pytest.fixture
def lab(tiny_lab: Lab, tmp_path: Path) -> Lab:
    shutil.copytree(tiny_lab.root, tmp_path / "lab")
    return Lab(tmp_path / "lab")


def cut(path: Path) -> bytes:
    """Cut a file to its half; gives what it was."""
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    return content


@pytest.mark.parametrize(
    "name", ["pictures-tiny.npy", "pictures-tiny.json", "texts.npy", "texts.arrow"]
)
def test_cut_features_are_named_and_made_again(lab: Lab, name: str) -> None:
    path = lab.features / name
    before = cut(path)
    with pytest.raises(LabError, match=rf"{name} is damaged .*train features --tiny .*--again`"):
        stages.run("heads", lab, TINY, again=True)
    stages.run("features", lab, TINY, again=True)
    assert name.endswith(".arrow") or path.read_bytes() == before
    stages.run("heads", lab, TINY, again=True)


@pytest.mark.parametrize("name", ["pictures-tiny.npy", "texts.arrow"])
def test_missing_features_name_their_stage(lab: Lab, name: str) -> None:
    (lab.features / name).unlink()
    with pytest.raises(LabError, match=rf"{name} is missing: .*train features --tiny .*--again`"):
        stages.run("heads", lab, TINY, again=True)


def test_the_room_of_features_is_taken_before_they_are_made(tmp_path: Path) -> None:
    """What does not fit is refused then: under a map a full disk ends the process by a signal."""
    job = features.Job("many", "many", "pictures", 10_000, "")
    found = np.zeros((features.CHUNK, 100), np.float16)
    chunk = extraction.Chunk(tmp_path, "many", "pictures", 0, features.CHUNK)
    assert [*features._fill(Lab(tmp_path), job, [(job, chunk, found)])] == [features.CHUNK]
    (part,) = (tmp_path / "features").glob("*.part")
    assert part.stat().st_blocks * 512 >= part.stat().st_size > 2 * 10_000 * 100


@pytest.mark.parametrize("name", ["pictures-tiny.npy", "texts.npy"])
def test_whole_features_are_not_made_again(lab: Lab, name: str) -> None:
    path = lab.features / name
    written = path.stat().st_mtime_ns
    features.build(lab, TINY)
    assert path.stat().st_mtime_ns == written


@pytest.mark.parametrize("file", ["minilm.safetensors", "minilm.json", "tokenizer.json"])
def test_cut_towers_are_named(lab: Lab, file: str) -> None:
    cut(lab.models / "towers" / file)
    with pytest.raises(LabError, match=rf"{file} is damaged .*train towers --tiny"):
        stages.run("inverse", lab, TINY, again=True)


def test_cut_graphs_are_named(lab: Lab) -> None:
    cut(lab.models / "towers" / "image.onnx")
    (lab.features / "pictures-tiny.npy").unlink()
    with pytest.raises(stored.DamagedError, match=r"image.onnx is damaged .*train towers --tiny"):
        stages.run("features", lab, TINY, again=True)


def test_cut_heads_are_named_and_made_again(lab: Lab) -> None:
    path = lab.models / "heads" / "heads.safetensors"
    before = cut(path)
    with pytest.raises(LabError, match=r"heads.safetensors is damaged .*train heads --tiny"):
        bootstrap.load_head(lab, "image")
    stages.run("heads", lab, TINY, again=True)
    assert path.read_bytes() == before


def parts(lab: Lab) -> dict[str, int]:
    """Give the files of single heads and when each was written."""
    folder = lab.models / "heads" / "parts"
    return {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}


def test_an_interrupted_run_goes_on_with_the_heads_that_can_be_read(lab: Lab) -> None:
    (lab.root / "done" / "heads.json").unlink()
    before = parts(lab)
    damaged = next(name for name in before if name.startswith("audio-1"))
    cut(lab.models / "heads" / "parts" / damaged)
    before = parts(lab)
    stages.run("heads", lab, TINY)
    after = parts(lab)
    assert {name for name in after if after[name] != before.get(name)} == {damaged}


def test_heads_that_are_done_are_repeated_from_the_start(lab: Lab) -> None:
    before = parts(lab)
    stages.run("heads", lab, TINY, again=True)
    after = parts(lab)
    assert after.keys() == before.keys()
    assert not {name for name in after if after[name] == before[name]}


def test_another_seed_has_other_heads_and_keeps_those_of_the_first(lab: Lab) -> None:
    before, first = parts(lab), bootstrap.load_head(lab, "image")
    stages.run("heads", lab, Options(tiny=True, seed=5), again=True)
    after, other = parts(lab), bootstrap.load_head(lab, "image")
    assert not torch.equal(first.outer.weight, other.outer.weight)
    assert {name: after[name] for name in before} == before
    assert all("-seed" in name for name in after.keys() - before.keys())
    stages.run("heads", lab, TINY, again=True)
    assert torch.equal(first.outer.weight, bootstrap.load_head(lab, "image").outer.weight)


def test_files_of_the_first_seed_are_named_as_ever() -> None:
    digest = 12 * "f"
    assert bootstrap.part("image-2", 2, digest) == f"image-2-{digest}.safetensors"
    assert bootstrap.part("things", 0, digest) == f"things-{digest}.safetensors"
    assert bootstrap.part("image-2", 7, digest) == f"image-2-{digest}-seed7.safetensors"


def test_an_inverse_head_that_is_cut_is_named(lab: Lab) -> None:
    cut(lab.models / "inverse" / "inverse.safetensors")
    told = r"inverse.safetensors is damaged .*train inverse --tiny"
    with pytest.raises(checkpoints.CheckpointError, match=told):
        stages.run("specialists", lab, TINY)
