"""The helper answers at terminals as the command itself would, and holds nothing."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.place import OMNISEARCH, ROOT, Place, environment
from tests.cli.terminal import LEAVES, Desk, decoders_of, forks_of, is_running, until
from tests.media.families import children_of

QUESTIONS = {
    "words": ["a harbour and a violin"],
    "a command": ["query", "glacier", "-k", "2"],
    "json": ["query", "glacier", "--json", "-k", "3"],
    "paths": ["query", "meadow", "--paths"],
    "a filter": ["query", "meadow", "--where", "file.name like 'note-1%'"],
    "words that are options": ["query", "two newest notes", "--route", "auto"],
    "rules": ["query", "glacier", "--deny-text", "ice:0.1", "--deny-image", "seen.png", "-k", "2"],
    "a mistake, expanded": ["query", "the harbuor", "--expand", "-k", "2"],
    "no hit": ["query", "meadow", "--where", "file.name = 'nothing'"],
    "a wrong column": ["query", "meadow", "--where", "file.nam = 'x'"],
    "a wrong option": ["query", "meadow", "--limt", "3"],
    "nothing asked": ["query", "-k", "3"],
    "a picture": ["query", "--image", "seen.png", "--text", "in blue"],
    "a picture by its path": ["./files/shown.png", "-k", "1"],
    "no such file": ["query", "--image", "nowhere.png"],
    "no text": [b"caf\xe9 \xff"],
    "other letters": ["canyon Käfer 海 \u202e"],
}


@pytest.fixture(scope="module")
def warm(noted: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Give a user with notes and a helper, of which tests only ask."""
    home = tmp_path_factory.mktemp("warm") / "home"
    shutil.copytree(noted.home, home)
    desk = Desk(Place(home))
    desk.start()
    desk.ask_helped("harbour")
    yield desk
    desk.stop()


@pytest.mark.parametrize("asked", QUESTIONS.values(), ids=QUESTIONS)
def test_answers_are_the_same_with_it_and_without(warm: Desk, asked: list[str | bytes]) -> None:
    assert warm.ask_helped(*asked) == warm.ask_alone(*asked)


@pytest.mark.parametrize(
    "env",
    [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {"OMNISEARCH_LIMIT": "1"}, {"OMNISEARCH_INDEX": "gone"},
     {"LC_ALL": "C"}, {"TZ": "Asia/Tokyo"}],
    ids=lambda env: "-".join(env),
)  # fmt: skip
def test_the_environment_is_that_of_the_client(warm: Desk, env: dict[str, Any]) -> None:
    asked = ["harbour", "-k", "2"]
    apart = warm.ask(*asked, **env, OMNISEARCH_NO_HELPER="1")  # some is read as Python starts
    assert warm.ask_helped(*asked, **env) == apart


def test_the_width_is_that_of_the_terminal(warm: Desk) -> None:
    narrow, wide = (warm.ask("harbour", columns=columns) for columns in (40, 160))
    assert narrow == warm.ask_alone("harbour", columns=40)
    assert wide == warm.ask_alone("harbour", columns=160)
    assert narrow != wide


def test_a_settings_file_is_read_anew(warm: Desk) -> None:
    settings = warm.home / ".config" / "omnisearch.toml"
    settings.parent.mkdir()
    settings.write_text("limit = 1\n")
    assert warm.ask_helped("harbour") == warm.ask_alone("harbour")
    settings.write_text("no-helper = true\n")
    assert warm.ask("harbour") == warm.ask_alone("harbour")
    settings.unlink()


def test_the_last_answer_is_remembered_for_show(warm: Desk) -> None:
    _, shown = warm.ask("harbour", "--paths")
    told = json.loads(warm.place.run("show", "1", "--json").stdout)
    assert told["uri"].endswith(shown.splitlines()[0].rpartition("/")[2])


def test_clients_side_by_side_get_their_own_answers(warm: Desk) -> None:
    asked = [["violin", "-k", str(number + 1)] for number in range(6)]
    alone = [warm.ask_alone(*one) for one in asked]
    sessions = [warm.begin(*one) for one in asked]
    assert [one.finish() for one in sessions] == alone


@pytest.mark.parametrize(
    ("asked", "env"),
    [(["harbour"], {"CI": "true"}), (["harbour", "--no-helper"], {}),
     (["harbour"], {"OMNISEARCH_NO_HELPER": "yes"}), (["--help"], {}), (["status"], {}),
     (["query", "--vector", "-"], {}), (["query", "--vector", "/dev/null"], {})],
)  # fmt: skip
def test_it_is_not_asked_where_it_is_not_wanted(
    warm: Desk, asked: list[str], env: dict[str, Any]
) -> None:
    before = warm.questions
    session = warm.begin(*asked, **env)
    session.press(b"\x04")
    session.finish()
    assert warm.questions == before


def test_it_is_not_asked_in_a_pipe(warm: Desk) -> None:
    before = warm.questions
    done = warm.place.run("harbour", OMNISEARCH_NO_HELPER="")
    assert done.returncode == 0
    assert warm.questions == before


def test_the_client_imports_nothing_heavy(warm: Desk) -> None:
    code = (
        "import sys\nbefore = {*sys.modules}\nimport omnisearch_cli.main\n"
        "from omnisearch_cli.warm import client\nclient.answered(sys.argv[1:])\n"
        "print(*sorted({*sys.modules} - before))"
    )
    _, shown = warm.ask_helped("harbour", code=code)
    modules = shown.splitlines()[-1].split()
    heavy = "numpy pyarrow onnxruntime click tokenizers omnisearch pathlib dataclasses".split()
    assert not {*heavy} & {*modules}
    assert "omnisearch_cli.warm.client" in modules
    assert len(modules) < 80  # 51 where this was written


@LEAVES
def test_the_first_question_at_a_terminal_leaves_one_behind(desk: Desk) -> None:
    assert desk.place.run("harbour", OMNISEARCH_NO_HELPER="").returncode == 0
    desk.ask("harbour", CI="1")
    desk.ask("query", "harbour", "--where", "file.nam = 'x'", "--no-helper")
    assert not desk.folder.exists()
    alone = desk.ask("harbour")
    until(desk.listening)
    assert desk.ask_helped("harbour") == alone


@pytest.mark.parametrize("home", ["rel", ""])
def test_without_a_place_for_one_a_question_is_answered_all_the_same(desk: Desk, home: str) -> None:
    before = sorted(desk.home.iterdir())
    assert desk.ask("harbour", HOME=home) == desk.ask_alone("harbour", HOME=home)
    assert sorted(desk.home.iterdir()) == before


def test_it_sees_what_is_stored_and_what_is_gone(desk: Desk) -> None:
    desk.start()
    assert "shoe.txt" not in desk.ask_helped("shoe", "-k", "1")[1]
    (desk.home / "files" / "shoe.txt").write_text("A red shoe on the stairs.")
    assert desk.place.run("ingest", "files", "--yes").returncode == 0
    assert "shoe.txt" in desk.ask_helped("shoe", "-k", "1")[1]
    shutil.rmtree(desk.home / ".omnisearch")
    code, shown = desk.ask_helped("shoe")
    assert (code, "no .omnisearch folder here" in shown) == (2, True)
    assert desk.place.run("ingest", "files").returncode == 0  # made anew at the same path
    assert desk.ask_helped("shoe", "-k", "2") == desk.ask_alone("shoe", "-k", "2")


def test_it_holds_no_file_of_a_collection_and_no_terminal(desk: Desk) -> None:
    process = desk.start()
    assert desk.ask_helped("harbour")[0] == 0
    held = [str(one.readlink()) for one in Path(f"/proc/{process}/fd").iterdir()]
    assert {one for one in held if one.startswith("/")} == {
        "/dev/null", str(desk.folder), str(desk.folder / "helper.lock")
    }  # fmt: skip
    assert ".omnisearch/" not in Path(f"/proc/{process}/maps").read_text()
    told = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    group, session, terminal, niceness = (int(told[at]) for at in (2, 3, 4, 16))
    assert process not in (group, session)  # the first of a session could get a terminal
    assert session != os.getsid(0)
    assert (terminal, niceness) == (0, os.getpriority(os.PRIO_PROCESS, 0))
    assert Path(f"/proc/{process}/cwd").readlink() == Path("/")
    assert len(list(Path(f"/proc/{process}/task").iterdir())) == 1


def test_purging_leaves_no_byte_though_it_runs(desk: Desk) -> None:
    desk.start()
    assert desk.ask("harbour")[0] == 0
    done = desk.place.run("delete", "--where", "file.type = 'text'", "--purge", "--yes")
    assert done.returncode == 0, done.stderr
    files = [one.read_bytes() for one in (desk.home / ".omnisearch").rglob("*") if one.is_file()]
    assert not any(b"violin" in one for one in files)


def test_a_picture_is_quicker_the_second_time(desk: Desk) -> None:
    desk.start()
    small = desk.status()
    asked = ["query", "--image", "seen.png"]
    for _ in range(2):  # it loads before it hears again
        assert desk.ask_helped(*asked)[0] == 0
    large = desk.status()
    assert small is not None and large is not None
    assert small["bytes"] < large["bytes"] < 400 << 20  # it took over what was opened


def test_what_decodes_is_kept_for_the_next_file_and_ends_with_it(desk: Desk) -> None:
    helper = desk.start()
    asked = ["query", "--image", "seen.png"]
    assert desk.ask_helped("harbour")[0] == 0
    assert not decoders_of(helper)  # words need none
    alone = desk.ask_alone(*asked)
    assert desk.ask_helped(*asked) == alone
    until(lambda: decoders_of(helper))
    kept = decoders_of(helper)
    assert desk.ask_helped(*asked) == alone
    assert decoders_of(helper) == kept
    os.kill(kept[0], signal.SIGKILL)  # as where memory runs out
    assert desk.ask_helped(*asked) == alone
    until(lambda: decoders_of(helper) not in ([], kept))
    (again,) = decoders_of(helper)
    until(lambda: not children_of(again))  # what it lent is gone
    desk.stop()
    until(lambda: not is_running(again))


def test_it_ends_when_nobody_asks_and_leaves_nothing(desk: Desk) -> None:
    process = desk.start(idle_s=2.0)
    desk.ask("harbour")
    until(lambda: not Path(f"/proc/{process}").exists())  # no zombie is left either
    assert [one.name for one in desk.folder.iterdir()] == ["helper.lock"]
    assert desk.place.run("helper", "status").returncode == 1


def test_it_is_stopped_on_demand(desk: Desk) -> None:
    process = desk.start()
    done = desk.place.run("helper", "stop")
    assert (done.returncode, json.loads(done.stdout)) == (0, {"stopped": process})
    assert not is_running(process)
    assert json.loads(desk.place.run("helper", "stop").stdout) == {"stopped": None}
    shown = desk.place.run("helper", "status", "--no-json")
    assert (shown.returncode, shown.stdout) == (1, "no helper is running\n")


def test_there_is_one_for_each_user(desk: Desk) -> None:
    process = desk.start()
    assert desk.start() == process


@LEAVES
def test_another_omnisearch_gets_another_helper(desk: Desk) -> None:
    old = desk.start()
    elsewhere = desk.home / "elsewhere"
    elsewhere.mkdir()
    for part in ("omnisearch", "indexes/omnisearch_indexes", "cli/omnisearch_cli"):
        (elsewhere / Path(part).name).symlink_to(ROOT / part)
    alone = desk.ask_alone("harbour")
    assert desk.ask("harbour", PYTHONPATH=str(elsewhere)) == alone
    until(lambda: not is_running(old))
    until(lambda: desk.status() is not None)
    assert desk.process != old
    assert desk.status()["same"] is False  # type: ignore[index]
    assert desk.ask_helped("harbour", PYTHONPATH=str(elsewhere)) == alone


def test_its_forks_leave_no_zombie(warm: Desk) -> None:
    for _ in range(3):
        assert warm.ask("harbour")[0] == 0
    process = warm.process  # asked once: asking is a fork too
    until(lambda: not forks_of(process))


def test_the_command_is_the_one_that_is_installed() -> None:
    assert OMNISEARCH[0] == sys.executable
    assert environment(Path("/"))["OMNISEARCH_NO_HELPER"] == "1"
