"""A change of encoder, back and forth, that is killed at random times while somebody asks."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import omnisearch as om
from omnisearch.errors import SpaceMismatchError
from tests.ingest.folder import write_picture, write_texts
from tests.ingest.reencoding import seen
from tests.ingest.reencoding.tiny import long, short

ROOT = Path(__file__).parents[3]
QUESTION = "the harbour and the lantern"
_PROGRAM = """
import sys
import omnisearch as om
from tests.ingest.reencoding import tiny
print("begun", flush=True)
report = om.reencode(sys.argv[1], getattr(tiny, sys.argv[2])())
print(report.switched, report.space, flush=True)
"""
ENCODERS = {str(one.space): one for one in (short(), long())}
Answer = tuple[tuple[str, float], ...]


def answer(path: Path) -> tuple[str, Answer]:
    """Ask by the encoder that answers just now."""
    while True:
        with om.open(path, mode="r") as col:
            space = str(col.stats()["space"])
        try:
            with om.open(path, mode="r", encoder=ENCODERS[space]) as col:
                hits = col.query(QUESTION, k=5, mode="vector")
                found = tuple((hit.id, round(float(hit.score or 0), 4)) for hit in hits)
                return space, found
        except SpaceMismatchError:
            continue  # it was switched between the two


@dataclass
class Asking:
    """Asks without a pause, and keeps every answer that is none of those known."""

    path: Path
    known: dict[str, Answer]
    wrong: list[tuple[str, Answer]] = field(default_factory=list)
    asked: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        while not self._stop.wait(0.05):
            space, found = answer(self.path)
            self.asked += 1
            if self.known.get(space) != found:
                self.wrong.append((space, found))

    def __enter__(self) -> Asking:
        self._thread = threading.Thread(target=self.run)
        self._thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._stop.set()
        self._thread.join()


def started(path: Path, encoder: str, cache: Path) -> subprocess.Popen[str]:
    paths = os.pathsep.join(str(ROOT / part) for part in ("", "indexes", "cli"))
    fixed = {"PYTHONPATH": paths, "OMP_NUM_THREADS": "1", "XDG_CACHE_HOME": str(cache)}
    return subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, str(path), encoder],
        env={**os.environ, **fixed},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def killed(path: Path, cache: Path, kills: int, longest_s: float, seed: int) -> int:
    """Kill changes, each to the encoder that does not answer; counts those that were done."""
    draw, done = random.Random(seed), 0
    for _ in range(kills):
        space, _found = answer(path)
        process = started(path, "long" if space.startswith("short") else "short", cache)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(draw.uniform(0, longest_s))
        process.send_signal(signal.SIGKILL)
        faults = process.communicate(timeout=300)[1]
        assert faults == "", faults
        done += answer(path)[0] != space
    return done


def finished(path: Path, encoder: str, cache: Path) -> str:
    """Let a change run to its end; gives what it said."""
    said, faults = started(path, encoder, cache).communicate(timeout=600)
    assert faults == "", faults
    return said.splitlines()[-1]


def campaign(folder: Path, kills: int, seed: int) -> tuple[int, list[str]]:
    """Kill changes of a collection that is asked meanwhile.

    Gives how many of them had switched by then, and what was wrong.
    """
    source, path, fresh = folder / "source", folder / "collection", folder / "fresh"
    write_texts(source, 60)
    write_picture(source / "harbour.png")
    known: dict[str, Answer] = {}
    for place, encoder in ((path, short()), (fresh, long())):
        with om.open(place, encoder=encoder) as col:
            col.ingest(source)
        space, known[space] = answer(place)
    cache = Path(os.environ["XDG_CACHE_HOME"])
    with Asking(path, known) as asking:
        # first while everything is read and encoded, then while little but the switch is left
        done = killed(path, cache, kills // 2, 4.0, seed)
        finished(path, "short" if answer(path)[0].startswith("long") else "long", cache)
        begun = time.monotonic()
        finished(path, "short" if answer(path)[0].startswith("long") else "long", cache)
        quick = time.monotonic() - begun
        done += killed(path, cache, kills - kills // 2, quick, seed + 1)
        if answer(path)[0].startswith("long"):
            om.rollback_encoder(path, force=True)
        said = finished(path, "long", cache)
    wrong = [f"{space} answered {found}" for space, found in asking.wrong]
    if said != "True long ffffffff 24" or asking.asked <= kills:
        wrong.append(f"the last run said {said!r}, and {asking.asked} questions were asked")
    with om.open(path, encoder=long()) as col, om.open(fresh, encoder=long()) as wanted:
        same = seen.rows(col) == seen.rows(wanted) and seen.vectors(col) == seen.vectors(wanted)
        wrong += [] if same else ["what is stored is not what taking everything in gives"]
        wrong += [problem.fault for problem in col.verify().problems]
    return done, wrong
