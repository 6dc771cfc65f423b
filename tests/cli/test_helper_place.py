"""Where the helper listens is the user's alone; what goes over its socket is bounded."""

from __future__ import annotations

import json
import os
import socket
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from omnisearch_cli.state import folder as state_folder
from omnisearch_cli.warm import client, control, frames, held, identity, place, starting


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a state folder, and no folder of the session."""
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    one, other = socket.socketpair()
    with one, other:
        yield one, other


def listening(state: Path) -> socket.socket:
    inside = place.folder(make=True)
    return place.listen(inside, 1)


def test_only_its_user_can_enter(state: Path) -> None:
    with listening(state):
        folder = state / "omnisearch" / "helper"
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert stat.S_IMODE((folder / place.SOCKET).stat().st_mode) == 0o600
        with place.connect(60.0) as connection:
            assert place.peer(connection) == (os.getpid(), os.geteuid())


def test_the_folder_of_the_session_is_preferred(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    (tmp_path / "run").mkdir()
    with listening(state):
        assert (tmp_path / "run" / "omnisearch" / place.SOCKET).is_socket()


def test_a_path_that_is_too_long_for_a_socket_is_none_for_us(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("d" * 100) / ("e" * 100)
    deep.mkdir(parents=True)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(deep))
    with listening(deep), place.connect(60.0):
        assert (deep / "omnisearch" / "helper" / place.SOCKET).is_socket()


@pytest.mark.parametrize("home", ["", "rel", "~", "./rel"])
def test_a_home_that_is_no_absolute_path_is_no_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("XDG_RUNTIME_DIR", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, "rel")
    monkeypatch.setenv("HOME", home)
    assert state_folder() is None
    with pytest.raises(FileNotFoundError, match="HOME is no absolute path"):
        place.folder(make=True)
    starting.start()
    assert (control.status(), control.stop()) == (None, None)
    assert list(tmp_path.iterdir()) == []


def _open_to_others(folder: Path) -> None:
    folder.chmod(0o750)


def _link(folder: Path) -> None:
    folder.rename(folder.with_name("elsewhere"))
    folder.symlink_to("elsewhere")


def _anothers(folder: Path) -> None:
    if os.geteuid():
        pytest.skip("only root gives files away")
    os.chown(folder, 12_345, -1)


def _anothers_socket(folder: Path) -> None:
    if os.geteuid():
        pytest.skip("only root gives files away")
    os.chown(folder / place.SOCKET, 12_345, -1)


def _linked_socket(folder: Path) -> None:
    (folder / place.SOCKET).rename(folder / "other")
    (folder / place.SOCKET).symlink_to("other")


@pytest.mark.parametrize(
    "spoil", [_open_to_others, _link, _anothers, _anothers_socket, _linked_socket]
)
def test_what_may_be_anothers_is_not_connected_to(
    state: Path, spoil: Callable[[Path], None]
) -> None:
    with listening(state):
        spoil(state / "omnisearch" / "helper")
        with pytest.raises(OSError):
            place.connect(60.0)


@pytest.mark.parametrize("spoil", [_open_to_others, _link, _anothers])
def test_nobody_listens_where_others_may_enter(state: Path, spoil: Callable[[Path], None]) -> None:
    os.close(place.folder(make=True))
    spoil(state / "omnisearch" / "helper")
    with pytest.raises(OSError):
        place.folder(make=True)


def test_one_holds_the_lock_until_it_lets_go(state: Path) -> None:
    inside = place.folder(make=True)
    held_by_us = place.locked(inside)
    assert held_by_us is not None
    assert place.locked(inside) is None
    os.close(held_by_us)
    again = place.locked(inside)
    assert again is not None
    os.close(again)


def test_frames_come_as_they_were_sent(pair: tuple[socket.socket, socket.socket]) -> None:
    one, other = pair
    told: dict[str, object] = {"name": "caf\udce9 \U0001f600", "bytes": "\x00\xff"}
    frames.send(one, told)
    assert frames.receive(other) == told
    frames.send(one, told, (0, 1))
    found, descriptors = frames.receive_with_descriptors(other)
    assert found == told
    assert [os.get_inheritable(one) for one in descriptors] == [False, False]
    assert [os.fstat(one).st_ino for one in descriptors] == [os.fstat(at).st_ino for at in (0, 1)]
    for descriptor in descriptors:
        os.close(descriptor)


@pytest.mark.parametrize(
    "raw",
    [b"", b"\0\0", b"\0\0\0\5{}", b"\0\0\0\2[]", b"\0\0\0\2{x", b"\0\0\0\1\xff", b"\xff" * 8,
     (1 << 17).to_bytes(4, "big") + b"[" * (1 << 17)],
    ids=["nothing", "half a length", "half a frame", "a list", "no JSON", "no text", "too long",
         "too deep"],
)  # fmt: skip
def test_what_is_no_frame_is_refused(pair: tuple[socket.socket, socket.socket], raw: bytes) -> None:
    one, other = pair
    other.settimeout(60.0)
    one.sendall(raw)
    one.shutdown(socket.SHUT_WR)
    with pytest.raises(frames.FrameError):
        frames.receive(other)


def test_what_is_too_long_is_not_sent(pair: tuple[socket.socket, socket.socket]) -> None:
    with pytest.raises(frames.FrameError, match="too long"):
        frames.send(pair[0], {"text": "x" * frames.MOST_BYTES})


def test_too_many_descriptors_are_refused(pair: tuple[socket.socket, socket.socket]) -> None:
    one, other = pair
    frames.send(one, {}, (0,) * 60)
    with pytest.raises(frames.FrameError), suppress(OSError):
        frames.receive_with_descriptors(other)


def test_an_answer_longer_than_is_kept_is_given_up() -> None:
    said = held.Said()
    said.keep(1, bytes(held.MOST_BYTES))
    with pytest.raises(held.TooLongError):
        said.keep(2, b"x")
    longest = json.dumps([[1, "\xff" * held.MOST_BYTES]])
    assert len(longest) < frames.MOST_BYTES


@pytest.mark.parametrize(
    ("arguments", "asked"),
    [(["words"], True), (["query", "words"], True), (["--text", "words"], True), ([], False),
     (["status"], False), (["query", "--image", "/dev/fd/63"], False),
     (["query", "--image=/proc/self/fd/3:2"], False), (["query", "the /dev/null"], True)],
)  # fmt: skip
def test_what_means_another_thing_elsewhere_is_not_handed_over(
    arguments: list[str], asked: bool
) -> None:
    assert client.is_question(arguments) is asked


def test_another_state_of_the_code_has_another_identity(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "omnisearch"
    weights = package / "weights" / "omni-mini" / "files.json"
    weights.parent.mkdir(parents=True)
    weights.write_text("{}")
    (package / "__init__.py").touch()
    (package / "one.py").touch()
    (package / "notes.txt").touch()
    monkeypatch.syspath_prepend(tmp_path)
    found = [identity.identity()]
    (package / "two.py").touch()
    found.append(identity.identity())
    os.utime(package / "one.py", ns=(2**62, 2**62))
    found.append(identity.identity())
    weights.write_text("{ }")
    found.append(identity.identity())
    assert len(set(found)) == 4
    (package / "notes.txt").write_text("more")
    assert identity.identity() == found[-1]


def test_surroundings_tell_what_libraries_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    before = identity.surroundings()
    monkeypatch.setenv("NO_COLOR", "1")
    assert identity.surroundings() == before
    monkeypatch.setenv("LD_PRELOAD", "libother.so")
    assert identity.surroundings() != before
