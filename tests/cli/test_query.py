"""`omnisearch query` over files that were taken in: parts, weights, bad input, batches."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from omnisearch_cli import program
from tests.cli.place import ROOT, Place, environment
from tests.ingest.folder import write_picture, write_sound

CORPUS = ROOT / "examples" / "corpus"
NOTES = {
    "bees.txt": "Bees dance to tell each other where the flowers are.",
    "trains.txt": "The night train to Lisbon leaves at 10:30 from platform 4.",
    "bread.md": "# Bread\n\nKnead flour, water and salt, and let it rest over night.",
}


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Give a user whose notes, pictures and sounds are in ./.omnisearch; no test changes it."""
    place = Place(tmp_path_factory.mktemp("taken"))
    files = place.home / "files"
    files.mkdir()
    for name, text in NOTES.items():
        (files / name).write_text(text)
    for name in ("IMG_2041.jpg", "IMG_2043.jpg"):
        shutil.copy(CORPUS / "photos" / name, files / name)
    shutil.copy(CORPUS / "music" / "harp.ogg", files / "harp.ogg")
    write_picture(place.home / "noise.png")
    write_sound(place.home / "tone.wav", 2.0)
    (place.home / "empty.jpg").touch()
    (place.home / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(60))
    (place.home / "film.mp4").write_bytes(b"\0\0\0\x20ftypisom" + bytes(200))
    (place.home / "nothing.xyz").write_bytes(bytes(range(256)) * 8)
    np.save(place.home / "short.npy", np.ones((1, 3), np.float32))
    done = place.run("ingest", "files")
    assert done.returncode == 0, done.stderr
    return place


def lines(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def names(done: subprocess.CompletedProcess[str]) -> list[str]:
    return [hit["uri"].rpartition("/")[2] for hit in lines(done)]


def fault(stdout: str, stderr: str) -> str:
    """Give the one line of an error, with a caret below it at most."""
    told, *caret = [
        line for line in stderr.splitlines() if not line.startswith(("asking ", "--text: "))
    ]
    assert told.startswith("omnisearch: "), stderr
    assert not caret or (len(caret) == 2 and set(caret[1]) <= {" ", "^"}), stderr
    assert stdout == ""
    return told.removeprefix("omnisearch: ")


@pytest.fixture
def inside(taken: Place, monkeypatch: pytest.MonkeyPatch, capfd: Any) -> Callable[..., Any]:
    """Give what runs a command in this process, which is quicker; gives its code and streams."""
    for name, value in environment(taken.home).items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(taken.home)

    def run(*arguments: str) -> tuple[int, str, str]:
        before = signal.getsignal(signal.SIGTERM)
        try:
            code = program.run(list(arguments))
        finally:
            signal.signal(signal.SIGTERM, before)
        stdout, stderr = capfd.readouterr()
        return code, stdout, stderr

    return run


def test_words_find_a_note_and_need_no_command(taken: Place) -> None:
    asked = taken.run("query", "where", "are", "the", "flowers", "-k1")
    assert names(asked) == ["bees.txt"]
    (hit,) = lines(asked)
    assert hit["modality"] == "text" and hit["confidence"] > 0
    assert taken.run("where are the flowers", "-k1").stdout == asked.stdout
    assert taken.run("--text", "where are the flowers", "-k1").stdout == asked.stdout
    piped = taken.run("query", "-", "-k1", stdin="where are the flowers\n")
    assert piped.stdout == asked.stdout


def test_a_word_that_may_be_a_command_is_said(taken: Place) -> None:
    done = taken.run("stauts", "-k1")
    assert done.stderr.startswith("asking for 'stauts'; did you mean the command status?\n")
    assert len(lines(done)) == 1


def test_a_positional_file_is_asked_with_and_said(taken: Place) -> None:
    done = taken.run("query", "files/IMG_2041.jpg", "-k1")
    assert names(done) == ["IMG_2041.jpg"]
    assert done.stderr == (
        "asking with the file files/IMG_2041.jpg (a picture); for the words use --text\n"
    )
    assert taken.run("query", "./files/IMG_2041.jpg", "-k1", "--quiet").stderr == ""
    words = taken.run("query", "--text", "files/IMG_2041.jpg", "-k1")
    assert words.stderr == "" and words.returncode == 0


def test_a_file_that_cannot_be_asked_with_is_said_where_it_is_taken_for_words(
    inside: Callable[..., Any],
) -> None:
    code, _, stderr = inside("query", "empty.jpg", "-k1")
    assert (code, stderr) == (0, "empty.jpg is empty: empty.jpg is asked as words\n")


def test_names_forge_no_line(inside: Callable[..., Any], taken: Place) -> None:
    shutil.copy(taken.home / "noise.png", taken.home / "a\x1b[31m\nb.png")
    code, _, stderr = inside("query", "a\x1b[31m\nb.png", "-k1")
    assert code == 0
    assert stderr.startswith("asking with the file a\\u001b[31m\\u000ab.png (a picture)")
    assert len(stderr.splitlines()) == 1


def test_a_weight_that_was_read_in_words_is_said(inside: Callable[..., Any]) -> None:
    assert inside("query", "--text", "bees:2", "-k1")[2] == "--text: 'bees' has the weight 2\n"
    for words in ("leaves at 10:30", "http://localhost:8080"):
        assert inside("query", "--text", words, "-k1")[2] == ""


def test_a_picture_comes_through_a_pipe(taken: Place) -> None:
    program = "import sys; from omnisearch_cli.main import main; sys.exit(main())"
    with (taken.home / "files" / "IMG_2043.jpg").open("rb") as file:
        process = taken.start("query", "-", "-k1", stdin=file)
        out, error = process.communicate(timeout=60)
    assert process.returncode == 0, (error, program)
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
def test_parts_of_all_kinds(inside: Callable[..., Any], flags: list[str], first: str) -> None:
    code, stdout, stderr = inside("query", "-k1", *flags)
    assert code == 0, stderr
    assert json.loads(stdout)["uri"].endswith(f"/files/{first}")


def test_hits_of_the_last_query_ask(taken: Place) -> None:
    first, second = names(taken.run("query", "night", "-k2", "--modality", "text"))
    like = names(taken.run("query", "--like", "1", "-k9", "--modality", "text"))
    assert first not in like and second in like
    taken.run("query", "night", "-k2", "--modality", "text")
    more = taken.run("query", "night", "--more", "1", "--less", "2", "--modality", "text")
    assert not {first, second} & set(names(more))
    refused = taken.run("query", "--like", "77")
    assert "neither a stored id nor the number" in fault(refused.stdout, refused.stderr)


def test_a_file_of_another_kind_is_understood(taken: Place) -> None:
    done = taken.run("query", "--image", "files/harp.ogg", "-k1")
    assert names(done) == ["harp.ogg"]
    assert done.stderr == "files/harp.ogg is a sound, not a picture: asked as what it is\n"


def test_forms_of_an_answer(taken: Place) -> None:
    table = taken.run("query", "flowers", "-k1", "--no-json").stdout
    assert "files/bees.txt" in table and not table.startswith("{")
    paths = taken.run("query", "flowers", "-k1", "--paths").stdout
    assert paths == f"{taken.home / 'files' / 'bees.txt'}\n"
    nul = taken.run("query", "flowers", "-k1", "--paths0").stdout
    assert nul == f"{taken.home / 'files' / 'bees.txt'}\0"
    explained = taken.run("query", "flowers", "-k1", "--explain")
    assert explained.stderr and names(explained) == ["bees.txt"]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ([], "nothing is asked: give words"),
        ([""], "the question has no words"),
        (["--text", " "], "--text has no words"),
        (["--text", "a:0"], "--text: weight is 0.0: any finite number but 0"),
        (["--text", "a:nan"], "--text: weight is nan: any finite number but 0"),
        (["--image", "noise.png:inf"], "--image noise.png:inf: weight is inf"),
        (["--text", "a:-1"], "every part of the question leads away"),
        (["--not-text", "a", "--not-image", "noise.png"], "every part of the question leads away"),
        (["--less", "1"], ""),
        (["--image", "absent.jpg"], "absent.jpg does not open (No such file or directory)"),
        (["./absent.jpg"], "./absent.jpg does not open (No such file or directory)"),
        (["--image", "files"], "files is a folder: give a file that is in it"),
        (["--image", "empty.jpg"], "empty.jpg is empty"),
        (["--image", "broken.png"], "broken.png"),
        (["--video", "film.mp4"], "film.mp4"),
        (["--document", "nothing.xyz"], "nothing.xyz is of no kind that is read here"),
        (["--image", "noise.png", "--box", "1,2"], "'1,2' is no box"),
        (["--image", "noise.png", "--box", "0.5,0,0.9,1"], "as fractions inside the picture"),
        (["--box", "0,0,1,1", "a"], "--box needs the file that it is taken from: give a picture"),
        (["--audio", "tone.wav", "--from", "soon"], "'soon' is no time"),
        (["--audio", "tone.wav", "--to", "1:99"], "'1:99' is no time"),
        (["--audio", "tone.wav", "--from", "5000000000"], "give an earlier time"),
        (["--audio", "tone.wav", "--from", "5", "--to", "4"], "from_s before to_s"),
        (["--audio", "tone.wav", "--from", "50"], "tone.wav: 0.000 s of sound from 50 s on"),
        (["--page", "2", "--document", "files/bees.txt"], "has no pages: leave the page out"),
        (["a", "-k", "0"], "'-k'"),
        (["a", "--where", "file.nme = 'x'"], "file.name"),
        (["a", "--where", "file.name = = 'x'"], "="),
        (["a", "--modality", "smell"], "'smell' is not one of"),
        (["a", "--min-confidence", "2"], "min_confidence is 2.0: a probability, 0 to 1"),
        (["a", "--min-confidence", "nan"], "min_confidence is nan: a probability, 0 to 1"),
        (["a", "--after", "soon"], "after"),
        (["a", "--after", "2026-02-01", "--before", "2026-01-01"], "no time lies between"),
        (["a", "--json", "--paths"], "choose one"),
        (["a", "--cursor", "nonsense"], "cursor"),
        (["--vector", "short.npy"], "3 dimensions"),
        (["--mode", "words", "--image", "noise.png"], "give a text"),
        (["--batch", "absent.jsonl"], "absent.jsonl does not open"),
        (["a", "--batch", "absent.jsonl"], "--batch has whole questions, each in its line"),
        (["a", "--index", "nowhere"], "/.omnisearch"),
    ],
)
def test_what_cannot_be_asked_is_one_line(
    inside: Callable[..., Any], flags: list[str], message: str
) -> None:
    code, stdout, stderr = inside("query", *flags)
    assert message in fault(stdout, stderr)
    assert code == (4 if "3 dimensions" in message else 2)


def test_nothing_comes_through_a_pipe(taken: Place) -> None:
    done = taken.run("query", "-")
    assert done.returncode == 2
    assert fault(done.stdout, done.stderr).startswith("nothing came through stdin")


def test_a_huge_k_gives_all_there_is(taken: Place) -> None:
    assert len(lines(taken.run("query", "night", "-k", "1000000000000"))) == 6


def test_an_empty_collection_exits_1_and_says_what_to_do(place: Place) -> None:
    (place.home / "files").mkdir()
    assert place.run("ingest", "files").returncode == 0
    done = place.run("query", "a red bicycle")
    assert (done.returncode, done.stdout) == (1, "")
    assert "nothing is stored yet: take in a folder with ingest" in done.stderr


def test_no_collection_exits_2_and_names_those_that_are(taken: Place, tmp_path: Path) -> None:
    done = taken.run("query", "a", cwd=tmp_path)
    assert done.returncode == 2
    assert str(taken.home / ".omnisearch") in fault(done.stdout, done.stderr)


def test_batches_answer_each_line_and_name_those_that_are_wrong(taken: Place) -> None:
    questions = [
        '"where are the flowers"',
        '{"image": "files/IMG_2041.jpg", "k": 1}',
        '{"text": [{"source": "bread", "weight": 2}], "modality": "text", "k": 1}',
        "nonsense",
        '{"txt": "bees"}',
        '{"text": "bees", "k": 0}',
        "",
    ]
    (taken.home / "questions.jsonl").write_text("\n".join(questions) + "\n")
    done = taken.run("query", "--batch", "questions.jsonl", "-k", "2")
    assert done.returncode == 3
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [hit["query"] for hit in found] == [0, 0, 1, 2]
    ends = [hit["uri"].rpartition("/")[2] for hit in found]
    assert (ends[0], *ends[2:]) == ("bees.txt", "IMG_2041.jpg", "bread.md")
    wrong = done.stderr.splitlines()
    assert [line.partition(":")[0] for line in wrong] == ["omnisearch"] * 3
    for line, message in zip(wrong, ("line 4", "did you mean text?", "line 6"), strict=True):
        assert message in line


def test_a_picture_whose_name_ends_like_a_weight_keeps_its_name(taken: Place) -> None:
    Image.new("RGB", (64, 64), "red").save(taken.home / "red.png")
    shutil.copy(taken.home / "red.png", taken.home / "a.png:2")
    assert taken.run("query", "--image", "a.png:2", "-k1").returncode == 0
