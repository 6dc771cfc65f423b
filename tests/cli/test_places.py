"""Which collection and which settings a command takes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.place import Place, environment

pytestmark = pytest.mark.slow

QUERY = ("query", "--vector", "query.npy")


def hits(text: str) -> int:
    return len(text.splitlines())


def test_the_nearest_collection_upwards_is_found(stored: Place) -> None:
    below = stored.home / "a" / "b"
    below.mkdir(parents=True)
    assert json.loads(stored.run("status", cwd=below).stdout)["items"] == 300
    (below / ".omnisearch").mkdir()  # no collection: looked past
    assert stored.run("status", cwd=below).returncode == 0
    made = stored.run("import", "../../vectors.npy", "--index", ".omnisearch", cwd=below)
    assert made.returncode == 0, made.stderr
    told = stored.run("import", "../vectors.npy", "--upsert", cwd=stored.home / "a")
    assert f"writing to {stored.home}/.omnisearch" in told.stderr
    assert stored.run("delete", "--where", "n is null", "--yes").returncode == 0
    assert stored.run("delete", "5", cwd=below).returncode == 0
    assert json.loads(stored.run("status", cwd=stored.home / "a").stdout)["items"] == 300
    assert json.loads(stored.run("status", cwd=below).stdout)["items"] == 299


def test_nothing_above_home_is_found(stored: Place) -> None:
    inner = stored.home / "user"
    inner.mkdir()
    assert stored.run("status", cwd=inner).returncode == 0
    assert stored.run("status", cwd=inner, HOME=str(inner)).returncode == 2


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder away")
def test_a_collection_of_another_user_is_left_out(stored: Place) -> None:
    os.chown(stored.home / ".omnisearch", 12345, 12345)
    done = stored.run("status")
    assert done.returncode == 2
    assert "belongs to another user" in done.stderr


def test_a_linked_collection_is_left_out(stored: Place) -> None:
    other = stored.home.parent / "other"
    other.mkdir()
    (other / ".omnisearch").symlink_to(stored.home / ".omnisearch")
    assert stored.run("status", cwd=other).returncode == 2


def test_flag_wins_over_environment_wins_over_file(stored: Place) -> None:
    assert hits(stored.run(*QUERY).stdout) == 10
    config = stored.home / ".config"
    config.mkdir()
    (config / "omnisearch.toml").write_text("limit = 2\nexplain = false\n")
    assert hits(stored.run(*QUERY).stdout) == 2
    assert hits(stored.run(*QUERY, OMNISEARCH_LIMIT="3").stdout) == 3
    assert hits(stored.run(*QUERY, "-k", "4", OMNISEARCH_LIMIT="3").stdout) == 4
    elsewhere = stored.home / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "omnisearch.toml").write_text("limit = 5\n")
    assert hits(stored.run(*QUERY, XDG_CONFIG_HOME=str(elsewhere)).stdout) == 5


def test_the_index_may_stand_in_the_environment_and_the_file(stored: Place) -> None:
    other = stored.home.parent / "other"
    other.mkdir()
    index = f"{stored.home}/.omnisearch"
    assert stored.run("status", cwd=other, OMNISEARCH_INDEX=index).returncode == 0
    (stored.home / ".config").mkdir()
    (stored.home / ".config" / "omnisearch.toml").write_text('index = "~/.omnisearch"\n')
    assert stored.run("status", cwd=other).returncode == 0


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("limits = 3", "there is no setting 'limits', only limit"),
        ("where = 'n > 1'", "there is no setting 'where'"),
        ("yes = true", "there is no setting 'yes'"),
        ("limit = 'many'", "'many' is not a whole number"),
        ("limit =", "cannot be read"),
        ("limit = \xff", "cannot be read"),
    ],
)
def test_a_wrong_settings_file_is_an_error(text: str, fault: str, stored: Place) -> None:
    (stored.home / ".config").mkdir()
    (stored.home / ".config" / "omnisearch.toml").write_bytes(text.encode("latin-1"))
    done = stored.run(*QUERY)
    assert (done.returncode, done.stdout) == (2, "")
    assert fault in done.stderr


def test_questions_and_destruction_are_not_taken_from_the_environment(stored: Place) -> None:
    done = stored.run(*QUERY, OMNISEARCH_WHERE="n < 2", OMNISEARCH_ROW="5")
    assert hits(done.stdout) == 10
    refused = stored.run("delete", "--where", "n < 2", OMNISEARCH_YES="1", OMNISEARCH_PURGE="1")
    assert refused.returncode == 2


def test_a_home_that_cannot_be_written_is_no_reason_to_stop(place: Place, files: Path) -> None:
    (files / "state").write_text("a file")
    done = place.run("import", "vectors.npy", XDG_STATE_HOME=str(files / "state"))
    assert (done.returncode, "Traceback" in done.stderr) == (0, False)


def test_native_windows_is_refused_with_the_way_out(place: Place) -> None:
    code = (
        "import os; from omnisearch_cli.main import main; os.name = 'nt'; raise SystemExit(main())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(place.home), capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "WSL 2" in done.stderr
