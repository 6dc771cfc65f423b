import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from omnisearch.training.data import tables
from omnisearch.training.data.splits import split_of, split_of_all
from omnisearch.training.lab import Lab, LabError, LabStorageError, Options
from omnisearch.training.stages import STAGES, Stage, find, run


def test_a_stage_is_done_once_it_is_finished(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    assert not lab.done("heads")
    lab.finish("heads", {"r10": 44.1}, 12.34)
    assert lab.done("heads")
    assert (lab.read_figures("heads"), lab.seconds("heads")) == ({"r10": 44.1}, 12.3)


def test_a_stage_is_to_be_repeated_when_what_it_was_made_from_changes(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    lab.finish("data", {"pictures": 1}, 1)
    lab.finish("features", {}, 1, ("data",))
    assert lab.done("features")
    lab.finish("data", {"pictures": 1}, 2)
    assert lab.done("features")
    lab.finish("data", {"pictures": 2}, 2)
    assert not lab.done("features")


def test_what_comes_first_is_said(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="run `omnisearch train fuse` first: stage drift needs"):
        Lab(tmp_path).require("drift", ("fuse-a1",))
    with pytest.raises(LabError, match="run `omnisearch train fuse` first"):
        Lab(tmp_path).read_figures("fuse-a1")


def test_a_damaged_record_is_an_error(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    lab.finish("data", {}, 1)
    (tmp_path / "done" / "data.json").write_text("{")
    with pytest.raises(LabStorageError, match="damaged: remove it"):
        lab.done("data")


def test_figures_that_are_no_numbers_are_refused_and_nothing_is_left(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    with pytest.raises(ValueError, match="JSON"):
        lab.finish("heads", {"loss": float("nan")}, 1)
    assert not lab.done("heads")
    assert list(lab.figures.iterdir()) == []


def test_stages_need_only_what_stands_before_them() -> None:
    names = [stage.name for stage in STAGES]
    assert len(names) == len(set(names))
    for place, stage in enumerate(STAGES):
        assert set(stage.needs) <= set(names[:place]), stage.name


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
def test_every_stage_exists(stage: Stage) -> None:
    assert callable(stage.load())


def test_a_stage_that_varies_has_a_record_for_each_seed_and_variant() -> None:
    stage = Stage("fuse", "", "fusion.stage:run", varies=True)
    assert stage.record(Options(seed=2, variant="a")) == "fuse-a2"
    assert find("data").record(Options(seed=2, variant="a")) == "data"


def test_a_wrong_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(LabError, match="no stage 'dta': did you mean data"):
        find("dta")


def test_what_is_done_is_not_run_again(tmp_path: Path) -> None:
    lab, tiny = Lab(tmp_path), Options(tiny=True)
    assert run("data", lab, tiny)
    assert not run("data", lab, tiny)
    (lab.data / "data.json").unlink()
    assert run("data", lab, tiny, again=True)
    assert json.loads((lab.data / "data.json").read_text())


def test_a_table_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "texts-x.arrow"
    row = dict.fromkeys(tables.TEXTS.names, "x")

    def rows() -> Iterator[tables.Row]:
        yield row
        raise InterruptedError

    with pytest.raises(InterruptedError):
        tables.write(path, tables.TEXTS, rows(), batch=1)
    assert list(tmp_path.iterdir()) == []
    assert tables.write(path, tables.TEXTS, [row] * 5, batch=2) == tables.count(path) == 5
    assert tables.read(path, ["query"])["query"].to_pylist() == ["x"] * 5


def test_a_missing_value_is_refused(tmp_path: Path) -> None:
    row = {**dict.fromkeys(tables.TEXTS.names, "x"), "passage": None}
    path = tmp_path / "texts-x.arrow"
    with pytest.raises(ValueError, match="passage"):
        tables.write(path, tables.TEXTS, [row])
    assert list(tmp_path.iterdir()) == []


def test_splits_have_their_shares_and_stay() -> None:
    found = [split_of(f"concept {number}") for number in range(20_000)]
    shares = {name: found.count(name) / len(found) for name in ("train", "validation", "test")}
    assert shares == pytest.approx({"train": 0.85, "validation": 0.05, "test": 0.10}, abs=0.01)
    assert [split_of(one) for one in ("hammer", "oranges", "pencils")] == [
        "train",
        "validation",
        "test",
    ]


def test_what_is_made_of_several_is_held_out_if_one_is() -> None:
    assert split_of_all(["hammer", "hammer"]) == "train"
    assert split_of_all(["hammer", "oranges"]) == "validation"
    assert split_of_all(["pencils", "oranges", "hammer"]) == "test"
