"""The whole recipe on the tiny corpus, from no data to the report."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

from omnisearch.evaluation import retrieval
from omnisearch.training import checkpoints, measures, stages, stored
from omnisearch.training.drift import stage as drift
from omnisearch.training.encoder.assembly import build
from omnisearch.training.fusion.arithmetic import digest
from omnisearch.training.lab import Lab, LabError, Options
from omnisearch.training.lessons import corpus
from omnisearch.training.lessons.pairs import Pairs
from omnisearch.training.losses import CODES
from omnisearch.training.recovery import phases

TINY = Options(tiny=True, variant="a")


@pytest.fixture(scope="module")
def lab(shippable: Lab, tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """A copy of the tiny laboratory in which the experiments are run."""
    own = Lab(tmp_path_factory.mktemp("recipe") / "lab")
    shutil.copytree(shippable.root, own.root)
    for stage in ("drift", "arms", "report"):
        assert stages.run(stage, own, TINY)
    return own


def row(lab: Lab, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(drift.path_of(lab, "a0", name).read_text("utf-8"))
    return found


def test_every_row_and_control_is_there(lab: Lab) -> None:
    made = {path.stem for path in (lab.figures / "drift").glob("*.json")}
    assert made == {f"a0-{one.name}" for one in drift.ROWS} | {"a0-ridge", "a0-geometry"}
    for kind in corpus.KINDS:
        for name in ("specialist", "base", "fused", "step-1", "step-2", "joint"):
            assert 0 <= row(lab, name)["test"][kind]["r10"] <= 100


def test_the_copied_projector_meets_another_backbone(lab: Lab) -> None:
    audio = row(lab, "geometry")["inside"]["audio"]
    assert audio["fused"]["layers"][0] == 0 < audio["fused"]["layers"][-1]
    assert audio["base"]["layers"][0] == 0 < audio["base"]["layers"][-1]
    assert audio["step-1"]["layers"][0] > 0 and audio["fused"]["surgery_l1"] > 0


def test_step_1_changes_no_rank_of_any_other_modality(lab: Lab) -> None:
    fused, repaired = row(lab, "fused")["test"], row(lab, "step-1")["test"]
    for kind in ("text", "image", "video", "document"):
        assert fused[kind]["ranks"] == repaired[kind]["ranks"]
    before, after = (
        checkpoints.load(lab.models / f"{stage}-a0" / f"{name}.safetensors")
        for stage, name in (("fuse", "fused"), ("recover", "step-1"))
    )
    moved = {key for key in before if digest(before[key]) != digest(after[key])}
    assert moved and all(key.startswith("projector.audio.") for key in moved)


def test_the_fused_audio_projector_is_the_specialists(lab: Lab) -> None:
    fused, expert = (
        checkpoints.load(lab.models / f"{stage}-a0" / f"{name}.safetensors")
        for stage, name in (("fuse", "fused"), ("specialists", "audio"))
    )
    copied = [key for key in fused if key.startswith("projector.audio.")]
    assert copied and all(digest(fused[key]) == digest(expert[key]) for key in copied)


def test_ways_to_fuse_are_logged_on_validation(lab: Lab) -> None:
    figures = stored.figures(lab, "fuse-a0")
    tried = {name: one["mean_r10"] for name, one in figures["validation"].items()}
    assert tried[figures["chosen"]] == max(tried.values())
    methods = {name.split()[0] for name in tried}
    assert methods == {"average", "task", "ties", "dare", "regmean"}


def test_instructions_are_tried_in_four_ways(lab: Lab) -> None:
    figures = stored.figures(lab, "arms-a0")
    assert set(figures["arms"]) == {
        "plain",
        "plain, equal negatives",
        "MAMCL",
        "MAMCL, then plain",
    }
    for found in figures["arms"]["plain"]:
        assert {"filtered", "mixed", "wished", "composed", "captioned"} <= found.keys()


def test_an_arm_is_measured_once_from_the_same_start(lab: Lab) -> None:
    path = lab.figures / "arms" / "a0-plain-0.json"
    before = path.read_bytes(), path.stat().st_mtime_ns
    phases.measure(lab, TINY, "0 0")
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    path.write_text(json.dumps({**json.loads(before[0]), "origin": "another start"}))
    phases.measure(lab, TINY, "0 0")
    assert path.read_bytes() == before[0]


def test_a_question_without_a_wish_stays_as_it_was(lab: Lab) -> None:
    before = stored.figures(lab, "phases-a0")["validation"]["before"]["filtered"]["text"]
    recovered = stored.figures(lab, "recover-a0")
    assert before["r10"] == recovered["validation"][recovered["best"]]["text"]["r10"]


def test_the_report_is_made_from_rows(lab: Lab) -> None:
    page = (lab.root / "report" / "README.md").read_text("utf-8")
    assert "$" not in page and "| fused, projectors copied |" in page
    for name in ("retrieval.png", "layers.png"):
        assert (lab.root / "report" / name).read_bytes().startswith(b"\x89PNG")
    summary = json.loads((lab.root / "report" / "drift.json").read_text("utf-8"))
    found = summary["a"]["table"]["fused"]["audio"]
    assert found["r10"] == row(lab, "fused")["test"]["audio"]["r10"]


def test_rows_that_are_there_are_not_made_again(lab: Lab) -> None:
    marked = drift.path_of(lab, "a0", "joint")
    kept = {**json.loads(marked.read_text("utf-8")), "says": "kept"}
    marked.write_text(json.dumps(kept), "utf-8")
    removed = drift.path_of(lab, "a0", "fused")
    removed.unlink()
    drift.run(lab, TINY)
    assert row(lab, "joint")["says"] == "kept" and removed.exists()
    marked.write_text(json.dumps({**kept, "origin": "other specialists"}), "utf-8")
    drift.run(lab, TINY)
    assert row(lab, "joint")["says"] != "kept"


def test_a_stage_out_of_order_says_which_comes_first(tmp_path: Path) -> None:
    own = Lab(tmp_path)
    stages.run("data", own, TINY)
    with pytest.raises(LabError, match=r"run `omnisearch train towers --tiny --lab .*` first"):
        stages.run("fuse", own, TINY)
    with pytest.raises(LabError, match="run `omnisearch train drift"):
        stages.run("report", own, TINY)


def test_an_encoder_comes_back_from_its_checkpoint(lab: Lab) -> None:
    tensors = checkpoints.load(lab.models / "phases-a0" / "encoder.safetensors")
    model = build(lab, tensors)
    again = build(lab, model.tensors())
    side = corpus.load(lab, "audio", "test").candidate
    assert model.encode(side).tobytes() == again.encode(side).tobytes()


def test_step_1_repairs_what_was_fused(lab: Lab) -> None:
    """On what it was trained with: the tiny corpus holds out three sounds only."""
    study, audio = drift.Study(lab, TINY), corpus.load(lab, "audio", "train")
    asked = Pairs("captions", audio.candidate, audio.query, audio.concepts, CODES["text"])
    models = study.read("recover", "step-1"), study.fused()
    a, b = (1 / np.array(measures.measure(model, asked)["ranks"]) for model in models)
    assert retrieval.paired_bootstrap(a, b, seed=0, resamples=2000).low > 0
