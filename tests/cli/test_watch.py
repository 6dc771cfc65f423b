import json
import os
import re
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.cli.place import Place, hear_interrupts


@pytest.fixture
def notes(place: Place) -> Path:
    folder = place.home / "notes"
    folder.mkdir()
    (folder / "a.txt").write_text("a dog in the snow")
    return folder


def event(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    line: dict[str, Any] = json.loads(process.stdout.readline())
    return line


def test_what_changes_is_told_and_ctrl_c_ends_it(place: Place, notes: Path) -> None:
    heard = {"preexec_fn": hear_interrupts}
    with place.start("watch", "notes", "--index", "store", **heard) as process:
        ready = event(process)
        assert (ready["event"], ready["stored"]) == ("ready", 1)
        (notes / "b.txt").write_text("two cats")
        changed = event(process)
        assert (changed["event"], changed["stored"], changed["missing"]) == ("changed", 1, 0)
        second = place.run("watch", "notes", "--index", "store")
        assert second.returncode == 4
        assert "is followed by another process already" in second.stderr
        process.send_signal(signal.SIGINT)
        assert process.wait(300) == 130
    found = place.run("query", "--text", "cats", "--index", "store", "--paths", "-k", "1")
    assert found.stdout == f"{notes / 'b.txt'}\n"


def test_a_collection_that_is_removed_ends_it(place: Place, notes: Path) -> None:
    store = place.home / "store"
    with place.start("watch", "notes", "--index", "store") as process:
        assert event(process)["event"] == "ready"
        shutil.rmtree(store)
        (notes / "b.txt").write_text("two cats")
        lost = event(process)
        assert lost["event"] == "lost"
        assert lost["message"].startswith(f"the collection is gone: {store} is not a collection")
        assert process.wait(300) == 4
    assert not store.exists()


def test_the_system_ends_it_too(place: Place, notes: Path) -> None:
    (notes / "b.txt").write_text("two cats")
    with place.start("watch", "notes", "--index", "store", "--poll", "0.5", "--json") as process:
        assert event(process)["event"] == "ready"
        (notes / "a.txt").unlink()
        changed = event(process)
        assert (changed["missing"], changed["message"]) == (1, "1 gone, generation 2")
        process.terminate()
        assert process.wait(300) == 143


def test_a_person_reads_times_and_counts(place: Place, notes: Path) -> None:
    with place.start("watch", "notes", "--no-json", "--quiet") as process:
        assert process.stdout is not None
        when, _, told = process.stdout.readline().partition("  ")
        assert re.fullmatch(r"\d\d:\d\d:\d\d", when)
        assert told == "following: 1 stored, generation 1\n"
        process.terminate()


def test_nothing_to_follow_is_said(place: Place) -> None:
    done = place.run("watch")
    assert done.returncode == 2
    assert "name a folder, omnisearch watch ./notes" in done.stderr
    done = place.run("watch", "none", "--index", "store")
    assert (done.returncode, os.path.lexists(place.home / "store")) == (2, False)
    assert "none does not exist" in done.stderr
