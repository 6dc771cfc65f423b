"""Trainings beside each other; without torch, which each process would load for nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from omnisearch.training import lanes
from omnisearch.training.lab import Lab, LabError, Options


def leave(lab: Lab, options: Options, name: str) -> None:
    if name == "broken":
        raise LabError("a batch is not finite")
    (lab.models / name).write_text(str(options.seed))


@pytest.mark.parametrize("threads", [1, 2])
def test_each_name_is_worked_on_once(tmp_path: Path, threads: int) -> None:
    lab, options = Lab(tmp_path), Options(seed=7, threads=threads)
    lanes.each(leave, lab, options, ["a", "b", "c"], "heads")
    assert {file.name: file.read_text() for file in lab.models.iterdir()} == dict.fromkeys(
        "abc", "7"
    )


@pytest.mark.parametrize("threads", [1, 2])
def test_what_goes_wrong_is_said_by_whoever_asked(tmp_path: Path, threads: int) -> None:
    with pytest.raises(LabError, match="a batch is not finite"):
        lanes.each(leave, Lab(tmp_path), Options(threads=threads), ["a", "broken"], "heads")


def test_there_are_no_more_processes_than_work() -> None:
    names = ["a", "b", "c"]
    assert [lanes.processes(Options(threads=n), names) for n in (2, 60)] == [2, 3]
