import fcntl
import os
import pty
import select
import signal
import subprocess
import sys
import termios
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tests.cli.inside import Call

OMNISEARCH = [
    sys.executable,
    "-c",
    "import sys; from omnisearch_cli.main import main; sys.exit(main())",
]
ROOT = Path(__file__).parents[2]
ROWS, WIDTH = 300, 8
VECTORS = np.random.default_rng(0).normal(size=(ROWS, WIDTH)).astype(np.float32)
IDS = [f"row-{number}" for number in range(ROWS)]


def environment(home: Path, **more: str) -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(
            ("OMNISEARCH", "XDG_", "PYTEST", "COV", "NO_COLOR", "COLUMNS", "LINES")
        )
    }
    paths = os.pathsep.join(str(ROOT / part) for part in ("", "indexes", "cli"))
    fixed = {"HOME": str(home), "PYTHONPATH": paths, "OMP_NUM_THREADS": "1", "TERM": "xterm"}
    fixed["OMNISEARCH_NO_HELPER"] = "1"  # what tests start, they end
    return {**kept, **fixed, **more}


@dataclass(frozen=True)
class Place:
    """A home folder of a user and the command in it."""

    home: Path

    def run(
        self, *arguments: str, stdin: str = "", cwd: Path | None = None, **env: str
    ) -> subprocess.CompletedProcess[str]:
        """Run in this process, in a pipe."""
        call = Call(arguments, cwd or self.home, environment(self.home, **env))
        return call.through_pipes(stdin)

    def run_apart(
        self, *arguments: str, stdin: str = "", cwd: Path | None = None, **env: str
    ) -> subprocess.CompletedProcess[str]:
        """Run in a process of its own: where it matters what Python finds, or what is loaded."""
        return subprocess.run(
            [*OMNISEARCH, *arguments],
            cwd=cwd or self.home,
            env=environment(self.home, **env),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=300,
        )

    def start(self, *arguments: str, **streams: Any) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*OMNISEARCH, *arguments],
            cwd=self.home,
            env=environment(self.home),
            text=True,
            **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams},
        )

    def on_terminal(
        self, *arguments: str, typed: str = "", cwd: Path | None = None, **env: str
    ) -> tuple[int, str]:
        """Run in this process, on a pseudo-terminal; gives the exit code and all that appeared."""
        call = Call(arguments, cwd or self.home, environment(self.home, **env))
        return call.on_terminal(typed)

    def apart_on_terminal(
        self, *arguments: str, interrupt_at: str = "", **env: str
    ) -> tuple[int, str]:
        """Run in a process of its own, to which the pseudo-terminal belongs.

        Ctrl-C is pressed once when `interrupt_at` appears.
        """
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [*OMNISEARCH, *arguments],
            cwd=self.home,
            env=environment(self.home, **env),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            preexec_fn=_own_terminal,
        )
        os.close(theirs)
        parts = []
        for part in _read(ours):
            parts.append(part)
            if interrupt_at and interrupt_at in b"".join(parts).decode(errors="replace"):
                os.write(ours, b"\x03")
                interrupt_at = ""
        shown = b"".join(parts)
        os.close(ours)  # hangs up on what still waits
        return process.wait(300), shown.decode().replace("\r\n", "\n")


def _read(descriptor: int) -> Iterator[bytes]:
    while select.select([descriptor], [], [], 300)[0]:
        try:
            part = os.read(descriptor, 65_536)
        except OSError:  # Linux says EIO when the other side is closed
            return
        if not part:
            return
        yield part


def hear_interrupts() -> None:
    """Undo what a shell does to commands that it runs in the background."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _own_terminal() -> None:
    """Become what Ctrl-C at the terminal ends."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    hear_interrupts()
