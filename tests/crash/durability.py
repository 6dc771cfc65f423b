"""Crash replay of a collection: which lives are recorded, and what is checked in each state."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import omnisearch as om
from tests.crash.invariants import History, assert_rows, check, check_quickly
from tests.crash.program import Life, born
from tests.crash.recording import read
from tests.crash.replay import Campaign, Result, ablate, digests, place, replay, sites
from tests.crash.states import State, bare_states

WHOLE_LIFE = Life("whole", seed=1, steps=31)
SHORT_LIFE = Life("short", seed=2, steps=10)
DEATHS = (17, 60, 75, 111, 160)  # operations before which the recorded process is killed, in turn
THOROUGH = 12  # one state in so many is also verified, written to and swept
SYNCS = ("sync_file", "sync_data", "sync_folder")
HARMLESS = {
    ("sync_file", "life/manifests/*.pin"),  # it is empty: there are no bytes to lose
    ("sync_file", "life/log/*.log"),  # without its header it is a log file that was never begun
    ("sync_file", "life/tmp/*"),  # a probe that is removed again
}
_histories: dict[Life, History] = {}


@dataclass(slots=True)
class Replays:
    """How many states were checked, and what was wrong in which."""

    states: int = 0
    failures: list[str] = field(default_factory=list)


def record(folder: Path, life: Life, deaths: tuple[int, ...] = ()) -> Path:
    """Live in other processes, each killed before an operation, the last to the end."""
    journal = folder / "journal"
    for die in (*deaths, 0):
        process = born(folder / "life", journal, life, record=True, die=die)
        process.join()
        wanted = (0,) if die == 0 else (0, -9)
        assert process.exitcode in wanted, f"the recorded life ended with {process.exitcode}"
    return journal


def campaign(journal: Path, life: Life, cuts: int, every: int = THOROUGH, of: int = 1) -> Campaign:
    """Check one state in `of`, and of those one in `every` in full."""
    return Campaign(journal, partial(check_state, life, every), cuts, of=of)


def check_state(life: Life, every: int, folder: Path, state: State) -> None:
    """Check one state; the oracle is kept, since each story is told once per process."""
    history = _histories.setdefault(life, History(life.told()))
    look = check_quickly if state.digest[1] % every else check
    look(folder / "life", state.promised, state.attempted, history)
    for copy in folder.glob("snapshot *"):
        _check_snapshot(copy, history)


def _check_snapshot(copy: Path, history: History) -> None:
    """A copy is whole as soon as it is a collection."""
    generation = int(copy.name.split()[1])
    if (copy / "FORMAT").exists():
        with om.open(copy, mode="r") as reader:
            assert_rows(reader, generation, generation, history)


def replay_lives(folder: Path, cuts: int, of: int = 1) -> Replays:
    """Replay an undisturbed life and one that was killed and went on several times."""
    total = Replays()
    for name, life, deaths in [("whole", WHOLE_LIFE, ()), ("killed", SHORT_LIFE, DEATHS)]:
        (folder / name).mkdir()
        journal = record(folder / name, life, deaths)
        result: Result = replay(campaign(journal, life, cuts, of=of))
        total.states += result.checked
        total.failures += [
            f"{name}, after {one.prefix} ({one.operation}): {one.fault}" for one in result.failures
        ]
    return total


def replay_deaths(folder: Path, numbers: range) -> Replays:
    """Kill a short life before its n-th operation; what follows may not stand on unsynced ground.

    The names and bytes that the killed process left are seen by the next one, synced or not.
    """
    total, life = Replays(), Life("short", seed=5, steps=4)
    for die in numbers:
        inside = folder / f"dies at {die}"
        inside.mkdir()
        for state in bare_states(read(record(inside, life, (die,)))):
            total.states += 1
            left = inside / str(total.states)
            place(left, state.tree)
            try:
                check_state(life, 1, left, state)
            except Exception as error:  # whatever a damaged collection raises is the finding
                total.failures.append(f"killed at {die}: {type(error).__name__}: {error}")
    return total


def unseen_ablations(folder: Path) -> tuple[list[tuple[str, str]], int]:
    """Drop each sync in turn; give those whose loss no state shows, and how many were dropped."""
    life, cuts = Life("short", seed=2, steps=8), 1
    whole = campaign(record(folder, life), life, cuts, every=1)
    known = digests(whole.journal, cuts)
    places = [place for place in sites(whole.journal, SYNCS) if place not in HARMLESS]
    blind = [
        place for place in places if not ablate(replace(whole, without=place, known=known)).failures
    ]
    return blind, len(places)
