"""`benchmarks.retraining`: figures of another training, in errors of those that ship."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import retraining


@pytest.fixture(scope="module")
def shipped() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((retraining.SHIPPED / "exam-b0.json").read_text("utf-8"))
    return found


def test_the_same_figures_are_no_error_away(shipped: dict[str, Any]) -> None:
    rows = [*retraining.compared(shipped, shipped)]
    assert {row["errors away"] for row in rows} == {0.0}
    assert {"pictures: all", "composed: picture and words"} <= {row["of"] for row in rows}
    assert f"{len(rows)} of {len(rows)} figures are within" in retraining.report(rows, {})


def test_what_is_far_is_named(shipped: dict[str, Any]) -> None:
    made = copy.deepcopy(shipped)
    one = made["pictures"]["all"]
    one["r10"] += 3 * one["r10_error"]
    one["r1"] -= 1.5 * one["r1_error"]
    rows = {(row["of"], row["figure"]): row for row in retraining.compared(shipped, made)}
    assert rows["pictures: all", "r10"]["errors away"] == pytest.approx(3, abs=0.02)
    assert rows["pictures: all", "r1"]["errors away"] == pytest.approx(-1.5, abs=0.02)
    told = retraining.report([*rows.values()], {"data": 9.0, "heads": 3.5})
    before = shipped["pictures"]["all"]["r10"]
    assert f"pictures: all, r10: shipped {before}" in told and "pictures: all, r1:" not in told
    assert "of the others 1 are better" in told
    assert "12.5 min" in told


def test_figures_of_few_questions_are_left_out(shipped: dict[str, Any]) -> None:
    assert shipped["sounds"]["drum, names"]["queries"] < retraining.LEAST
    assert not [row for row in retraining.compared(shipped, shipped) if "drum" in row["of"]]


def test_a_laboratory_without_figures_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["retraining", "--lab", str(tmp_path)])
    assert retraining.main() == 2
    assert "run `make train` first" in capsys.readouterr().err
