"""Workers as seen from the coordinator, and asking several of them the same questions in turn."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from benchmarks import peers
from benchmarks.datasets import DATA
from benchmarks.filters import Filter

ROOT = Path(__file__).parent.parent
PEERS_PYTHON = DATA / "venv-peers" / "bin" / "python"  # where it is absent: this environment
WARM = 50
TURN = 10
LOGS = DATA / "logs"


class WorkerError(RuntimeError):
    """A store failed; the message is its own."""


class Remote:
    """One worker process; a command is a method call with keyword arguments."""

    def __init__(self, name: str, dataset: str, **use: object) -> None:
        self.name = name
        LOGS.mkdir(parents=True, exist_ok=True)
        own = name in peers.OURS or not PEERS_PYTHON.exists()
        python = sys.executable if own else str(PEERS_PYTHON)
        paths = os.pathsep.join(str(ROOT / part) for part in ("", "indexes"))
        self.log = (LOGS / f"{name}.log").open("a")
        self.process = subprocess.Popen(
            [python, "-m", "benchmarks.worker", name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
            cwd=ROOT,
            env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": paths},
        )
        self.version = str(self.ask("use", dataset=dataset, **use)["version"])

    def ask(self, do: str, **arguments: object) -> dict[str, Any]:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise WorkerError(f"{self.name} died: see {self.log.name}")
        reply: dict[str, Any] = json.loads(line)
        if "fault" in reply:
            raise WorkerError(f"{self.name}: {reply['fault']}")
        return reply

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


@dataclass
class Answers:
    """What one worker said to a list of questions; places are the questions it was asked."""

    places: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    cpu_seconds: list[float] = field(default_factory=list)
    rows: list[list[int]] = field(default_factory=list)

    def add(self, place: int, reply: dict[str, Any]) -> None:
        self.places.append(place)
        self.seconds.append(reply["s"])
        self.cpu_seconds.append(reply["cpu_s"])
        self.rows.append(reply["rows"])


@dataclass(frozen=True)
class Seat:
    """A worker at the table: which filters it gets, and every how many questions it is asked."""

    worker: Remote
    filters: list[Filter | None]
    every: int = 1


def interleave(seats: dict[str, Seat], count: int, k: int) -> dict[str, Answers]:
    """Ask every seat the first `TURN` questions, then the next; who begins changes each time.

    One question a turn would time how each process wakes with caches that another one filled.
    A seat's filters are `count` for the questions and `WARM` more for those before, untimed.
    """
    for seat in seats.values():
        for place in range(count, count + max(3, WARM // seat.every)):
            _ask(seat, place, k, seat.filters[place])
    answers = {label: Answers() for label in seats}
    labels = list(seats)
    for turn, start in enumerate(range(0, count, TURN)):
        first = turn % len(labels)
        for label in labels[first:] + labels[:first]:
            seat = seats[label]
            for place in range(start, min(start + TURN, count), seat.every):
                answers[label].add(place, _ask(seat, place, k, seat.filters[place]))
    return answers


def in_a_row(seat: Seat, count: int, k: int) -> Answers:
    """Ask one seat alone, so that no other process takes the caches from it."""
    answers = Answers()
    for place in range(0, count, seat.every):
        answers.add(place, _ask(seat, place, k, seat.filters[place]))
    return answers


def _ask(seat: Seat, row: int, k: int, wanted: Filter | None) -> dict[str, Any]:
    literals = None if wanted is None else wanted.terms
    return seat.worker.ask("search", row=row, k=k, wanted=literals)
