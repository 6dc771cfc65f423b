"""`omnisearch query` that cannot be answered: one line that says why, and what to do."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cli.place import Place


def fault(done: subprocess.CompletedProcess[str]) -> str:
    """Give the one line of an error, with a caret below it at most."""
    said = done.stderr.splitlines()
    told, *caret = [one for one in said if not one.startswith(("asking ", "--text: "))]
    assert told.startswith("omnisearch: "), done.stderr
    assert not caret or (len(caret) == 2 and set(caret[1]) <= {" ", "^"}), done.stderr
    assert done.stdout == ""
    return told.removeprefix("omnisearch: ")


def test_a_file_that_cannot_be_asked_with_is_said_where_it_is_taken_for_words(
    gathered: Place,
) -> None:
    done = gathered.run("query", "empty.jpg", "-k1")
    assert done.returncode == 0
    assert done.stderr == "empty.jpg is empty: empty.jpg is asked as words\n"


def test_names_forge_no_line(gathered: Place) -> None:
    shutil.copy(gathered.home / "noise.png", gathered.home / "a\x1b[31m\nb.png")
    done = gathered.run("query", "a\x1b[31m\nb.png", "-k1")
    assert done.returncode == 0
    assert done.stderr.startswith("asking with the file a\\u001b[31m\\u000ab.png (a picture)")
    assert len(done.stderr.splitlines()) == 1


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
        (["--not-text", "a:-1"], "--not-text a:-1: weight is -1: give one above 0"),
        (["b", "--not-text", "a:0"], "--not-text a:0: weight is 0: give one above 0"),
        (["b", "--not-text", "a:nan"], "--not-text a:nan: weight is nan: give one above 0"),
        (["b", "--not-image", "noise.png:-2"], "--not-image noise.png:-2: weight is -2: give one"),
        (["b", "--not-image", "noise.png:inf"], "noise.png:inf: weight is inf: give one"),
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
        (
            ["--box", "0,0,1,1", "a"],
            "--box needs the file that it is taken from: give a picture",
        ),
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
def test_what_cannot_be_asked_is_one_line(gathered: Place, flags: list[str], message: str) -> None:
    done = gathered.run("query", *flags)
    assert message in fault(done)
    assert done.returncode == (4 if "3 dimensions" in message else 2)


def test_nothing_comes_through_a_pipe(gathered: Place) -> None:
    done = gathered.run("query", "-")
    assert done.returncode == 2
    assert fault(done).startswith("nothing came through stdin")


def test_an_empty_collection_exits_1_and_says_what_to_do(place: Place) -> None:
    (place.home / "files").mkdir()
    assert place.run("ingest", "files").returncode == 0
    done = place.run("query", "a red bicycle")
    assert (done.returncode, done.stdout) == (1, "")
    assert "nothing is stored yet: take in a folder with ingest" in done.stderr


def test_no_collection_exits_2_and_names_those_that_are(gathered: Place, tmp_path: Path) -> None:
    done = gathered.run("query", "a", cwd=tmp_path)
    assert done.returncode == 2
    assert str(gathered.home / ".omnisearch") in fault(done)
