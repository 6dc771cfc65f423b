"""Wrong input, wrong places and signals: one line, the right exit code, nothing lost."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tests.cli.place import OMNISEARCH, VECTORS, Place, environment, hear_interrupts

pytestmark = pytest.mark.slow


def fault(done: subprocess.CompletedProcess[str]) -> str:
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    return done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["query"], "nothing is asked: give words"),
        (["query", "--vector", "absent.npy"], "absent.npy does not exist"),
        (["query", "--vector", "vectors.npy"], "holds 300 vectors: choose one with --row"),
        (["query", "--vector", "vectors.npy", "--row", "300"], "has no row 300"),
        (["query", "--vector", "query.npy", "-k", "0"], "'-k'"),
        (["query", "--vector", "query.npy", "-k", "ten"], "'ten' is not a whole number"),
        (["query", "--vector", "query.npy", "--recall", "2"], "--recall"),
        (["query", "--vector", "query.npy", "--recal", "1"], "--recal"),
        (["query", "--vector", "query.npy", "--where", "nosuch = 1"], "nosuch"),
        (["query", "--vector", "query.npy", "--where", "n = = 3"], "="),
        (["query", "--like", "nothing"], "nothing"),
        (["query", "--vector", "-"], "stdin is not a JSON list of numbers"),
        (["query", "--vector", "query.npy", "--index", "nowhere"], "nowhere"),
        (["query", "--vector", "query.npy", "--index", "query.npy"], "query.npy"),
        (["import"], "Missing argument 'FILE'"),
        (["import", "vectors.npy", "--column", "n"], "'n' is not NAME=TYPE, the type one of int"),
        (["import", "vectors.npy", "--column", "n=integer"], "'n=integer' is not"),
        (["import", "vectors.npy", "--kind", "best"], "--kind"),
        (["import", "vectors.txt"], "unknown format"),
        (["import", "query.npy", "--ids", "metadata.parquet"], "300 rows for the 1 vectors"),
        (["import", "vectors.npy", "--ids", "metadata.parquet", "--id-column", "x"], "'x'"),
        (["export", "query.npy"], "there already"),
        (["statsu"], "statsu"),
        (["delete", "--where", "n ="], "n ="),
    ],
    ids=" ".join,
)
def test_a_wrong_call_exits_2_with_the_reason(
    arguments: list[str], message: str, imported: Place
) -> None:
    done = imported.run(*arguments)
    assert done.returncode == 2, done.stderr
    assert message in done.stderr
    assert fault(done)


def test_wrong_calls_changed_nothing(imported: Place) -> None:
    status = json.loads(imported.run("status").stdout)
    assert (status["generation"], status["items"]) == (1, 300)


def test_reading_without_a_collection_names_others_and_makes_none(stored: Place) -> None:
    assert stored.run("import", "vectors.npy", "--upsert").returncode == 0
    other = stored.home.parent / "other"
    other.mkdir()
    done = stored.run("query", "--vector", "query.npy", cwd=other)
    assert done.returncode == 2
    assert f"Known: {stored.home}/.omnisearch" in fault(done)
    for command in ("status", "doctor", "export x", "delete a", "snapshot x"):
        assert stored.run(*command.split(), cwd=other).returncode == 2
    assert list(other.iterdir()) == []


def test_a_refused_first_import_makes_no_collection(place: Place, files: Path) -> None:
    np.save(files / "infinite.npy", np.full((2, 8), np.inf, np.float32))
    done = place.run("import", "infinite.npy")
    assert done.returncode == 2
    assert "nothing stored" in done.stderr
    assert "infinite.npy, rows 0 to 1:" in done.stderr
    assert not (files / ".omnisearch").exists()


def test_a_collection_that_another_process_writes_to_exits_4(stored: Place) -> None:
    code = "import sys, omnisearch as om\nc = om.open('.omnisearch')\nc.delete(['row-1'])\n"
    holder = subprocess.Popen(
        [sys.executable, "-c", code + "print(1, flush=True)\nsys.stdin.read()"],
        cwd=stored.home,
        env=environment(stored.home),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdout is not None
    holder.stdout.readline()
    refused = stored.run("delete", "row-2")
    reading = stored.run("query", "--vector", "query.npy")
    holder.communicate()
    assert (refused.returncode, reading.returncode) == (4, 0)
    assert str(holder.pid) in fault(refused)


def test_other_settings_than_the_collection_has_exit_4(stored: Place) -> None:
    done = stored.run("import", "vectors.npy", "--metric", "l2", "--upsert")
    assert done.returncode == 4
    assert "l2" in fault(done)
    np.save(stored.home / "narrow.npy", VECTORS[:2, :3])
    done = stored.run("import", "narrow.npy")
    assert done.returncode == 4
    assert "3 dimensions, the collection has 8" in fault(done)


def test_a_closed_pipe_is_no_error(stored: Place) -> None:
    command = " ".join(f"'{part}'" for part in OMNISEARCH)
    done = subprocess.run(
        f"{command} query --vector query.npy -k 300 | head -c 20; exit ${{PIPESTATUS[0]}}",
        shell=True,
        executable="/bin/bash",
        cwd=stored.home,
        env=environment(stored.home),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert (done.returncode, done.stderr, len(done.stdout)) == (0, "", 20)


@pytest.mark.parametrize(
    "text", ["[1, NaN]", "[1e999]", "[1" + "0" * 400 + "]", "[[1]]", "[" * 9999]
)
def test_a_wrong_vector_on_stdin_exits_2(text: str, imported: Place) -> None:
    done = imported.run("query", "--vector", "-", stdin=text)
    assert done.returncode == 2
    assert fault(done)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_output_that_cannot_be_written_exits_4(stored: Place) -> None:
    with Path("/dev/full").open("w") as full:
        process = stored.start("status", stdout=full)
        _, said = process.communicate(timeout=300)
    assert process.returncode == 4
    assert said == "omnisearch: cannot write the output: No space left on device\n"


def test_closed_streams_and_a_folder_that_is_gone_are_no_traceback(imported: Place) -> None:
    command = " ".join(f"'{part}'" for part in OMNISEARCH)
    for script, code in (
        (f"{command} status >&-", 0),
        (f"{command} status 2>&- >&-", 0),
        (f"{command} query --like nothing 2> /dev/full", 2),
        (f"mkdir gone; cd gone; rmdir ../gone; {command} status", 2),
    ):
        done = subprocess.run(
            ["/bin/bash", "-c", script],
            cwd=imported.home,
            env=environment(imported.home),
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert (done.returncode, done.stdout, "Traceback" in done.stderr) == (code, "", False)


def importing(place: Place) -> subprocess.Popen[str]:
    """Begin a long import and wait for its first batch."""
    vectors = np.random.default_rng(0).normal(size=(400_000, 64)).astype(np.float32)
    np.save(place.home / "large.npy", vectors)
    process = place.start("import", "large.npy", preexec_fn=hear_interrupts)
    head = place.home / ".omnisearch" / "HEAD"
    while not head.exists() and process.poll() is None:
        os.sched_yield()
    return process


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_an_import_between_batches(
    number: signal.Signals, code: int, place: Place
) -> None:
    process = importing(place)
    os.kill(process.pid, number)
    shown, said = process.communicate(timeout=300)
    assert (process.returncode, shown) == (code, ""), said
    assert "Traceback" not in said
    told = re.search(r"([\d,]+) of 400,000 rows are stored: --resume goes on", said)
    assert told, said
    stored = int(told[1].replace(",", ""))
    assert 0 < stored < 400_000
    assert stored % 4_096 == 0
    assert json.loads(place.run("status").stdout)["items"] == stored


@pytest.mark.parametrize("times", [2, 8])
def test_more_interrupts_lose_nothing(times: int, place: Place) -> None:
    process = importing(place)
    for _ in range(times):
        os.kill(process.pid, signal.SIGINT)
        time.sleep(0.02)
    _, said = process.communicate(timeout=300)
    assert (process.returncode, "Traceback" in said) == (130, False), said
    assert place.run("doctor").returncode == 0
    assert json.loads(place.run("status").stdout)["items"] % 4_096 == 0


def test_an_internal_error_is_one_line_and_shows_where_on_request(
    stored: Place, tmp_path: Path
) -> None:
    broken = tmp_path / "sitecustomize.py"
    broken.write_text("import shutil\nshutil.get_terminal_size = None\n")
    code, shown = stored.apart_on_terminal(
        "query", "--vector", "query.npy", PYTHONPATH=path(tmp_path)
    )
    assert code == 5
    assert shown.startswith("omnisearch: internal error: TypeError: ")
    assert "OMNISEARCH_TRACEBACK=1" in shown
    assert len(shown.splitlines()) <= 2
    code, shown = stored.apart_on_terminal(
        "query", "--vector", "query.npy", PYTHONPATH=path(tmp_path), OMNISEARCH_TRACEBACK="1"
    )
    assert code == 5
    assert "Traceback" in shown


def path(first: Path) -> str:
    return f"{first}{os.pathsep}{environment(first)['PYTHONPATH']}"
