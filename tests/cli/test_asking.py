"""What is asked at a terminal before something is deleted, and what is refused unasked."""

import ctypes
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.place import Place, environment
from tests.ingest.folder import write_texts

WHERE = ["--where", "file.type = 'text'"]
_CAPBSET_DROP, _DAC_OVERRIDE = 24, 1  # of prctl(2)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a home in which two texts were taken in, for copies at one place: roots are absolute."""
    place = Place(tmp_path_factory.mktemp("taken") / "home")
    write_texts(place.home / "files", 2)
    done = place.run("ingest", "files")
    assert done.returncode == 0, done.stderr
    return place.home.rename(place.home.with_name("kept"))


@pytest.fixture
def place(kept: Path) -> Iterator[Place]:
    home = kept.with_name("home")
    shutil.copytree(kept, home)
    yield Place(home)
    shutil.rmtree(home)


@pytest.fixture
def taken(place: Place) -> Path:
    """Give a folder of two texts that was taken in."""
    return place.home / "files"


@pytest.mark.parametrize("arguments", [WHERE, ["--root", "files"], ["files/note-1.txt"]])
def test_the_first_interrupt_at_a_question_ends_the_command(
    place: Place, taken: Path, arguments: list[str]
) -> None:
    for _ in range(2):  # it was not lost every time
        code, shown = place.apart_on_terminal("delete", *arguments, interrupt_at="[y/N]")
        assert code == 130, shown
        assert shown.endswith("\nomnisearch: interrupted\n")


def test_a_question_takes_yes_no_and_enter_only(place: Place, taken: Path) -> None:
    for typed, code in (("\n", 1), ("no\n", 1), ("\x04", 130)):
        assert place.on_terminal("delete", *WHERE, typed=typed)[0] == code
    code, shown = place.on_terminal("delete", *WHERE, typed="perhaps\nY\n")
    assert code == 0
    assert "answer y or n\n" in shown


def test_what_is_gone_already_is_not_asked_about(place: Place, taken: Path) -> None:
    assert place.run("delete", "files/note-1.txt", "--yes").returncode == 0
    code, shown = place.on_terminal("delete", "files/note-1.txt")
    assert (code, shown) == (1, "nothing to delete\n")


def test_a_folder_that_was_given_is_forgotten_by_root_only(place: Place, taken: Path) -> None:
    for name in ("files", "."):
        done = place.run("delete", name, "--yes")
        assert done.returncode == 2
        assert f"--root {taken}" in done.stderr
    assert json.loads(place.run("status").stdout)["items"] == 2


def test_names_that_are_no_text_are_deleted(place: Place, taken: Path) -> None:
    for name in (b"bad\xff.txt", b"\xfe.txt", b"two\nlines.txt"):
        (taken / os.fsdecode(name)).write_bytes(name + b" is what it says")
    assert place.run("ingest").returncode == 0
    assert place.run("delete", os.fsdecode(b"never\xff"), "--yes").returncode == 1
    done = place.run("delete", os.fsdecode(b"bad\xff.txt"), "--yes", "--index", "../.omnisearch",
                     cwd=taken)  # fmt: skip
    assert done.returncode == 0, done.stderr
    names = place.home / "names"
    names.write_bytes(b"files/\xfe.txt\0files/two\nlines.txt\0")
    with names.open() as stdin:
        process = place.start("delete", "-", "--yes", stdin=stdin)
        shown, said = process.communicate(timeout=300)
    assert process.returncode == 0, said
    assert json.loads(shown) == {"deleted": 2, "files": 2}


def test_files_of_deleted_rows_are_told(place: Place, taken: Path) -> None:
    (taken / "again.txt").write_bytes((taken / "note-1.txt").read_bytes())
    assert place.run("ingest").returncode == 0
    done = place.run("delete", "--yes", *WHERE)
    assert json.loads(done.stdout) == {"deleted": 2, "files": 3}


def test_a_collection_that_cannot_be_written_is_said_before_any_work(
    place: Place, taken: Path
) -> None:
    path = place.home / ".omnisearch"
    path.chmod(0o500)
    try:
        for command in (["ingest"], ["delete", "--yes", *WHERE]):
            process = place.start(*command, preexec_fn=_as_anybody)
            shown, said = process.communicate(timeout=300)
            assert (process.returncode, shown) == (4, ""), said
            remedy = "make the folder writable, or name another collection with --index"
            assert said == f"omnisearch: {path} cannot be written to: {remedy}\n"
    finally:
        path.chmod(0o700)


def _as_anybody() -> None:
    """Take from root, if this is root, the right to write where nobody may."""
    ctypes.CDLL(None).prctl(_CAPBSET_DROP, _DAC_OVERRIDE)


def test_an_interrupt_while_the_program_loads_is_no_traceback(place: Place, tmp_path: Path) -> None:
    (tmp_path / "click.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n")
    paths = f"{tmp_path}{os.pathsep}{environment(tmp_path)['PYTHONPATH']}"
    code, shown = place.apart_on_terminal("status", PYTHONPATH=paths)
    assert (code, shown) == (130, "omnisearch: interrupted\n")
