"""The table of stages, and what is said before one of them runs."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from omnisearch.training import stored
from omnisearch.training.lab import Lab, LabBusyError, LabError, Made, Options
from omnisearch.training.locks import alone
from omnisearch.training.stages import STAGES, Stage, find, run
from tests.cli.place import ROOT, Place

TINY = Options(tiny=True)


def edit(lab: Lab, record: str, **more: object) -> None:
    path = lab.root / "done" / f"{record}.json"
    found = {**json.loads(path.read_text("utf-8")), **more}
    path.write_text(json.dumps({name: value for name, value in found.items() if value is not None}))


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


@pytest.mark.parametrize("name", ["dat", "DATA", "Data"])
def test_a_name_is_found_in_any_case(name: str) -> None:
    with pytest.raises(LabError, match=f"no stage '{name}': did you mean data"):
        find(name)


def test_all_is_a_name_that_may_be_meant() -> None:
    with pytest.raises(LabError, match="did you mean all"):
        find("alll")


def test_minutes_are_those_that_were_taken() -> None:
    path = ROOT / "benchmarks" / "results" / "retraining.json"
    taken = json.loads(path.read_text("utf-8"))["minutes"]
    assert {one.name: one.minutes for one in STAGES if one.minutes is not None} == taken


def test_stages_that_keep_no_part_begin_anew() -> None:
    anew = "towers inverse fuse recover phases calibrate export report"
    assert {stage.name for stage in STAGES if not stage.resumes} == {*anew.split()}


def test_what_was_made_is_told_by_its_content(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    run("data", lab, TINY)
    made, figures = lab.inputs(("data",)), stored.figures(lab, "data")
    lab.finish("data", Made(figures))
    assert lab.inputs(("data",)) != made
    lab.finish("data", Made(figures, files=sorted(lab.data.glob("*.arrow"))))
    assert lab.inputs(("data",)) == made


@pytest.mark.parametrize("marked", [True, False])
def test_tiny_and_real_are_not_mixed(tmp_path: Path, marked: bool) -> None:
    lab = Lab(tmp_path)
    run("data", lab, TINY)
    if not marked:  # as records were before they told
        edit(lab, "data", tiny=None)
    for name in ("data", "towers"):
        with pytest.raises(LabError, match="of the tiny corpus: name another folder with --lab"):
            run(name, lab, Options())
    real = Lab(tmp_path / "real")
    real.finish("data", Made({}))
    with pytest.raises(LabError, match="of the real corpus: name another folder with --lab"):
        run("data", real, TINY)


def test_a_record_without_a_mark_is_of_a_real_corpus(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    assert lab.is_tiny() is None
    (lab.data / "pictures-tabler.arrow").touch()
    assert lab.is_tiny() is False


def test_the_first_of_all_that_is_missing_is_named(tmp_path: Path) -> None:
    lab, options = Lab(tmp_path), Options(tiny=True, variant="a", seed=1)
    run("data", lab, TINY)
    with pytest.raises(LabError, match=r"run `omnisearch train towers --tiny --lab .*`"):
        run("fuse", lab, options)
    lab.finish("towers", Made({}, inputs=lab.inputs(("data",))))
    lab.finish("features", Made({}, inputs=lab.inputs(("data", "towers"))))
    for name in ("heads", "inverse"):
        lab.finish(name, Made({}, inputs=lab.inputs(("features",))))
    command = "omnisearch train specialists --variant a --seed 1 --tiny --lab"
    with pytest.raises(LabError, match=f"run `{command} .*` first: stage fuse needs"):
        run("fuse", lab, options)


def test_an_empty_folder_is_no_laboratory_and_stays_empty(tmp_path: Path) -> None:
    for name in ("report", "heads", "fuse"):
        with pytest.raises(LabError, match="holds no laboratory: run `omnisearch train data --lab"):
            run(name, Lab(tmp_path), Options())
    assert list(tmp_path.iterdir()) == []


def test_what_another_version_made_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    lab = Lab(tmp_path)
    run("data", lab, TINY)
    with caplog.at_level(logging.WARNING, "omnisearch"):
        assert not run("data", lab, TINY)
        assert caplog.messages == []
        edit(lab, "data", version="0.0.1")
        assert not run("data", lab, TINY)
    (told,) = caplog.messages
    assert told.startswith("data was made by omnisearch 0.0.1, this is ")


def test_a_laboratory_at_work_is_told_by_its_own_exit_code(tmp_path: Path) -> None:
    place, lab = Place(tmp_path), Lab(tmp_path / "lab")
    with alone(lab, None):
        done = place.run("train", "data", "--tiny")
        assert done.returncode == 4
        assert "another run works in this laboratory" in done.stderr
        assert len(done.stderr.splitlines()) == 1
        with pytest.raises(LabBusyError, match="wait for its end"):
            run("data", Lab(lab.root), TINY)
    assert run("data", lab, TINY)
