"""What appears on a terminal and in a pipe."""

import json
import re
from pathlib import Path

import numpy as np

from tests.cli.place import Place

HOSTILE = "a\x1b[31m\u202eb\x07\x9bc\nd"


def test_a_table_on_a_terminal(imported: Place) -> None:
    code, shown = imported.on_terminal("query", "--vector", "query.npy", "-k", "2", NO_COLOR="1")
    header, first, second = shown.splitlines()
    assert code == 0
    assert re.fullmatch(r"#   score  id", header)
    assert re.fullmatch(r"1  1\.0000  row-7 +n=7  tag=odd", first)
    assert second.startswith("2  0.")


def test_colour_only_where_it_is_welcome(imported: Place) -> None:
    command = ("query", "--vector", "query.npy")
    assert "\x1b[1m" in imported.on_terminal(*command)[1]
    assert "\x1b" not in imported.on_terminal(*command, NO_COLOR="1")[1]
    assert "\x1b" not in imported.on_terminal(*command, TERM="dumb")[1]
    assert "\x1b" not in imported.run(*command, "--no-json").stdout


def test_the_form_can_be_chosen(imported: Place) -> None:
    code, shown = imported.on_terminal("status", "--json")
    assert (code, json.loads(shown)["items"]) == (0, 300)
    assert imported.run("status", "--no-json").stdout.splitlines()[0].startswith("path ")
    assert "items" in imported.on_terminal("status", OMNISEARCH_JSON="1")[1]


def test_text_that_a_terminal_would_obey_is_escaped(place: Place, files: Path) -> None:
    row = {"id": HOSTILE, "vector": [1.0, 2.0], "name": HOSTILE}
    (files / "x.jsonl").write_text(json.dumps(row) + "\n")
    assert place.run("import", "x.jsonl").returncode == 0
    piped = place.run("query", "--vector", "-", stdin="[1, 2]").stdout
    hit = json.loads(piped)
    assert hit["id"] == hit["metadata"]["name"] == HOSTILE
    code, shown = place.on_terminal("query", "--like", HOSTILE, NO_COLOR="1")
    assert (code, shown) == (1, "no hits\n")
    (files / "one.json").write_text("[1, 2]")
    np.save(files / "one.npy", np.array([1, 2], np.float32))
    _, table = place.on_terminal("query", "--vector", "one.npy", NO_COLOR="1")
    for text in (piped, table):
        assert not set("\x1b\x07\x9b\u202e") & set(text)
    assert "a\\u001b[31m\\u202eb\\u0007\\u009bc\\u000ad" in table
    _, refused = place.on_terminal("query", "--like", "no\x1b[31m\nsuch")
    assert "\x1b" not in refused


def test_a_yes_on_the_terminal_deletes(stored: Place) -> None:
    code, shown = stored.on_terminal("delete", "--where", "n < 10", typed="n\n")
    assert code == 1
    assert "Delete 10 of 300 rows? [y/N]:" in shown
    code, shown = stored.on_terminal("delete", "--where", "n < 10", typed="y\n")
    assert code == 0
    assert "10 rows deleted" in shown


def test_import_on_a_terminal_is_a_sentence(place: Place, files: Path) -> None:
    code, shown = place.on_terminal("import", "vectors.npy")
    assert code == 0
    assert re.search(r"300 rows stored in .*/\.omnisearch in \d+\.\d s", shown.splitlines()[-1])


def test_every_help_has_an_example(place: Place) -> None:
    names = re.findall(r"^  (\w+)  ", place.run("--help").stdout, re.MULTILINE)
    wanted = "ask context delete doctor embed encoders export extract helper import ingest query"
    wanted += " reencode related show snapshot status topics train watch"
    assert names == wanted.split()
    for name in names:
        shown = place.run(name, "--help")
        assert shown.returncode == 0
        assert f"    omnisearch {name}" in shown.stdout, name
    assert place.run("--version").stdout.startswith("omnisearch 0.")
    assert place.run().returncode == 2
