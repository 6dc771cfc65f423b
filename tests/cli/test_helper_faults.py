"""A helper that dies, hangs or says nonsense is not noticed; Ctrl-C reaches what it does."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import chdir, suppress
from pathlib import Path

import pytest

from omnisearch_cli.warm import frames
from tests.cli.place import Place
from tests.cli.terminal import LEAVES, Desk, Session, answering, forks_of, is_running, kill, until


@pytest.fixture(scope="module")
def alone(noted: Place, tmp_path_factory: pytest.TempPathFactory) -> tuple[int, str]:
    """Give what is printed where nobody helps, in a copy as each test has one."""
    home = tmp_path_factory.mktemp("alone") / "home"
    shutil.copytree(noted.home, home)
    return Desk(Place(home)).ask_alone("harbour")


@pytest.fixture
def gate(desk: Desk) -> Iterator[Path]:
    """Put a pipe where settings are read, so that every question waits until it is opened."""
    path = desk.home / ".config" / "omnisearch.toml"
    path.parent.mkdir()
    os.mkfifo(path)
    yield path
    path.unlink(missing_ok=True)


def opened(gate: Path, *sessions: Session) -> list[tuple[int, str]]:
    """Let whoever reads the settings find them empty, until all sessions are over."""
    over = threading.Event()

    def open_often() -> None:
        while not over.wait(0.05):
            with suppress(OSError):  # nobody waits
                os.close(os.open(gate, os.O_WRONLY | os.O_NONBLOCK))

    thread = threading.Thread(target=open_often)
    thread.start()
    found = [one.finish() for one in sessions]
    over.set()
    thread.join()
    gate.unlink()
    return found


def test_a_helper_killed_in_the_middle_is_not_noticed(
    desk: Desk, gate: Path, alone: tuple[int, str]
) -> None:
    helper = desk.start()
    session = desk.begin("harbour")
    for process in (helper, *answering(helper)):
        kill(process)
    found = opened(gate, session)
    assert found == [alone]


def test_a_question_outlives_the_helper(desk: Desk, gate: Path, alone: tuple[int, str]) -> None:
    helper = desk.start()
    session = desk.begin("harbour")
    answering(helper)
    kill(helper)
    found = opened(gate, session)
    assert found == [alone]


def test_interrupting_the_client_ends_the_question(desk: Desk, gate: Path) -> None:
    helper = desk.start()
    session = desk.begin("harbour")
    (fork,) = answering(helper)
    session.press(b"\x03")
    assert session.finish() == (130, "^Comnisearch: interrupted\n")
    until(lambda: not is_running(fork))
    until(lambda: not forks_of(helper))  # and no zombie
    assert is_running(helper)


def test_killing_the_client_ends_the_question(desk: Desk, gate: Path) -> None:
    helper = desk.start()
    session = desk.begin("harbour")
    answering(helper)
    session.process.kill()
    session.finish()
    until(lambda: not forks_of(helper))
    assert is_running(helper)


def test_clients_that_are_gone_at_once_do_not_end_the_helper(desk: Desk) -> None:
    helper = desk.start()
    for _ in range(300):
        assert desk.listening() == helper
        time.sleep(0.005)  # the question of nobody is ended while it begins
    until(lambda: not forks_of(helper))
    assert desk.listening() == helper


def test_a_helper_that_hangs_is_not_waited_for_long_and_is_stopped(
    desk: Desk, alone: tuple[int, str]
) -> None:
    helper = desk.start()
    kill(helper, signal.SIGSTOP)
    assert desk.ask("harbour") == alone
    done = desk.place.run("helper", "status", "--no-json")
    assert f"process {helper}: it does not answer" in done.stdout
    assert desk.place.run("helper", "stop").returncode == 0
    until(lambda: not is_running(helper))
    assert [one.name for one in desk.folder.iterdir()] == ["helper.lock"]


@LEAVES
def test_a_killed_helper_leaves_a_socket_that_the_next_one_replaces(
    desk: Desk, alone: tuple[int, str]
) -> None:
    kill(desk.start())
    assert (desk.folder / "helper.sock").exists()
    assert desk.status() is None
    assert desk.ask("harbour") == alone
    until(desk.listening)


def test_more_clients_than_it_takes_answer_themselves(
    desk: Desk, gate: Path, alone: tuple[int, str]
) -> None:
    helper = desk.start()
    sessions = [desk.begin("harbour") for _ in range(2)]
    until(lambda: len(answering(helper)) == 2)
    sessions.append(desk.begin("harbour"))
    found = opened(gate, *sessions)
    assert found == 3 * [alone]


def _heard(connection: socket.socket) -> None:
    for descriptor in frames.receive_with_descriptors(connection)[1]:
        os.close(descriptor)  # a terminal that somebody holds never ends


def _begun_then(rest: bytes) -> Callable[[socket.socket], None]:
    def behave(connection: socket.socket) -> None:
        _heard(connection)
        frames.send(connection, {"begun": True})
        connection.sendall(rest)

    return behave


_FAULTS: dict[str, Callable[[socket.socket], None]] = {
    "hangs up at once": lambda connection: None,
    "hears and hangs up": _heard,
    "begins and hangs up": _begun_then(b""),
    "breaks off": _begun_then(b"\0\0\1\0" + b'{"code": 0, "said": [[1, "twice\\n"]'),
    "promises too much": _begun_then(b"\xff\xff\xff\xff"),
    "says no JSON": _begun_then(b"\0\0\0\4oops"),
    "says no answer": _begun_then(b'\0\0\0\x0c{"code": []}'),
    "says no text": _begun_then(b'\0\0\0\x1c{"code": 0, "said": [[1, 2]]}'),
    "says other letters": _begun_then(b'\0\0\0\x24{"code":0,"said":[[1,"\\u1234twice"]]}'),
    "says another stream": _begun_then(b'\0\0\0\x22{"code":0,"said":[[1,"x"],[9,"x"]]}'),
}


@pytest.mark.parametrize("behave", _FAULTS.values(), ids=_FAULTS)
def test_nonsense_is_not_printed(
    desk: Desk, behave: Callable[[socket.socket], None], alone: tuple[int, str]
) -> None:
    desk.folder.mkdir(mode=0o700, parents=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with chdir(desk.folder):  # the path of a socket is short
        listener.bind("helper.sock")
    listener.listen()

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            behave(connection)

    thread = threading.Thread(target=serve)
    thread.start()
    assert desk.ask("harbour") == alone
    thread.join()
    listener.close()
