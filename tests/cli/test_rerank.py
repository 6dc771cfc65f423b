"""`--rerank`: on the command line, in batches, for contexts, and where a helper answers."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.cli.place import Place
from tests.cli.terminal import Desk

WRONG = [
    (["--rerank", "lat"], "rerank is 'lat': did you mean late?"),
    (["--rerank", "foo:none"], "there is no modality 'foo': text, image, audio, video, document"),
    (["--rerank", "image:corss:x"], "did you mean cross:x?"),
    (["--rerank", "late"], "omni-mini brings no reranker along: use cross:MODEL"),
    (["--rerank", "late", "--rerank", "none"], "late and none are both for all: choose one"),
    (["--rerank", "text:late", "--rerank", "text:none"], "text is named twice: late and none"),
    (["--rerank-depth", "5"], "rerank_depth without rerank"),
    (["--rerank", "late", "--rerank-depth", "0"], "0 is not in the range x>=1"),
    (["--rerank", "late", "--rerank-depth", "999999"], "rerank_depth is 999,999: give 1 to 10,000"),
    (["--rerank", "late", "--rerank-deadline", "0"], "0.0 is not in the range x>0"),
    (["--rerank", "cross:nowhere"], "there is no cross-encoder 'nowhere': name a folder"),
]


@pytest.fixture(scope="module")
def cross(tmp_path_factory: pytest.TempPathFactory) -> str:
    pytest.importorskip("sentence_transformers", "5.4")
    from tests.encoder import hub_models

    return f"cross:{hub_models.cross(tmp_path_factory.mktemp('cross') / 'cross')}"


def hits(place: Place, *arguments: str, **given: Any) -> list[dict[str, Any]]:
    done = place.run(*arguments, **given)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize(("asked", "told"), WRONG, ids=[" ".join(one[0]) for one in WRONG])
def test_what_is_wrong_is_one_line(noted: Place, asked: list[str], told: str) -> None:
    done = noted.run("query", "harbour", *asked)
    assert done.returncode == 2 and done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert told in line


@pytest.mark.slow
def test_hits_have_the_score_that_orders_them(noted: Place, cross: str) -> None:
    plain = hits(noted, "query", "harbour", "-k9", "--rerank", "none")
    assert {hit["reranked"] for hit in plain} == {None}
    found = hits(noted, "query", "harbour", "-k9", "--rerank", cross)
    scores = [hit["reranked"] for hit in found]
    assert scores == sorted(scores, reverse=True) and None not in scores
    few = hits(noted, "query", "harbour", "-k9", "--rerank", cross, "--rerank-depth", "3")
    assert [hit["id"] for hit in few[3:]] == [hit["id"] for hit in plain[3:]]
    assert sorted(hit["id"] for hit in few[:3]) == sorted(hit["id"] for hit in plain[:3])
    only = hits(noted, "query", "harbour", "-k9", "--rerank", f"image:{cross}", "--rerank", "none")
    assert all((hit["reranked"] is not None) == (hit["modality"] == "image") for hit in only)
    shown = noted.run("query", "harbour", "--rerank", cross, "--no-json", "--explain")
    assert shown.stdout.splitlines()[0].split()[:3] == ["#", "sure", "rerank"]
    assert f"hits reranked by {cross}" in shown.stderr and "reranking" in shown.stderr


@pytest.mark.slow
def test_a_batch_and_a_context_take_it_too(noted: Place, cross: str) -> None:
    found = hits(noted, "query", "harbour", "-k3", "--rerank", cross)
    questions = [
        {"text": "harbour", "rerank": cross},
        {"text": "harbour", "rerank": {"text": cross, "image": None}, "rerank_depth": 4},
        {"text": "harbour", "rerank": "nonsense"},
    ]
    asked = "".join(json.dumps(one) + "\n" for one in questions)
    done = noted.run("query", "--batch", "-", "-k3", stdin=asked)
    assert done.returncode == 3 and "rerank is 'nonsense'" in done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]
    first = [hit["id"] for hit in told if hit["query"] == 0]
    assert first == [hit["id"] for hit in found] and len(told) == 6
    same = noted.run("query", "--batch", "-", "-k3", "--rerank", cross, stdin='"harbour"\n')
    assert [json.loads(line)["id"] for line in same.stdout.splitlines()] == first
    context = noted.run("context", "harbour", "--rerank", cross, "--json")
    best = hits(noted, "query", "harbour", "-k1", "--group-by", "none", "--rerank", cross)
    (read,) = [json.loads(line) for line in context.stdout.splitlines()]
    assert read["parts"][0]["id"] == best[0]["id"]


@pytest.mark.slow
def test_it_is_the_same_where_a_helper_runs(noted: Place, cross: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(noted.home, home)
    desk = Desk(Place(home))
    desk.start()
    try:
        desk.ask_helped("harbour")
        for asked in (["--rerank", cross], ["--rerank", "late"], ["--rerank", "none"]):
            question = ["query", "harbour", "-k3", *asked]
            assert desk.ask(*question) == desk.ask(*question, OMNISEARCH_NO_HELPER="1")
        # it answers what needs no model itself, and holds none afterwards
        assert desk.ask_helped("harbour", "--rerank", "late") == desk.ask_alone(
            "harbour", "--rerank", "late"
        )
    finally:
        desk.stop()
