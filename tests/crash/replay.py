"""Put crash states into a folder in memory, one after another, and check each, in processes."""

from __future__ import annotations

import gc
import multiprocessing
import shutil
import tempfile
import traceback
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from tests.crash.recording import Operation, read
from tests.crash.states import Left, State, states

WORKERS = 2
Check = Callable[[Path, State], None]


@dataclass(frozen=True, slots=True)
class Failure:
    """A state in which the check did not hold."""

    prefix: int
    operation: str
    fault: str


@dataclass(frozen=True, slots=True)
class Campaign:
    """What is replayed: `without` drops some operations first, `known` states are not checked."""

    journal: Path
    check: Check
    cuts: int = 24
    without: tuple[str, str] | None = None  # kind of operation and the kind of place
    known: frozenset[bytes] = frozenset()
    of: int = 1  # one state in so many is checked, and the first after each operation
    failures: int = 1  # enough to stop at


@dataclass(slots=True)
class Result:
    """How many states were checked and which failed."""

    checked: int = 0
    failures: list[Failure] = field(default_factory=list)


def replay(campaign: Campaign, workers: int = WORKERS) -> Result:
    """Check every state once; each worker takes the states whose digest falls to it."""
    context = multiprocessing.get_context("spawn")
    total = Result()
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        shares = [pool.submit(_share, campaign, share, workers) for share in range(workers)]
        for done in shares:
            total.checked += done.result().checked
            total.failures += done.result().failures
    return total


def digests(journal: Path, cuts: int) -> frozenset[bytes]:
    return frozenset(state.digest for state in states(read(journal), cuts))


def ablate(campaign: Campaign) -> Result:
    """Check in this process what one lost kind of operation makes possible."""
    return _share(campaign, 0, 1)


def _share(campaign: Campaign, share: int, workers: int) -> Result:
    operations = list(_without(read(campaign.journal), campaign.without))
    parent = tempfile.mkdtemp(prefix="crash-", dir=folder_in_memory())
    result = Result()
    try:
        mine = (
            state
            for state in chosen(operations, campaign.cuts, campaign.of)
            if state.digest[0] % workers == share and state.digest not in campaign.known
        )
        for number, state in enumerate(mine):
            fault = _fault(campaign.check, Path(parent) / str(number), state)
            result.checked += 1
            if fault:
                last = operations[state.prefix - 1]
                result.failures.append(Failure(state.prefix, f"{last.kind} {last.path}", fault))
            if len(result.failures) >= campaign.failures:
                break
    finally:
        shutil.rmtree(parent, ignore_errors=True)
    return result


def chosen(operations: Iterable[Operation], cuts: int, of: int) -> Iterator[State]:
    """Give the first state after each operation, and of the others one in so many."""
    prefix = 0
    for state in states(operations, cuts):
        if state.prefix > prefix or state.digest[2] % of == 0:
            yield state
        prefix = state.prefix


def _fault(check: Check, folder: Path, state: State) -> str:
    place(folder, state.tree)
    try:
        check(folder, state)
    except Exception as error:  # whatever a damaged folder raises is the finding
        trace = traceback.extract_tb(error.__traceback__)
        places = " < ".join(f"{one.name}:{one.lineno}" for one in reversed(trace))
        return f"{type(error).__name__}: {error} ({places})"
    finally:
        gc.collect(0)
        shutil.rmtree(folder)
    return ""


def folder_in_memory() -> Path | None:
    """Name a folder in memory where the system has one, else the default place."""
    memory = Path("/dev/shm")
    return memory if memory.is_dir() else None


def place(folder: Path, left: Left) -> None:
    """Make the files of a state."""
    folder.mkdir()
    for path, content in left:
        if content is None:
            (folder / path).mkdir()
        else:
            _write_sparse(folder / path, content)


def _write_sparse(path: Path, content: bytes) -> None:
    with path.open("wb") as stream:
        stream.write(content.rstrip(b"\0"))
        stream.truncate(len(content))


def _without(
    operations: Iterable[Operation], dropped: tuple[str, str] | None
) -> Iterator[Operation]:
    return (done for done in operations if (done.kind, place_kind(done)) != dropped)


def place_kind(done: Operation) -> str:
    """Name what an operation touches, without numbers: `shards/*/rows.arrow`."""
    parts = Path(done.path).parts
    return "/".join(
        "*" + Path(part).suffix if any(map(str.isdigit, part)) else part for part in parts
    )


def sites(journal: Path, kinds: Iterable[str]) -> list[tuple[str, str]]:
    """List each kind of operation at each kind of place, as first met."""
    wanted = set(kinds)
    met = ((done.kind, place_kind(done)) for done in read(journal) if done.kind in wanted)
    return list(dict.fromkeys(met))


def sample(campaign: Campaign, count: int) -> list[State]:
    """Take some states, spread evenly over the recording."""
    every = list(states(read(campaign.journal), campaign.cuts))
    return list(islice(every, 0, None, max(1, len(every) // count)))
