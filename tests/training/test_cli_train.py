import json
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.place import OMNISEARCH, Place, environment, hear_interrupts


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def shadow(place: Place, name: str) -> str:
    """Make a library look as if it was not installed."""
    folder = place.home / "shadow" / name
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text(f"raise ModuleNotFoundError('gone', name={name!r})\n")
    return str(folder.parent)


def test_the_tiny_corpus_is_built_and_kept(place: Place) -> None:
    done = place.run("train", "data", "--tiny")
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert "data: done, " in done.stderr
    figures = json.loads((place.home / "lab" / "figures" / "data.json").read_text())
    assert figures["tiny"]["pictures-tiny"] == 200
    again = place.run("train", "data", "--tiny")
    assert "data: was done before (--again repeats it)" in again.stderr
    assert place.run("train", "data", "--tiny", "--quiet").stderr == ""


def test_help_lists_the_stages_and_needs_nothing(place: Place) -> None:
    shown = place.run_apart(
        "train", "--help", PYTHONPATH=_path(place, "torch", "numpy", "pyarrow", "PIL")
    )
    assert shown.returncode == 0, shown.stderr
    told = "  specialists 10 min  an encoder of each modality; needs heads, inverse\n"
    assert told in shown.stdout
    for part in ("data  ", "all  ", "--lab FOLDER", "omnisearch train all"):
        assert part in shown.stdout


def _path(place: Place, *names: str) -> str:
    folders = [shadow(place, name) for name in names]
    return f"{folders[0]}:{environment(place.home)['PYTHONPATH']}"


def test_a_missing_extra_is_one_line(place: Place) -> None:
    done = place.run_apart("train", "data", "--tiny", PYTHONPATH=_path(place, "PIL"))
    assert done.returncode == 2
    said = 'omnisearch: omnisearch train needs PIL: pip install "omnisearch[train]"\n'
    assert done.stderr == said


def test_an_unknown_stage_is_a_usage_error(place: Place) -> None:
    done = place.run("train", "dta")
    assert (done.returncode, done.stderr) == (
        2,
        "omnisearch: there is no stage 'dta': did you mean data?\n",
    )


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("data", "--seed", str(2**64)), "is not in the range 0<=x<=4294967295"),
        (("data", "--seed", str(10**30)), "is not in the range 0<=x<=4294967295"),
        (("data", "--lab", ""), "it is empty: name a folder"),
        (("all", "--out", "x"), "--out also to export"),
        (("DATA",), "there is no stage 'DATA': did you mean data?"),
        (("report",), "lab holds no laboratory: run `omnisearch train data --lab lab` first"),
        (("export", "--out", "."), ". is what this runs in: name another folder"),
    ],
)
def test_what_cannot_be_meant_is_one_line(
    place: Place, arguments: tuple[str, ...], told: str
) -> None:
    done = place.run("train", *arguments)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert told in done.stderr
    assert list(place.home.iterdir()) == []


def test_a_real_run_is_refused_where_the_corpus_is_tiny(place: Place) -> None:
    assert place.run("train", "data", "--tiny", "--quiet").returncode == 0
    done = place.run("train", "all")
    assert done.returncode == 2
    told = "name another folder with --lab, or run it with --tiny"
    assert done.stderr == f"omnisearch: lab is a laboratory of the tiny corpus: {told}\n"


def test_ctrl_c_says_what_begins_anew(place: Place) -> None:
    pytest.importorskip("torch")
    assert place.run("train", "data", "--tiny", "--quiet").returncode == 0
    process = place.start("train", "towers", "--tiny", preexec_fn=hear_interrupts)
    deadline = time.monotonic() + 300
    while not (place.home / "lab" / "models" / "towers").exists():
        assert time.monotonic() < deadline
        assert process.poll() is None, process.stderr
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=600)
    assert process.returncode == 130
    assert said == "towers begins anew when it is run again\nomnisearch: interrupted\n"


def test_ctrl_c_says_how_to_go_on(place: Place) -> None:
    tools = place.home / "tools"
    tools.mkdir()
    for name in ("npm", "apt-get"):
        (tools / name).write_text("#!/bin/sh\ntouch begun\nexec sleep 60\n")
        (tools / name).chmod(stat.S_IRWXU)
    found = environment(place.home)
    process = subprocess.Popen(
        [*OMNISEARCH, "train", "data", "--lab", "l"],
        cwd=place.home,
        env={**found, "PATH": f"{tools}:{found['PATH']}"},
        text=True,
        stderr=subprocess.PIPE,
        preexec_fn=hear_interrupts,
    )
    deadline = time.monotonic() + 300
    while not list(place.home.glob("l/packages/.download-*/begun")):
        assert time.monotonic() < deadline
        assert process.poll() is None, process.stderr
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=600)
    assert process.returncode == 130
    assert said == "data goes on where it stopped when it is run again\nomnisearch: interrupted\n"
    assert list(place.home.glob("l/packages/.download-*")) == []


def test_no_other_command_imports_the_laboratory(place: Place) -> None:
    code = (
        "import sys; sys.argv = ['omnisearch', 'status']\n"
        "from omnisearch_cli.main import main; main()\n"
        "print([one for one in sys.modules if 'training' in one.split('.')[1:2] or one == 'torch'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment(place.home),
        cwd=place.home,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.stdout == "[]\n"
