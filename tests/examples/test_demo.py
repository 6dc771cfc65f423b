"""The demo end to end: a folder of every kind of file taken in, and found again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import omnisearch as om
from examples.demo import demo

FLOOR = 72  # of 80; 76 when this was written


@pytest.mark.slow
def test_the_demo_finds_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    questions = json.loads((demo.CORPUS / "questions.json").read_text("utf-8"))
    with om.open(tmp_path / "index", encoder=om.Encoder.load()) as col:
        demo.take_in(col)
        for wanted in demo.PICKED:
            demo.show(col, next(one for one in questions if wanted.items() <= one.items()))
        near = [
            demo.rank(demo.answers(col, one), demo.right(one)) <= demo.NEAR for one in questions
        ]
        again = col.ingest(demo.CORPUS)
    shown = capsys.readouterr().out
    assert "134 files in" in shown and "1 there twice, 2 broken" in shown
    assert shown.count("\n   ✓ ") == len(demo.PICKED)
    assert "films/holiday.webm, 14-21 s" in shown and "papers/bicycle-manual.pdf, page 2" in shown
    assert sum(near) >= FLOOR
    assert (again.seen, again.stored, again.failed, again.new_failures) == (134, 0, 2, 0)
