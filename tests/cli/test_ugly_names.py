"""Files with names that shells, terminals and JSON stumble over are listed, found and opened."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest

from tests.cli.place import OMNISEARCH, Place, environment
from tests.ingest.folder import sentence
from tests.ingest.test_walk_limits import UGLY


@pytest.fixture(scope="module")
def ugly(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Give a user with one note under each name, in ./.omnisearch."""
    place = Place(tmp_path_factory.mktemp("ugly"))
    for number, name in enumerate(names()):
        path = os.fsencode(place.home) + b"/files/" + name
        os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120
        with open(path, "w") as file:  # noqa: PTH123
            file.write(sentence(number))
    done = place.run("ingest", "files")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["stored"] == len(UGLY)
    return place


def names() -> list[bytes]:
    """Give each name an ending as a text has it, where there is room."""
    return [name[:251] + b".txt" for name in UGLY]


def asked(place: Place, *flags: str) -> bytes:
    command = [*OMNISEARCH, "query", "note", "--mode", "words", "-k", "50", *flags]
    told = environment(place.home)
    return subprocess.run(
        command, cwd=place.home, env=told, capture_output=True, check=True, timeout=300
    ).stdout


def test_every_name_is_found_and_opens(ugly: Place) -> None:
    folder = os.fsencode(ugly.home) + b"/files/"
    found = asked(ugly, "--paths0").split(b"\0")[:-1]
    assert sorted(found) == sorted(folder + name for name in names())
    for path in found:
        text = Path(os.fsdecode(path)).read_text()
        assert text == sentence(names().index(path.removeprefix(folder)))


def test_every_name_is_the_same_bytes_in_json(ugly: Place) -> None:
    shown = asked(ugly, "--json")
    hits = [json.loads(line) for line in shown.splitlines()]
    found = {unquote_to_bytes(hit["uri"].removeprefix("file://")): hit["snippet"] for hit in hits}
    folder = os.fsencode(ugly.home) + b"/files/"
    assert found == {folder + name: sentence(at) for at, name in enumerate(names())}
    assert b"\x1b" not in shown


@pytest.mark.parametrize("form", [(), ("--paths",)], ids=["table", "paths"])
def test_no_name_reaches_a_terminal_as_it_is(ugly: Place, form: tuple[str, ...]) -> None:
    asked_ = ("query", "note", "--mode", "words", "-k", "50", *form)
    code, shown = ugly.on_terminal(*asked_, NO_COLOR="1", FORCE_HYPERLINK="0")
    assert code == 0
    assert "\x1b" not in shown and "\u202e" not in shown
    assert all(line.isprintable() for line in shown.splitlines())


def test_names_can_be_given_back(ugly: Place) -> None:
    """A path that was printed is taken by other commands as it is."""
    for path in asked(ugly, "--paths0").split(b"\0")[:-1:4]:
        done = ugly.run("delete", "--yes", "--", os.fsdecode(path))
        assert (done.returncode, json.loads(done.stdout)["files"]) == (0, 1), done.stderr
        assert os.path.exists(path)  # noqa: PTH110
        done = ugly.run("ingest", "--include", os.fsdecode(path))
        assert done.returncode == 0, done.stderr
