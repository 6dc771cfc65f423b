import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
import torch

from omnisearch.training import checkpoints, stored
from omnisearch.training.data import tables
from omnisearch.training.lab import Lab, Made
from omnisearch.training.specialists.stage import Place
from omnisearch.training.towers.captions import SCHEMA


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    (tmp_path / "lab" / "done").mkdir(parents=True)
    return Lab(tmp_path / "lab")


@pytest.mark.parametrize(
    ("file", "stage"),
    [
        ("data/pictures.arrow", "data"),
        ("data/queries/pictures.arrow", "data"),
        ("features/texts.npy", "features"),
        ("models/heads/parts/things.safetensors", "heads"),
        ("models/calibrate-b0/calibration.json", "calibrate --variant b --seed 0"),
        ("models/specialists-a12/audio.safetensors", "specialists --variant a --seed 12"),
        ("figures/recover-b1.json", "recover --variant b --seed 1"),
    ],
)
def test_the_command_that_makes_a_file_again_is_told(lab: Lab, file: str, stage: str) -> None:
    told = stored.remedy(lab.root / file)
    assert told == f"run `omnisearch train {stage} --lab {lab.root} --again`"


def test_what_is_no_file_of_a_laboratory_has_no_command(lab: Lab, tmp_path: Path) -> None:
    for path in (tmp_path / "models" / "own.safetensors", Path("own.safetensors")):
        assert stored.remedy(path) == "restore it or make it again"
    assert stored.remedy(lab.features / "tags-1.npz") == "remove it, it is made again"


def test_a_damaged_checkpoint_names_the_file_and_the_command(lab: Lab) -> None:
    path = lab.models / "heads" / "heads.safetensors"
    with pytest.raises(checkpoints.CheckpointError, match=r"or run `omnisearch train heads --lab"):
        checkpoints.load(path)
    checkpoints.save(path, {"a": torch.ones(100)})
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(checkpoints.CheckpointError, match=r"is damaged .*train heads .*--again`"):
        checkpoints.load(path)


def test_a_checkpoint_without_numbers_is_damaged(lab: Lab) -> None:
    path = lab.models / "fuse-b0" / "fused.safetensors"
    checkpoints.save(path, {"a": torch.tensor([1.0, torch.nan])})
    with pytest.raises(checkpoints.CheckpointError, match=r"\(a is not finite\): run .*train fuse"):
        checkpoints.load(path)


def test_a_checkpoint_that_cannot_be_written_is_said_as_of_any_file(lab: Lab) -> None:
    path = Path("/proc/omnisearch/one.safetensors")
    with pytest.raises(Exception, match=r"No such file or directory"):
        checkpoints.save(path, {"a": torch.ones(1)})
    with pytest.raises(Exception, match=r"No such file or directory"):
        checkpoints.save(Path("/proc/one.safetensors"), {"a": torch.ones(1)})


@pytest.mark.parametrize("size", [0, 5, 60, 150])
def test_a_cut_array_names_the_file_and_the_command(lab: Lab, size: int) -> None:
    path = lab.features / "sounds.npy"
    np.save(path, np.zeros((4, 4)))
    assert stored.array(path).shape == (4, 4)
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(
        stored.DamagedError, match=r"sounds.npy is damaged .*train features .*again"
    ):
        stored.array(path)


@pytest.mark.parametrize("kept", [0.0, 0.5, 0.9])
def test_a_cut_table_names_the_file_and_the_command(lab: Lab, kept: float) -> None:
    path = lab.data / "texts.arrow"
    tables.write(path, SCHEMA, [{"text": f"word {number}"} for number in range(100)])
    assert tables.count(path) == len(tables.read(path)) == 100
    content = path.read_bytes()
    path.write_bytes(content[: int(kept * len(content))])
    for read in (tables.read, tables.count):
        with pytest.raises(
            stored.DamagedError, match=r"texts.arrow is damaged .*train data .*again"
        ):
            read(path)


def test_damaged_json_names_the_file_and_the_command(lab: Lab) -> None:
    path = lab.models / "calibrate-b0" / "calibration.json"
    with pytest.raises(stored.DamagedError, match=r"calibration.json is missing: run `omnisearch"):
        stored.table(path)
    path.parent.mkdir()
    path.write_text(json.dumps({"weights": {}})[:-2])
    with pytest.raises(stored.DamagedError, match=r"is damaged .*train calibrate --variant b"):
        stored.table(path)
    assert stored.known(path) == {}


def test_figures_of_a_stage_name_it_where_they_are_damaged_or_missing(lab: Lab) -> None:
    lab.finish("fuse-a1", Made({"chosen": "ties 0.5"}))
    assert stored.figures(lab, "fuse-a1") == {"chosen": "ties 0.5"}
    path = lab.figures / "fuse-a1.json"
    path.write_text("{")
    again = r"run `omnisearch train fuse --variant a --seed 1 .*--again`"
    with pytest.raises(stored.DamagedError, match=f"is damaged .*{again}"):
        stored.figures(lab, "fuse-a1")
    path.unlink()
    with pytest.raises(stored.DamagedError, match=f"is missing: {again}"):
        stored.figures(lab, "fuse-a1")


def test_a_specialist_is_known_while_it_can_be_read(tmp_path: Path) -> None:
    place = Place(tmp_path, "audio", "this")
    assert place.known() is None
    place.keep({"a": torch.ones(100)}, {"after": 1.0})
    assert place.known() == {"after": 1.0}
    assert Place(tmp_path, "audio", "that").known() is None
    record, whole = tmp_path / "audio.json", place.path.read_bytes()
    place.path.write_bytes(whole[:-9])
    assert place.known() is None
    place.path.write_bytes(whole)
    record.write_bytes(record.read_bytes()[:-9])
    assert place.known() is None
