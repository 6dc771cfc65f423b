"""A command at a pseudo-terminal, looked at while it runs; and the helper of its user."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import select
import signal
import socket
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from omnisearch.media.pool.zygote import NAME
from omnisearch_cli.warm.place import peer
from tests.cli.inside import Call
from tests.cli.place import OMNISEARCH, Place, environment, hear_interrupts

HELPER = [sys.executable, "-P", "-m", "omnisearch_cli.warm.process"]
HELPED = {"OMNISEARCH_NO_HELPER": "", "CI": ""}
LONG_S = 120.0
LEAVES = pytest.mark.skipif(
    os.getpriority(os.PRIO_PROCESS, 0) > 0, reason="what runs with less priority leaves no helper"
)
_TRIES, _COUNTED_S = 6, 5.0  # an answer is printed before it is counted


def until(true: Callable[[], object], most_s: float = LONG_S) -> None:
    """Wait for something that comes soon."""
    end = time.monotonic() + most_s
    while not true():
        if time.monotonic() > end:
            raise TimeoutError(f"not within {most_s} s")
        time.sleep(0.02)


@dataclass
class Session:
    """A command that runs at a terminal of its own."""

    process: subprocess.Popen[bytes]
    screen: int
    parts: list[bytes] = field(default_factory=list)

    def finish(self) -> tuple[int, str]:
        """Wait for its end; gives the exit code and all that appeared."""
        end = time.monotonic() + LONG_S
        while time.monotonic() < end:
            if select.select([self.screen], [], [], 0.05)[0]:
                try:
                    self.parts.append(os.read(self.screen, 65_536))
                except OSError:  # Linux says EIO when the other side is closed
                    break
            elif self.process.poll() is not None:  # somebody stopped may hold the other side
                break
        os.close(self.screen)
        shown = b"".join(self.parts).decode(errors="replace")
        return self.process.wait(LONG_S), shown.replace("\r\n", "\n")

    def press(self, keys: bytes) -> None:
        os.write(self.screen, keys)


@dataclass(frozen=True)
class Desk:
    """A user at terminals, and the one helper behind them."""

    place: Place

    @property
    def home(self) -> Path:
        return self.place.home

    @property
    def folder(self) -> Path:
        return self.home / ".local" / "state" / "omnisearch" / "helper"

    def begin(
        self, *arguments: str | bytes, columns: int = 80, code: str = "", **env: Any
    ) -> Session:
        """Begin a command at a terminal where helpers are wanted."""
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 24, columns, 0, 0))
        command = [sys.executable, "-c", code] if code else OMNISEARCH
        process = subprocess.Popen(
            [*command, *arguments],
            cwd=self.home,
            env=environment(self.home, **{**HELPED, **env}),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            preexec_fn=_sit_down,
        )
        os.close(theirs)
        return Session(process, ours)

    def ask(self, *arguments: str | bytes, columns: int = 80, **env: Any) -> tuple[int, str]:
        """Ask with the helper, where there is one."""
        return self.begin(*arguments, columns=columns, **env).finish()

    def ask_alone(self, *arguments: str | bytes, columns: int = 80, **env: Any) -> tuple[int, str]:
        """Ask in this process, without any helper."""
        told = environment(self.home, **{**HELPED, **env, "OMNISEARCH_NO_HELPER": "1"})
        call = Call([os.fsdecode(one) for one in arguments], self.home, told)
        return call.on_terminal(columns=columns)

    def start(self, idle_s: float = LONG_S, **env: str) -> int:
        """Start a helper and give its process once it listens."""
        subprocess.run(
            [*HELPER, str(idle_s)], env=environment(self.home, **HELPED, **env), check=True
        )
        found: list[int] = []
        until(lambda: found.append(self.listening()) or found[-1])  # type: ignore[func-returns-value]
        until(lambda: not forks_of(found[-1]))  # which heard that somebody looked
        return found[-1]

    def listening(self) -> int:
        """Give the process that listens, as the kernel knows it; 0 where none does."""
        try:
            inside = os.open(self.folder, os.O_RDONLY)
        except FileNotFoundError:
            return 0
        with suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
            connection.connect(f"/proc/self/fd/{inside}/helper.sock")
            os.close(inside)
            return peer(connection)[0]
        os.close(inside)
        return 0

    def status(self) -> dict[str, Any] | None:
        """Tell what the helper says of itself; None without one."""
        done = self.place.run("helper", "status", "--json")
        assert done.returncode in (0, 1), done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found if found["running"] else None

    @property
    def process(self) -> int:
        found = self.status()
        assert found is not None
        return int(found["process"])

    @property
    def questions(self) -> int:
        """Count what the helper has answered; a busy one is asked again how much that is."""
        told: list[dict[str, Any] | None] = []

        def is_said() -> bool:
            told[:] = [self.status()]
            return told[0] is None or told[0]["fault"] is None

        until(is_said)
        return 0 if told[0] is None else int(told[0]["questions"])

    def ask_helped(self, *arguments: str | bytes, **env: Any) -> tuple[int, str]:
        """Ask until the helper answered: who does not get an answer soon answers itself.

        One that ended, since another state of the code asked, is followed by another.
        """
        for _ in range(_TRIES):
            if not self.listening():
                self.start()
            before = self.questions
            told = self.ask(*arguments, **env)
            with suppress(TimeoutError):
                until(partial(self._answered_more_than, before), _COUNTED_S)
                return told
        raise AssertionError(f"the helper answered none of {_TRIES} questions")

    def _answered_more_than(self, before: int) -> bool:
        return self.questions > before

    def stop(self) -> None:
        self.place.run("helper", "stop")


def _sit_down() -> None:
    """Become what Ctrl-C at the terminal ends."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    hear_interrupts()


def is_running(process: int) -> bool:
    """Tell whether a process is there, and no zombie."""
    try:
        told = Path(f"/proc/{process}/stat").read_text()
    except FileNotFoundError:
        return False
    return told.rpartition(")")[2].split()[0] != "Z"


def forks_of(process: int) -> list[int]:
    """List the processes that a process forked, zombies too; what decodes for them is none."""
    return [one for one in _children(process) if not _decodes(one)]


def decoders_of(process: int) -> list[int]:
    """List what a helper keeps for files of questions."""
    return [one for one in _children(process) if _decodes(one)]


def _children(process: int) -> list[int]:
    try:
        told = Path(f"/proc/{process}/task/{process}/children").read_text()
    except FileNotFoundError:
        return []
    return [int(one) for one in told.split()]


def _decodes(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/comm").read_text().strip() == NAME
    except (FileNotFoundError, ProcessLookupError):  # it ended, perhaps while it was looked at
        return False


def answering(process: int) -> list[int]:
    """Wait for forks that stay: one that heard nothing asked ends at once."""
    found: list[int] = []

    def stay() -> bool:
        found[:] = forks_of(process)
        time.sleep(0.3)
        return bool(found) and found == forks_of(process)

    until(stay)
    return found


def kill(process: int, number: signal.Signals = signal.SIGKILL) -> None:
    """Send a signal; after one that kills, its process is gone when this returns."""
    held = os.pidfd_open(process)
    try:
        signal.pidfd_send_signal(held, number)
        if number == signal.SIGKILL:
            assert select.select([held], [], [], LONG_S)[0]
    finally:
        os.close(held)
