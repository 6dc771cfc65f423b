"""Power cuts while a codebook is trained and shards get codes, with rows enough for that."""

from __future__ import annotations

from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np

import omnisearch as om
from omnisearch.storage import files
from tests.crash.durability import SYNCS, Replays
from tests.crash.invariants import writing_refused
from tests.crash.recording import Recorder
from tests.crash.replay import Campaign, ablate, digests, replay, sites
from tests.crash.states import State
from tests.crash.story import seal

ROWS, DIM = 10_000, 4
CUTS = 1
ASKED = range(0, ROWS, 1777)


def vectors() -> np.ndarray:
    """Make the rows, the same each time."""
    return np.random.default_rng(15).normal(size=(ROWS, DIM)).astype("f4")


def live(root: Path, journal: Path) -> None:
    """Store rows enough for a codebook, seal half of them without and train with the rest."""
    with journal.open("wb") as stream:
        recorder = Recorder(root.parent, stream)
        files.observer = recorder
        rows, half = vectors(), ROWS // 2
        collection = om.open(root, metric="l2")
        for number, first in enumerate((0, half), 1):
            recorder.mark("attempt", number)
            names = [str(row) for row in range(first, first + half)]
            collection.add_vectors(names, rows[first : first + half])
            recorder.mark("promise", number)
            seal(collection)
        collection.compact()
        collection.close()
        files.observer = None


def check(folder: Path, state: State) -> None:
    """All promised rows are there and found, and every file passes."""
    root, rows = folder / "life", vectors()
    if not state.promised:
        return
    with writing_refused(), om.open(root, mode="r") as reader:
        found = reader.generation
        assert state.promised <= found <= state.attempted
        assert reader.count() == found * ROWS // 2
        for row in ASKED[: found * len(ASKED) // 2]:
            (record,) = reader.get([str(row)], vectors=True)
            assert record is not None and np.array_equal(np.asarray(record.vector), rows[row])
            assert reader.search(rows[row], k=1)[0].id == str(row)
        problems = [one.fault for one in reader.verify().problems]
        assert not [one for one in problems if "/log/" not in one], problems


def replay_training(folder: Path) -> tuple[Replays, int]:
    """Replay the life, then again without each sync of what holds codes; give those counts."""
    journal = folder / "journal"
    process = get_context("spawn").Process(target=live, args=(folder / "life", journal))
    process.start()
    process.join()
    assert process.exitcode == 0, "the recorded life failed"
    assert list((folder / "life" / "codebooks").iterdir()), "no codebook was trained"
    whole = Campaign(journal, check, CUTS)
    done = replay(whole)
    total = Replays(
        done.checked, [f"training, {one.operation}: {one.fault}" for one in done.failures]
    )
    known = digests(journal, CUTS)
    coded = [place for place in sites(journal, SYNCS) if "cod" in place[1]]
    for place in coded:
        if not ablate(replace(whole, without=place, known=known)).failures:
            total.failures.append(f"{place} is not missed")
    return total, len(coded)
