"""The encoder of a collection is changed by processes that are killed, while another one asks."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import omnisearch as om
from omnisearch.storage import layout, switching
from tests.crash.kills import ENOUGH, Kills
from tests.ingest.folder import contents, sentence, write_mixed
from tests.query.others import write_other

ROOT = Path(__file__).parents[2]
QUESTIONS = [sentence(number) for number in (1, 4, 7)]
_ASKED_S = 1.0  # before it is gone back, so that others ask the new space
_CHANGING = """
import sys
import omnisearch as om
print("begun", flush=True)
print(om.reencode(sys.argv[1], sys.argv[2]).space, flush=True)
"""
_ASKING = """
import json, sys, time
from pathlib import Path
import omnisearch as om
with om.open(sys.argv[1], mode="r") as col:
    while not Path(sys.argv[2]).exists():
        for question in json.loads(sys.argv[3]):
            hits = col.query(text=question, k=5, mode="vector")
            told = [[hit.id, round(hit.score, 3)] for hit in hits]
            print(json.dumps([question, told]), flush=True)
        time.sleep(0.3)
"""


@dataclass
class Changes(Kills):
    """Beside the kills, how many came after the switch, and answers of each space meanwhile."""

    switched: int = 0
    asked: dict[str, int] = field(default_factory=lambda: {"old": 0, "new": 0})


@dataclass(frozen=True)
class Home:
    """A folder with files, an encoder, a collection, and what it is compared with."""

    folder: Path

    @property
    def collection(self) -> Path:
        return self.folder / "collection"

    @property
    def other(self) -> Path:
        return self.folder / "other"

    def start(self, program: str, *arguments: object) -> subprocess.Popen[str]:
        """Start a process of its own."""
        paths = os.pathsep.join(str(ROOT / part) for part in ("", "indexes", "cli"))
        cache = str(self.folder / "cache")
        fixed = {"PYTHONPATH": paths, "OMP_NUM_THREADS": "1", "XDG_CACHE_HOME": cache}
        return subprocess.Popen(
            [sys.executable, "-c", program, *map(str, arguments)],
            env={**os.environ, **fixed},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def change(self, collection: Path) -> subprocess.Popen[str]:
        """Start a change of the encoder; it has begun."""
        process = self.start(_CHANGING, collection, self.other)
        assert process.stdout is not None
        process.stdout.readline()
        return process

    def finish(self, collection: Path) -> float:
        """Change the encoder without a kill; tell how long it took."""
        process, begun = self.change(collection), time.monotonic()
        said, faults = process.communicate(timeout=600)
        assert said.startswith("other "), faults
        return time.monotonic() - begun


def prepared(folder: Path) -> Home:
    """Take in some files by either encoder."""
    home = Home(folder)
    write_mixed(folder / "files", texts=12, pictures=2, sounds=0)
    write_other(home.other)
    for name, encoder in (("collection", None), ("fresh", str(home.other))):
        with om.open(folder / name, encoder=encoder) as col:
            col.ingest(folder / "files")
    return home


def expected(home: Home) -> Mapping[str, tuple[object, object]]:
    """Give what a collection of either space answers to each question."""
    found = []
    for name in ("collection", "fresh"):
        with om.open(home.folder / name, mode="r") as col:
            hits = [col.query(text=one, k=5, mode="vector") for one in QUESTIONS]
        found.append([[[hit.id, round(hit.score or 0, 3)] for hit in few] for few in hits])
    both = dict(zip(QUESTIONS, zip(*found, strict=True), strict=True))
    assert all(old != new for old, new in both.values())
    return both


def kill_changes(folder: Path, count: int, seed: int) -> Changes:
    """Kill so many changes, then let one come to its end, and compare with a fresh collection."""
    home, changes, chance = prepared(folder), Changes(), random.Random(seed)
    both = expected(home)
    rows = [contents(home.folder / name) for name in ("collection", "fresh")]
    shutil.copytree(home.collection, folder / "whole")
    took_s = home.finish(folder / "whole")
    asking = home.start(_ASKING, home.collection, folder / "end", json.dumps(QUESTIONS))
    listening = threading.Thread(target=_listen, args=(asking, both, changes))
    listening.start()
    try:
        for number in range(10 * count):
            if changes.count == count or len(changes.failures) >= ENOUGH:
                break
            _kill(home, changes, None if number % 2 else chance.uniform(0, took_s), chance)
            _examine(home, changes, rows, back=number % 3 == 0)
        home.finish(home.collection)
        if contents(home.collection) != rows[1]:
            changes.failures.append("the collection differs from a fresh one")
    finally:
        _end(folder, asking, listening, changes)
    return changes


def _kill(home: Home, changes: Changes, after_s: float | None, chance: random.Random) -> None:
    """Kill a change after so long, or in the midst of its switch."""
    process = home.change(home.collection)
    if after_s is not None:
        time.sleep(after_s)
    else:
        leaving = home.collection / layout.LEAVING
        while process.poll() is None and not leaving.exists():
            time.sleep(0.0005)
        time.sleep(chance.uniform(0, 0.06))
    process.kill()
    _, faults = process.communicate(timeout=300)
    changes.count += process.returncode < 0
    if "Traceback" in faults:
        changes.failures.append(faults[-400:])


def _examine(home: Home, changes: Changes, rows: Sequence[object], *, back: bool) -> None:
    """What is left is whole, and of one space; from the new one it goes back to the old one."""
    try:
        assert contents(home.collection) in rows, "it is neither the old nor the new"
        problems = om.doctor(home.collection).problems
        assert not problems, problems[0].fault
        with om.open(home.collection) as col:
            store = col._handle.for_changing()
            if col.stats()["space"].startswith("other"):
                changes.switched += 1
                time.sleep(_ASKED_S)
                switching.rollback(store)
                if back:  # all has to be encoded again
                    switching.drop_previous(store)
        assert contents(home.collection) == rows[0], "it did not go back"
    except Exception as error:  # whatever is raised is the finding
        changes.failures.append(f"after kill {changes.count}: {type(error).__name__}: {error}")


def _listen(
    asking: subprocess.Popen[str], both: Mapping[str, tuple[object, object]], changes: Changes
) -> None:
    assert asking.stdout is not None
    while line := asking.stdout.readline():
        question, answer = json.loads(line)
        if answer not in both[question]:
            changes.failures.append(f"{question} was answered {answer}, of no space")
        else:
            changes.asked[("old", "new")[both[question].index(answer)]] += 1


def _end(
    folder: Path, asking: subprocess.Popen[str], listening: threading.Thread, changes: Changes
) -> None:
    before, until = changes.asked["new"], time.monotonic() + 300
    while changes.asked["new"] == before and time.monotonic() < until and asking.poll() is None:
        time.sleep(0.1)
    (folder / "end").touch()
    listening.join(timeout=600)
    _, faults = asking.communicate(timeout=300)
    if faults:
        changes.failures.append(f"who asks: {faults[-400:]}")
