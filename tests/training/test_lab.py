import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from omnisearch.training import stored
from omnisearch.training.data import tables
from omnisearch.training.data.splits import split_of, split_of_all
from omnisearch.training.lab import Lab, LabError, LabStorageError, Made, Options
from omnisearch.training.stages import find, run


def finish(lab: Lab, stage: str, found: object, *needs: str) -> None:
    lab.finish(stage, Made({"found": found}, 1.0, lab.inputs(needs)))


def test_a_stage_is_done_once_it_is_finished(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    assert not lab.done("heads")
    lab.finish("heads", Made({"r10": 44.1}, 12.34))
    assert lab.done("heads")
    assert (stored.figures(lab, "heads"), lab.seconds("heads")) == ({"r10": 44.1}, 12.3)


def test_a_stage_is_to_be_repeated_when_what_it_was_made_from_changes(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    finish(lab, "data", 1)
    finish(lab, "features", "f", "data")
    assert lab.done("features")
    finish(lab, "data", 1)
    assert lab.done("features")
    finish(lab, "data", 2)
    assert not lab.done("features")


def test_a_change_is_noticed_by_all_that_stands_on_it(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    finish(lab, "data", 1)
    finish(lab, "features", "f", "data")
    finish(lab, "heads", "h", "features")
    assert lab.done("heads")
    finish(lab, "data", 2)
    assert not lab.done("heads")
    finish(lab, "features", "f", "data")  # the same again, so what was made of them still holds
    assert lab.done("heads")


def test_inputs_are_those_from_before_the_stage(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    finish(lab, "data", 1)
    before = lab.inputs(("data",))
    finish(lab, "data", 2)
    lab.finish("features", Made({}, inputs=before))
    assert not lab.done("features")


def test_the_report_is_made_again_for_other_rows(tmp_path: Path) -> None:
    lab, rows = Lab(tmp_path), tmp_path / "figures" / "drift"
    rows.mkdir(parents=True)
    (rows / "b0-fused.json").write_text("1")
    lab.finish("report", Made({}, inputs=lab.inputs(find("report").reads)))
    assert lab.done("report")
    (rows / "b1-fused.json").write_text("2")
    assert not lab.done("report")


@pytest.mark.parametrize("name", ["data", "features"])
def test_other_content_counts_where_figures_are_the_same(tmp_path: Path, name: str) -> None:
    lab, made = Lab(tmp_path), []
    path = tmp_path / find(name).tells.replace("*", "pictures-x")
    path.parent.mkdir()
    for content in ("red", "red", "blue"):
        path.write_text(content)
        lab.finish(name, Made({"rows": 1}, files=sorted(tmp_path.glob(find(name).tells))))
        made.append(lab.inputs((name,)))
    assert made[0] == made[1] != made[2]


def test_a_record_without_later_fields_is_read_as_it_was_meant(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    old = {"stage": "data", "made": "1f", "inputs": {}, "seconds": 2.0}
    (tmp_path / "done").mkdir()
    (tmp_path / "done" / "data.json").write_text(json.dumps(old))
    next_ = {**old, "stage": "towers", "inputs": {"data": "1f"}}
    (tmp_path / "done" / "towers.json").write_text(json.dumps(next_))
    assert lab.done("towers") and lab.version("towers") is None


def test_what_comes_first_is_said_as_a_whole_command(tmp_path: Path) -> None:
    lab = Lab(tmp_path / "a lab")
    command = f"run `omnisearch train fuse --variant a --seed 1 --lab '{lab.root}'` first"
    with pytest.raises(LabError, match=f"{command}: stage drift needs"):
        lab.require("drift", ("fuse-a1",))
    with pytest.raises(LabError, match="run `omnisearch train data --tiny --lab"):
        lab.require("heads", ("data",), tiny=True)


def test_a_damaged_record_is_an_error(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    finish(lab, "data", 1)
    (tmp_path / "done" / "data.json").write_text("{")
    with pytest.raises(LabStorageError, match="damaged: remove it"):
        lab.done("data")


def test_figures_that_are_no_numbers_are_refused_and_nothing_is_left(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    with pytest.raises(ValueError, match="JSON"):
        finish(lab, "heads", float("nan"))
    assert not lab.done("heads")
    assert list(tmp_path.iterdir()) == []


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
