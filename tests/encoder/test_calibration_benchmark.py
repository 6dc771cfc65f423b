"""`benchmarks.mixed` on a small world: it finds what is unfair and what calibration mends."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks import mixed
from benchmarks.mixed_index import KINDS, Index
from omnisearch.encoder.calibration.prior import Prior
from omnisearch.encoder.parts import Modality
from tests.encoder.worlds import GAPS, asked, record, shown, things

COUNT = 60
ALIKE: dict[Modality, Modality] = {"video": "image", "document": "text"}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write an index in which each kind shows the same things, asked for in words of each kind."""
    some = things(COUNT)
    drawn = [shown(ALIKE.get(kind, kind), some, seed) for seed, kind in enumerate(KINDS)]
    kinds = np.repeat(KINDS, COUNT)
    concepts = np.tile([f"thing {number}" for number in range(COUNT)], len(KINDS))
    about = concepts[:, None] == concepts[None]
    path = tmp_path_factory.mktemp("mixed") / "index.npz"
    np.savez(
        path,
        rows=np.concatenate(drawn),
        row_kinds=kinds,
        row_concepts=concepts,
        asked=np.concatenate([asked(some, seed) for seed in range(len(KINDS))]),
        asked_kinds=kinds,
        asked_concepts=concepts,
        right=np.packbits(about & (kinds[:, None] == kinds[None]), axis=1),
        about=np.packbits(about, axis=1),
        questions=asked(things(240, seed=99), seed=99),
    )
    return path


def test_everything_is_measured(written: Path) -> None:
    index = Index.load(written)
    told = record()
    found = mixed.run(index, Prior.load(told))
    before, after = found["methods"]["cosine"], found["methods"]["calibrated"]
    several = "shares, one question with answers of several kinds"
    assert before[several]["questions"] == after[several]["questions"] == COUNT
    assert after[several]["even"] == dict.fromkeys(KINDS, 20.0)
    assert after[several]["worst"] < 10 < before[several]["worst"]
    assert sum(after["shares"].values()) == pytest.approx(100, abs=0.3)
    assert after["R@10"]["audio"] > before["R@10"]["audio"]
    assert found["gained"]["audio"][0] > 0
    assert found["rows"] == dict.fromkeys(KINDS, COUNT)
    assert {*found["media ask"]} == {"image", "audio", "video", "document"}
    for one in found["smaller"].values():
        assert 0 <= one["ECE"] <= 1 and one["questions"] == 5 * COUNT


def test_what_is_about_a_question_but_of_another_kind_counts_neither_way(written: Path) -> None:
    index = Index.load(written)
    scores = np.zeros((len(index.asked), len(index.rows)), np.float32)
    scores[:, index.row_kinds == "text"] = 2
    scores[np.arange(len(scores)), np.arange(len(scores))] = 1
    audio = np.flatnonzero(index.asked_kinds == "audio")
    assert {*index.ranks(scores, audio).tolist()} == {COUNT}  # all texts but the one about it
    assert {*GAPS} < {*KINDS}


def test_the_command_line_prints_and_writes(
    written: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    import json

    model = tmp_path / "model.json"
    model.write_text(json.dumps({"calibration": record()}))
    out = tmp_path / "figures.json"
    given = ["mixed", str(written), "--model", str(model), "--out", str(out)]
    monkeypatch.setattr("sys.argv", given)
    mixed.main()
    assert json.loads(capsys.readouterr().out) == json.loads(out.read_text())
