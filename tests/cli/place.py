import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

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
        if not name.startswith(("OMNISEARCH", "XDG_", "PYTEST", "COV", "NO_COLOR"))
    }
    paths = os.pathsep.join(str(ROOT / part) for part in ("", "indexes", "cli"))
    fixed = {"HOME": str(home), "PYTHONPATH": paths, "OMP_NUM_THREADS": "1", "TERM": "xterm"}
    return {**kept, **fixed, **more}


@dataclass(frozen=True)
class Place:
    """A home folder of a user and the command in it."""

    home: Path

    def run(
        self, *arguments: str, stdin: str = "", cwd: Path | None = None, **env: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*OMNISEARCH, *arguments],
            cwd=cwd or self.home,
            env=environment(self.home, **env),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def start(self, *arguments: str, **streams: Any) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*OMNISEARCH, *arguments],
            cwd=self.home,
            env=environment(self.home),
            text=True,
            **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams},
        )

    def on_terminal(self, *arguments: str, typed: str = "", **env: str) -> tuple[int, str]:
        """Run on a pseudo-terminal; gives the exit code and all that appeared."""
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [*OMNISEARCH, *arguments],
            cwd=self.home,
            env=environment(self.home, **env),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        os.write(ours, typed.encode())
        shown = b"".join(_read(ours))
        os.close(ours)
        return process.wait(60), shown.decode().replace("\r\n", "\n")


def _read(descriptor: int) -> Iterator[bytes]:
    while True:
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
