"""docs/omni-mini: the page says what the figures beside it say."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest

from tests.docs.test_pages import table

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "omni-mini"
PAGE = (FOLDER / "README.md").read_text("utf-8")


def figures(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def shown(each: list[dict[str, Any]]) -> list[str]:
    """Give a row of the table: the mean of the seeds, and the seeds of the mixed index."""
    filtered, mixed, wished = (
        [one[name]["mean_r10"] for one in each] for name in ("filtered", "mixed", "wished")
    )
    composed, captioned = (
        [one[name]["both"]["r10"] for one in each] for name in ("composed", "captioned")
    )
    seeds = " ".join(f"{one:.1f}" for one in mixed) if len(mixed) > 1 else ""
    means = [f"{fmean(one):.1f}" for one in (mixed, filtered, wished, composed, captioned)]
    return [means[0], seeds, *means[1:]]


def test_arms_are_those_of_the_file() -> None:
    found = figures(FOLDER / "figures" / "arms-b0.json")
    rows = {name: cells for name, *cells in table(PAGE, "trained")}
    assert rows.pop("before") == shown([found["before"]])
    assert rows == {name: shown(each) for name, each in found["arms"].items()}
    assert found["best_mixed"] == "plain" and "**plain ships**" in PAGE


def test_minutes_are_those_that_were_taken() -> None:
    found = figures(ROOT / "benchmarks" / "results" / "retraining.json")
    rows = dict(table(PAGE, "stage"))
    assert rows.pop("all") == f"{found['all']:.0f}"
    assert rows == {name: f"{one:.1f}" for name, one in found["minutes"].items()}
    near = sum(abs(row["errors away"]) <= 2 for row in found["rows"])
    assert f"{near} of {len(found['rows'])} figures" in PAGE


def test_tags_are_those_of_the_file() -> None:
    found = figures(FOLDER / "figures" / "tags.json")
    for name, held, heard, gained in table(PAGE, "input"):
        natural = found["recordings"][name]
        told = (found["validation"][name]["r10"], natural["r10"], natural["gain"]["r10"])
        assert [float(one) for one in (held, heard, gained)] == pytest.approx(told, abs=0.051)
    assert {name for name, *_ in table(PAGE, "input")} == found["recordings"].keys()
    assert found["chosen"] == "beside 0.3" and not found["ships"]
    queries = found["recordings"]["plain"]["queries"]
    assert f"{queries} descriptions" in PAGE and f"{found['tags']} such tags" in PAGE


def test_folds_are_those_of_the_file() -> None:
    found = figures(FOLDER / "figures" / "folds.json")
    rows = {name: cells for name, *cells in table(PAGE, "asked for")}
    assert rows == {
        f"{asked}, {kind}": _held_out([found[recipe][asked][kind] for recipe in found])
        for asked, kinds in found["three"].items()
        for kind in kinds
    }


def _held_out(each: list[dict[str, Any]]) -> list[str]:
    """Give a row of the table: figures of the simplest recipe, of one head and of three."""
    one, last = each[0], each[-1]
    means = [f"{some['map']:.1f} ± {some['map_error']:.1f}" for some in each]
    gained = f"{last['map_gained']:+.1f} ± {last['map_gained_error']:.1f}"
    return [f"{one['queries']}", f"{one['gallery']:,}", f"{one['map_chance']:.1f}", *means, gained]
