"""A run of ingest that is killed at random times and started again, in processes of their own."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_PROGRAM = """
import sys
import omnisearch as om
with om.open(sys.argv[1]) as col:
    print("begun", flush=True)
    report = col.ingest(*([sys.argv[2]] if not col.files.roots else []))
    print(report.seen, report.stored, report.unchanged, flush=True)
"""


@dataclass(frozen=True)
class Runs:
    """A collection, the files that it is made of, and where its cache is."""

    collection: Path
    source: Path
    cache: Path

    def start(self) -> subprocess.Popen[str]:
        """Start a run."""
        paths = os.pathsep.join(str(ROOT / part) for part in ("", "indexes", "cli"))
        fixed = {"PYTHONPATH": paths, "OMP_NUM_THREADS": "1", "XDG_CACHE_HOME": str(self.cache)}
        return subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, str(self.collection), str(self.source)],
            env={**os.environ, **fixed},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def finish(self) -> str:
        """Run to the end; gives what was said."""
        said, faults = self.start().communicate(timeout=600)
        assert faults == "", faults
        return said

    def kill(self, after_s: float, number: int = signal.SIGKILL) -> float:
        """Start a run and kill it; gives how long it then took to end."""
        process = self.start()
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(after_s)
        process.send_signal(number)
        sent = time.monotonic()
        process.communicate(timeout=300)
        return time.monotonic() - sent


def killed(runs: Runs, kills: int, longest_s: float, seed: int) -> str:
    """Kill a run so many times, then let it finish; gives what the last one said."""
    draw = random.Random(seed)
    for _ in range(kills):
        runs.kill(draw.uniform(0, longest_s))
    return runs.finish()
