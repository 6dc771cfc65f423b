"""`omnisearch query` over files that were taken in: words, parts, weights, batches."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import Any

import pytest
from PIL import Image

from tests.cli.place import Place


def lines(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def names(done: subprocess.CompletedProcess[str]) -> list[str]:
    return [hit["uri"].rpartition("/")[2] for hit in lines(done)]


def test_words_find_a_note_and_need_no_command(gathered: Place) -> None:
    asked = gathered.run("query", "where", "are", "the", "flowers", "-k1")
    assert names(asked) == ["bees.txt"]
    (hit,) = lines(asked)
    assert hit["modality"] == "text" and hit["confidence"] > 0
    assert gathered.run("where are the flowers", "-k1").stdout == asked.stdout
    assert gathered.run("--text", "where are the flowers", "-k1").stdout == asked.stdout
    piped = gathered.run("query", "-", "-k1", stdin="where are the flowers\n")
    assert piped.stdout == asked.stdout


def test_a_word_that_may_be_a_command_is_said(gathered: Place) -> None:
    done = gathered.run("stauts", "-k1")
    assert done.stderr.startswith("asking for 'stauts'; did you mean the command status?\n")
    assert len(lines(done)) == 1


def test_a_positional_file_is_asked_with_and_said(gathered: Place) -> None:
    done = gathered.run("query", "files/IMG_2041.jpg", "-k1")
    assert names(done) == ["IMG_2041.jpg"]
    assert done.stderr == (
        "asking with the file files/IMG_2041.jpg (a picture); for the words use --text\n"
    )
    assert gathered.run("query", "./files/IMG_2041.jpg", "-k1", "--quiet").stderr == ""
    words = gathered.run("query", "--text", "files/IMG_2041.jpg", "-k1")
    assert words.stderr == "" and words.returncode == 0


def test_a_weight_that_was_read_in_words_is_said(gathered: Place) -> None:
    done = gathered.run("query", "--text", "bees:2", "-k1")
    assert done.stderr == "--text: 'bees' has the weight 2\n"
    away = gathered.run("query", "flowers", "--not-text", "bees:2", "-k1")
    assert away.stderr == "--not-text: 'bees' has the weight 2\n"
    for words in ("leaves at 10:30", "http://localhost:8080"):
        assert gathered.run("query", "--text", words, "-k1").stderr == ""


def test_a_picture_comes_through_a_pipe(gathered: Place) -> None:
    with (gathered.home / "files" / "IMG_2043.jpg").open("rb") as file:
        process = gathered.start("query", "-", "-k1", stdin=file)
        out, error = process.communicate(timeout=300)
    assert process.returncode == 0, error
    assert json.loads(out)["uri"].endswith("IMG_2043.jpg")


@pytest.mark.parametrize(
    ("flags", "first"),
    [
        (["--image", "files/IMG_2041.jpg"], "IMG_2041.jpg"),
        (["--image", "files/IMG_2041.jpg:0.5", "--text", "bees:0.1"], "IMG_2041.jpg"),
        (["--image", "files/IMG_2043.jpg", "--box", "0.1,0.1,0.8,0.8"], "IMG_2043.jpg"),
        (["--image", "files/IMG_2043.jpg", "--not-image", "files/IMG_2041.jpg"], "IMG_2043.jpg"),
        (["--audio", "files/harp.ogg", "--from", "0.5", "--to", "0:02"], "harp.ogg"),
        (["--document", "files/bees.txt"], "bees.txt"),
        (["--text", "bees", "--not-text", "a train:0.2"], "bees.txt"),
        (["--text", "leaves at 10:30"], "trains.txt"),
        (["knead bread", "--combine", "rank", "--image", "noise.png:0.01"], "bread.md"),
        (["flour", "--mode", "words"], "bread.md"),
    ],
)
def test_parts_of_all_kinds(gathered: Place, flags: list[str], first: str) -> None:
    done = gathered.run("query", "-k1", *flags)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["uri"].endswith(f"/files/{first}")


def test_hits_of_the_last_query_ask(gathered: Place) -> None:
    first, second = names(gathered.run("query", "night", "-k2", "--modality", "text"))
    like = names(gathered.run("query", "--like", "1", "-k9", "--modality", "text"))
    assert first not in like and second in like
    gathered.run("query", "night", "-k2", "--modality", "text")
    more = gathered.run("query", "night", "--more", "1", "--less", "2", "--modality", "text")
    assert not {first, second} & set(names(more))
    refused = gathered.run("query", "--like", "77")
    assert "neither a stored id nor the number" in refused.stderr


def test_a_file_of_another_kind_is_understood(gathered: Place) -> None:
    done = gathered.run("query", "--image", "files/harp.ogg", "-k1")
    assert names(done) == ["harp.ogg"]
    assert done.stderr == "files/harp.ogg is a sound, not a picture: asked as what it is\n"


def test_forms_of_an_answer(gathered: Place) -> None:
    table = gathered.run("query", "flowers", "-k1", "--no-json").stdout
    assert "files/bees.txt" in table and not table.startswith("{")
    paths = gathered.run("query", "flowers", "-k1", "--paths").stdout
    assert paths == f"{gathered.home / 'files' / 'bees.txt'}\n"
    nul = gathered.run("query", "flowers", "-k1", "--paths0").stdout
    assert nul == f"{gathered.home / 'files' / 'bees.txt'}\0"
    explained = gathered.run("query", "flowers", "-k1", "--explain")
    assert explained.stderr and names(explained) == ["bees.txt"]


def test_a_huge_k_gives_all_there_is(gathered: Place) -> None:
    assert len(lines(gathered.run("query", "night", "-k", "1000000000000"))) == 6


def test_batches_answer_each_line_and_name_those_that_are_wrong(gathered: Place) -> None:
    questions = [
        '"where are the flowers"',
        '{"image": "files/IMG_2041.jpg", "k": 1}',
        '{"text": [{"source": "bread", "weight": 2}], "modality": "text", "k": 1}',
        "nonsense",
        '{"txt": "bees"}',
        '{"text": "bees", "k": 0}',
        "",
    ]
    (gathered.home / "questions.jsonl").write_text("\n".join(questions) + "\n")
    done = gathered.run("query", "--batch", "questions.jsonl", "-k", "2")
    assert done.returncode == 3
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [hit["query"] for hit in found] == [0, 0, 1, 2]
    ends = [hit["uri"].rpartition("/")[2] for hit in found]
    assert (ends[0], *ends[2:]) == ("bees.txt", "IMG_2041.jpg", "bread.md")
    wrong = done.stderr.splitlines()
    assert [line.partition(":")[0] for line in wrong] == ["omnisearch"] * 3
    for line, message in zip(wrong, ("line 4", "did you mean text?", "line 6"), strict=True):
        assert message in line


def test_a_picture_whose_name_ends_like_a_weight_keeps_its_name(gathered: Place) -> None:
    Image.new("RGB", (64, 64), "red").save(gathered.home / "red.png")
    shutil.copy(gathered.home / "red.png", gathered.home / "a.png:2")
    assert gathered.run("query", "--image", "a.png:2", "-k1").returncode == 0
