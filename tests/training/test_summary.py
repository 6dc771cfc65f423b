"""What the report says about rows whose ranks are known."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

from omnisearch.training.drift import report, summary
from omnisearch.training.drift import stage as drift
from omnisearch.training.lab import Lab, LabError, Options, write_json
from omnisearch.training.lessons import corpus


def figures(ranks: list[int]) -> dict[str, Any]:
    found: dict[str, Any] = {"queries": len(ranks), "gallery": 200, "mrr": 0.5, "ranks": ranks}
    for k in (1, 5, 10):
        share = 100 * sum(rank <= k for rank in ranks) / len(ranks)
        found |= {f"r{k}": share, f"r{k}_error": 1.0, f"r{k}_chance": 0.5 * k}
    return found


def keep(lab: Lab, name: str, seed: int, right: int, kinds: tuple[str, ...] = ("audio",)) -> None:
    """Write a row in which the first `right` of 100 questions are answered."""
    ranks = [1 if query < right else 50 for query in range(100)]
    test = {kind: figures(ranks) for kind in kinds}
    path = drift.path_of(lab, f"a{seed}", name)
    row = {"row": name, "variant": "a", "seed": seed, "origin": "x", "says": name, "test": test}
    write_json(path, row)


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    made = Lab(tmp_path)
    for seed in (0, 1):
        for name, right in (("specialist", 80), ("base", 20), ("fused", 40), ("step-1", 70)):
            keep(made, name, seed, right, corpus.KINDS)
        keep(made, "specialist-more", seed, 90)
    return made


def test_drop_and_share_by_hand(lab: Lab) -> None:
    found = summary.summarise(lab)["a"]["compared"]
    assert found["drop by fusion, R@1"]["value"] == 0.4
    assert found["drop under the base, R@1"]["value"] == 0.6
    share = found["recovered share, R@1"]
    assert share["value"] == pytest.approx((70 - 40) / (90 - 40))
    assert 0.4 < share["low"] < 0.6 < share["high"] < 0.8
    assert found["gain by mere training, R@1"]["value"] == pytest.approx(0.1)


def test_there_is_no_share_of_nothing(lab: Lab) -> None:
    for seed in (0, 1):
        keep(lab, "specialist-more", seed, 41)
    assert "recovered share, R@1" not in summary.summarise(lab)["a"]["compared"]


def test_only_seeds_that_both_have_are_compared(lab: Lab) -> None:
    keep(lab, "specialist", 2, 0, corpus.KINDS)
    found = summary.summarise(lab)["a"]
    assert found["compared"]["drop by fusion, R@1"]["value"] == 0.4
    assert found["seeds"]["specialist"] == [0, 1, 2] and found["seeds"]["fused"] == [0, 1]
    assert found["table"]["specialist"]["audio"]["r1"] == pytest.approx(160 / 3, abs=0.01)


def test_an_unfinished_run_can_be_reported(lab: Lab) -> None:
    report.run(lab, Options())
    page = (lab.root / "report" / "README.md").read_text("utf-8")
    assert "It lacks variant B, 3 of 3 seeds (A), 4 of 4 controls: fused → step 2 alone" in page
    cell = "40.0 ± 4.9 / 40.0"
    assert f"| fused, projectors copied | 2 |{f' {cell} |' * 5}\n" in page
    assert re.search(
        r"\| drop by fusion, R@1 \| 40\.0 \| 3\d\.0 to (49|50)\.0 \| 40\.0, 40\.0 \| 100 \|", page
    )
    assert "rehearsal) |" not in page


def test_a_seed_that_hardly_learnt_is_named_and_each_is_shown(lab: Lab) -> None:
    keep(lab, "specialist", 2, 30, corpus.KINDS)
    found = summary.summarise(lab)["a"]
    told = "text specialist of seed 2 (30.0, not 80.0); the image specialist of seed 2 (30.0, not"
    assert told in report.uneven(found)
    assert "| specialist | 0, 1, 2 |" + " 80.0, 80.0, 30.0 |" * 5 in _named(report.by_seed(found))
    keep(lab, "specialist", 2, 41, corpus.KINDS)
    assert report.uneven(summary.summarise(lab)["a"]) == ""


def test_rows_of_fewer_seeds_say_which(lab: Lab) -> None:
    keep(lab, "joint", 1, 55, corpus.KINDS)
    found = summary.summarise(lab)["a"]
    assert "| joint | 1 (seed 1) | 55.0 ± " in _named(report.table(found))
    assert "| fused | 2 | 40.0 ± " in _named(report.table(found))
    assert "| joint | 1 |" + " 55.0 |" * 5 in _named(report.by_seed(found))


def _named(table: str) -> str:
    """Call rows by their names again."""
    for row in drift.ROWS:
        table = table.replace(f"| {row.says} |", f"| {row.name} |")
    return table


def test_comparisons_give_what_each_seed_does(lab: Lab) -> None:
    keep(lab, "step-1", 1, 50, corpus.KINDS)
    found = summary.summarise(lab)["a"]["compared"]
    assert found["gain by step 1, R@1"]["seeds"] == [0.3, 0.1]
    assert found["recovered share, R@1"]["seeds"] == [0.6, 0.2]
    assert found["recovered share, R@1"]["value"] == pytest.approx(0.4)
    keep(lab, "specialist-more", 1, 40)
    share = summary.summarise(lab)["a"]["compared"]["recovered share, R@1"]
    assert share["seeds"] == [0.6, None]  # the second seed lost nothing
    assert "| 60.0, none | 100 |" in report.compared(summary.summarise(lab)["a"])


def test_no_rows_no_report(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="run `omnisearch train drift` first"):
        summary.summarise(Lab(tmp_path))
