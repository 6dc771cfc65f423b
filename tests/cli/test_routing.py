"""`--route auto` at the command line: what is understood is said, and told in JSON."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.cli.place import Place

NOTES = {
    "roof.txt": ("The roof was mended with new tiles.", 3),
    "cellar.txt": ("The cellar was painted and is dry.", 9),
    "garden.txt": ("The garden was dug over in the rain.", 6),
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    found = Place(tmp_path_factory.mktemp("routing"))
    (found.home / "files").mkdir()
    for name, (text, month) in NOTES.items():
        path = found.home / "files" / name
        path.write_text(text)
        changed = datetime(2023, month, 15, tzinfo=UTC).timestamp()
        os.utime(path, (changed, changed))
    done = found.run("ingest", "files")
    assert done.returncode == 0, done.stderr
    return found


def names(out: str) -> list[str]:
    return [json.loads(line)["uri"].rpartition("/")[2] for line in out.splitlines()]


def test_words_are_options_where_that_is_asked_for(place: Place) -> None:
    plain = place.run("query", "two newest notes")
    assert len(names(plain.stdout)) == 3 and plain.stderr == ""
    done = place.run("query", "two newest notes", "--route", "auto")
    assert names(done.stdout) == ["cellar.txt", "garden.txt"]
    assert done.stderr == (
        "“two newest” is taken for file.date, the largest first "
        '(route "none" takes words as they are)\n'
    )
    (told,) = json.loads(done.stdout.splitlines()[0])["route"]
    assert told["options"] == {"modality": ["text", "document"], "k": 2}
    assert "route" not in json.loads(plain.stdout.splitlines()[0])
    quiet = place.run("query", "two newest notes", "--route", "auto", "--quiet", "--explain")
    assert quiet.stderr.startswith("extremes: “two newest” is taken for file.date")


@pytest.mark.parametrize(
    "given", [("-k", "1"), ("--limit", "1"), ("OMNISEARCH_LIMIT=1",)], ids=" ".join
)
def test_a_number_that_was_given_wins(place: Place, given: tuple[str, ...]) -> None:
    flags = [one for one in given if "=" not in one]
    env: dict[str, Any] = dict(one.split("=") for one in given if "=" in one)
    done = place.run("query", "two newest notes", "--route", "auto", *flags, **env)
    assert names(done.stdout) == ["cellar.txt"]


def test_options_that_were_given_win(place: Place) -> None:
    asked = ("query", "notes from June 2023", "--route", "auto")
    assert names(place.run(*asked).stdout) == ["garden.txt"]
    done = place.run(*asked, "--after", "2023-09-01")
    assert names(done.stdout) == ["cellar.txt"] and "June" not in done.stderr
    assert len(names(place.run(*asked[:2], "--route", "none").stdout)) == 3


def test_lines_of_a_batch(place: Place) -> None:
    lines = ['"the oldest note"', '{"text": "yesterday: notes", "today": "2023-06-16", "k": 1}']
    done = place.run("query", "--batch", "-", "--route", "auto", stdin="\n".join(lines))
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one["query"] for one in told] == [0, 0, 0, 1]
    assert told[0]["uri"].endswith("roof.txt") and told[0]["route"][0]["rule"] == "extremes"
    assert told[3]["uri"].endswith("garden.txt") and told[3]["route"][0]["rule"] == "dates"
    assert '"yesterday' not in done.stderr and "“yesterday”" in done.stderr


def test_contexts_and_what_is_sent(place: Place) -> None:
    asked = ("what was done, by the notes from June 2023?", "--route", "auto")
    context = place.run("context", *asked, "--json")
    told = json.loads(context.stdout)
    assert [part["uri"].rpartition("/")[2] for part in told["parts"]] == ["garden.txt"]
    assert told["route"][0]["words"] == "from June 2023" and "“from June 2023”" in context.stderr
    sent = place.run("ask", *asked, "--dry-run")
    assert "dug over" in sent.stdout and "painted" not in sent.stdout


def test_on_a_terminal_it_stands_beside_the_table(place: Place) -> None:
    code, shown = place.on_terminal("query", "the newest note", "--route", "auto")
    assert code == 0
    assert shown.index("“the newest” is taken for file.date") < shown.index("cellar.txt")


def test_a_wrong_value(place: Place) -> None:
    done = place.run("query", "notes", "--route", "on")
    assert done.returncode == 2 and "auto" in done.stderr
