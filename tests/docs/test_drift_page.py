"""docs/drift: the page is made of the file beside it, and its words say what is there."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

from omnisearch.training.drift import report

FOLDER = Path(__file__).parents[2] / "docs" / "drift"
PAGE = (FOLDER / "README.md").read_text("utf-8")
FOUND: dict[str, Any] = json.loads((FOLDER / "drift.json").read_text("utf-8"))
TABLE = FOUND["a"]["table"]


def seeds(row: str, kind: str) -> list[str]:
    return [f"{one:.1f}" for one in TABLE[row][kind]["r1_seeds"]]


def told(opening: str) -> list[str]:
    """Give the numbers of one point of what the run says."""
    (point,) = re.findall(rf"^- \*\*{opening}(.*?)(?=^- |^##)", PAGE, re.DOTALL | re.MULTILINE)
    return re.findall(r"\d+\.\d|\d+(?=,| and| %)", re.sub(r"step \d", "", point))


def test_the_page_is_made_of_the_file() -> None:
    assert report.page(FOUND) == PAGE


def test_the_seed_that_failed_is_told() -> None:
    pictures, films = seeds("specialist", "image"), seeds("fused", "video")
    mean = TABLE["specialist"]["image"]
    assert told("One seed of variant A failed") == [
        *(pictures[2], pictures[0], pictures[1]),
        *(films[2], films[0], films[1]),
        *(f"{mean['r1']:.1f}", f"{mean['r1_error']:.1f}"),
    ]
    assert float(seeds("step-2", "video")[2]) <= float(films[2])


def test_rows_of_one_seed_are_compared_with_that_seed() -> None:
    alone, both = TABLE["step-2-only"], TABLE["step-2"]
    assert FOUND["a"]["seeds"]["step-2-only"] == [0]
    assert told("Rows of one seed")[0:5] == [
        *(seeds("step-2-only", "video")[0], seeds("step-2", "video")[0]),
        f"{both['video']['r1']:.1f}",
        *(seeds("step-2-only", "audio")[0], seeds("step-2", "audio")[0]),
    ]
    for kind in ("video", "audio"):
        apart = alone[kind]["r1"] - both[kind]["r1_seeds"][0]
        assert abs(apart) < 2 * alone[kind]["r1_error"]


def test_the_share_of_each_seed_is_told() -> None:
    share = FOUND["a"]["compared"]["recovered share, R@1"]
    assert told("Step 1 gives back")[:3] == [f"{100 * one:.0f}" for one in share["seeds"]]
    assert 0.4 < share["value"] < 0.6
