"""The process that is recorded, killed, cut from power and refused by the disk: it lives a story.

It goes on where the collection ends, and marks each write in a journal before it and after it.
"""

from __future__ import annotations

import multiprocessing
import multiprocessing.process
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import omnisearch as om
from omnisearch.collection import Collection
from omnisearch.storage import files
from tests.crash.recording import Recorder, read
from tests.crash.story import BUSY, SHORT, UPKEEP, WHOLE, Step, Story, apply

STORIES = {"whole": WHOLE, "short": SHORT, "busy": BUSY}
Mark = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class Life:
    """Which story, from which seed, and how many of its steps."""

    story: str = "whole"
    seed: int = 1
    steps: int = 1_000_000
    rows: int = 12

    def told(self) -> Story:
        return Story(STORIES[self.story], self.seed, self.rows)


class Observer:
    """Notes every operation if asked, and kills the process before one of them if asked."""

    def __init__(self, recorder: Recorder | None, die: int) -> None:
        self._recorder, self._left = recorder, die

    def __call__(self, kind: str, path: Path, detail: object = None) -> None:
        self._left -= 1
        if self._left == 0:
            time.sleep(0.02)  # let the other threads finish what they have noted
            os.kill(os.getpid(), signal.SIGKILL)
        if self._recorder is not None:
            self._recorder(kind, path, detail)


def live(root: Path, life: Life, mark: Mark) -> None:
    """Do the steps that the collection has not seen."""
    collection = om.open(root, metric="l2")
    begun = collection.generation
    for number, (step, _) in enumerate(life.told()):
        if number >= life.steps:
            break
        if step.generation > begun or (step.kind in UPKEEP and step.generation == begun):
            collection = do(step, collection, root, mark)
    collection.close()


def do(step: Step, collection: Collection, root: Path, mark: Mark) -> Collection:
    """Do one step between its marks; the collection may be another afterwards."""
    mark("attempt", step.generation)
    if step.kind in ("reopen", "reclaim"):
        collection.close()
        if step.kind == "reclaim":
            om.reclaim(root)
        collection = om.open(root, metric="l2")
    else:
        apply(step, collection)
    assert collection.generation == step.generation, f"{collection.generation} after {step}"
    if step.kind not in UPKEEP:  # what a killed process wrote is seen, yet nobody promised it
        mark("promise", step.generation)
    return collection


def run(root: Path, journal: Path, life: Life, *, record: bool = False, die: int = 0) -> None:
    """Live in this process; the journal goes on where an earlier process left it."""
    with journal.open("ab", buffering=0) as stream:
        recorder = Recorder(root.parent, stream)
        files.observer = Observer(recorder if record else None, die)
        try:
            live(root, life, recorder.mark)
        finally:
            files.observer = None


def born(
    root: Path, journal: Path, life: Life, *, record: bool = False, die: int = 0
) -> multiprocessing.process.BaseProcess:
    """Start a process that lives; forked from one that has imported everything, for speed."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__, "omnisearch.collection"])
    options = {"record": record, "die": die}
    process = context.Process(target=run, args=(root, journal, life), kwargs=options)
    process.start()
    return process


def marks(journal: Path) -> tuple[int, int]:
    """Read what was promised last and attempted last."""
    found = {"promise": 0, "attempt": 0}
    for done in read(journal):
        if done.kind in found:
            found[done.kind] = done.offset
    return found["promise"], found["attempt"]
