"""The example corpus: every file has a source, every question an answer, and it stays small."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

CORPUS = Path(__file__).parents[2] / "examples" / "corpus"
BESIDE = {"LICENCES.md", "questions.json", ".omnisearchignore"}
FREE = {
    "Apache-2.0",
    "CC-BY-2.0",
    "CC-BY-4.0",
    "CC0-1.0",
    "MIT",
    "public-domain",
}
MOST_BYTES = 8_000_000


def files() -> dict[str, int]:
    found = (path for path in CORPUS.rglob("*") if path.is_file())
    sizes = {path.relative_to(CORPUS).as_posix(): path.stat().st_size for path in found}
    return {name: size for name, size in sizes.items() if name not in BESIDE}


def listed() -> dict[str, list[str]]:
    """Give the cells behind the name of each file in LICENCES.md."""
    text = (CORPUS / "LICENCES.md").read_text("utf-8")
    rows = [line.strip("| \n").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    return {name: cells for name, *cells in rows[2:]}


def questions() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((CORPUS / "questions.json").read_text("utf-8"))
    return found


def searched() -> set[str]:
    return {name for name in files() if not name.startswith("questions/")}


def test_it_is_small_and_has_every_kind() -> None:
    sizes = files()
    ends = {Path(name).suffix for name in searched()}
    assert 110 <= len(searched()) <= 150 and sum(sizes.values()) <= MOST_BYTES
    assert {".jpg", ".avif", ".tiff", ".flac", ".mp3", ".ogg", ".webm", ".mp4"} <= ends
    assert {".pdf", ".md", ".html", ".csv", ".srt", ".vtt", ".py"} <= ends


def test_every_file_says_where_it_comes_from_under_a_free_licence() -> None:
    assert set(listed()) == set(files())
    for name, (shows, licence, source, *_) in listed().items():
        assert shows and source, name
        assert set(licence.split(" and ")) <= FREE, name


def test_two_are_broken_and_one_is_there_twice() -> None:
    broken = [name for name, cells in listed().items() if "broken on purpose" in cells[0]]
    assert len(broken) == 2
    contents = [(CORPUS / name).read_bytes() for name in searched()]
    assert len(contents) - len(set(contents)) == 1


@pytest.mark.parametrize("one", questions(), ids=lambda one: str(next(iter(one.values()))))
def test_a_question_has_an_answer(one: dict[str, Any]) -> None:
    kind = next(iter(one))
    assert kind in ("text", "image", "audio") and set(one) <= {kind, "among", "right", "place"}
    assert one["right"] and set(one["right"]) <= searched()
    if kind != "text":
        assert one[kind].startswith("questions/") and one[kind] in files()
    for begin, end in (("start", "end"), ("start_s", "end_s")):
        place = one.get("place", {})
        assert place.get(begin, 0) < place.get(end, 1)


def test_what_is_asked_is_not_in_what_is_searched() -> None:
    lines = (CORPUS / ".omnisearchignore").read_text("utf-8").splitlines()
    assert {"/LICENCES.md", "/questions.json", "/questions/"} <= set(lines)
    asked = {one["text"].casefold() for one in questions() if "text" in one}
    texts = [name for name in searched() if re.search(r"\.(md|txt|html|csv)$", name)]
    for name in texts:
        said = (CORPUS / name).read_text("utf-8").casefold()
        assert not any(words in said for words in asked if words.count(" ") > 2), name
