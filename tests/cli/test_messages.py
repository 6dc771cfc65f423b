"""What is said when something small is wrong: once, with what it is about and what to do."""

from __future__ import annotations

import json
import logging
import os
import shutil
from pathlib import Path

import pytest

import omnisearch as om
from omnisearch_cli import notices
from tests.cli.place import Place


def test_a_folder_that_was_removed_is_named_as_the_reason(stored: Place, tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()
    held = os.open(tmp_path / "gone", os.O_RDONLY)
    (tmp_path / "gone").rmdir()
    gone = Path(f"/proc/self/fd/{held}")
    for arguments in (("status",), ("query", "--like", "row-3", "--index", "../x"), ("ingest",)):
        done = stored.run(*arguments, cwd=gone)
        assert (done.returncode, done.stdout) == (2, ""), arguments
        assert done.stderr == (
            "omnisearch: the folder that this runs in was removed: change to one that is there\n"
        )
    index = str(stored.home / ".omnisearch")
    assert stored.run("query", "--like", "row-3", "--index", index, cwd=gone).returncode == 0
    os.close(held)


def test_an_empty_collection_says_on_a_terminal_once_why_nothing_is_found(place: Place) -> None:
    (place.home / "files").mkdir()
    assert place.run("ingest", "files").returncode == 0
    code, shown = place.on_terminal("query", "a red bicycle")
    assert (code, shown.count("\n"), "no hits" in shown) == (1, 1, False)
    assert shown.startswith("nothing is stored yet: ")
    assert place.on_terminal("query", "a red bicycle", "--quiet") == (1, "no hits\n")


def test_the_name_of_a_collection_may_not_be_empty(stored: Place) -> None:
    done = stored.run("query", "--like", "row-3", "--index", "")
    assert done.returncode == 2
    assert "it is empty: name a folder, or leave it out" in done.stderr
    assert stored.run("status", OMNISEARCH_INDEX="").returncode == 0  # as if it were not set


@pytest.mark.parametrize(
    "flags, told",
    [
        (("-k", "x"), "'x' is not a whole number"),
        (("--page", "1.5"), "'1.5' is not a whole number"),
        (("--recall", "most"), "'most' is not a number"),
        (("--min-score", "high"), "'high' is not a number"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_what_is_no_number_is_called_so(stored: Place, flags: tuple[str, ...], told: str) -> None:
    done = stored.run("query", "--like", "row-3", *flags)
    assert done.returncode == 2
    assert told in done.stderr and "range" not in done.stderr


def test_an_absolute_pattern_that_lies_nowhere_is_said(noted: Place) -> None:
    ours = noted.home / "files"
    for pattern, found in (
        ("/etc/*", False),
        (f"{noted.home}/other/*.txt", False),
        (f"{ours}/*.txt", True),
        (f"{noted.home}/f*/*.txt", True),
        (f"{noted.home}", True),
    ):
        done = noted.run("query", "note", "--mode", "words", "--path", pattern, "--path", "*.zip")
        said = f"path {pattern}: nothing was taken in from there, only from {ours}"
        assert (said in done.stderr) is not found, done.stderr


def test_a_wrong_question_is_named_by_its_line_and_as_answers_are(stored: Place) -> None:
    asked = '{"like": "row-1"}\n{"like": "row-2", "k": 0}\nwhat is this\n{"like": "row-3"}\n'
    (stored.home / "asked.jsonl").write_text(asked)
    done = stored.run("query", "--batch", "asked.jsonl", "-k", "1")
    assert [json.loads(line)["query"] for line in done.stdout.splitlines()] == [0, 3]
    first, second = done.stderr.splitlines()
    assert first.startswith("omnisearch: asked.jsonl, line 2 (query 1): k is 0")
    assert second.startswith("omnisearch: asked.jsonl, line 3 (query 2): this is no JSON")
    assert second.endswith('write "words" in double quotes, or {"image": "a.jpg"}')


def test_damage_that_costs_time_only_is_said_once_as_our_own(noted: Place, tmp_path: Path) -> None:
    root = Path(shutil.copytree(noted.home / ".omnisearch", tmp_path / "o\x1bx"))
    with om.open(root) as col:
        col.compact()
    paths = list(root.glob("shards/*/words.bin"))
    assert paths
    for path in paths:
        path.chmod(0o600)
        path.write_bytes(path.read_bytes()[:-1] + b"?")
    done = noted.run("query", "note", "--mode", "words", "--index", str(root))
    assert done.returncode == 0
    said = [line for line in done.stderr.splitlines() if "words.bin" in line]
    assert len(said) == len(paths) and "\x1b" not in done.stderr
    for line in said:
        assert line.startswith("omnisearch: ") and line.endswith("--repair`")


def test_what_is_logged_again_is_not_said_again(capsys: pytest.CaptureFixture[str]) -> None:
    log = logging.getLogger("omnisearch.storage.shard")
    with notices.heard():
        for name in ("a\x1b[2J", "a\x1b[2J", "b"):
            log.warning("%s is damaged", name)
            log.info("%s is fine", name)
    assert capsys.readouterr().err == (
        "omnisearch: a\\u001b[2J is damaged\nomnisearch: b is damaged\n"
    )
