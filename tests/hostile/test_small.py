"""Hostile archives, documents, mail and pictures of phones: quick, small, and nothing is opened."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import pytest

from omnisearch.errors import EmptyError, MediaError, UnsupportedTypeError
from omnisearch.ingest.extraction.item import pieces
from omnisearch.media import loaded
from omnisearch.media.pool.ask import Ask
from omnisearch.media.pool.limits import Limits
from omnisearch.media.pool.pool import Pool
from tests.hostile.case import Bait, Case
from tests.hostile.files import SMALL, SMALL_BYTES, SMALL_S
from tests.hostile.trial import tried
from tests.hostile.watch import Lookout, watched

TRIES = 3  # where others use the machine, the quickest tells
WATCHED = ("open", "socket.", "subprocess", "os.", "shutil.", "tempfile.")
_events: list[str] | None = None  # what was done, while somebody looks


def _hear(event: str, arguments: tuple[object, ...]) -> None:
    if _events is not None and event.startswith(WATCHED):
        _events.append(f"{event} {arguments!r:.200}")


sys.addaudithook(_hear)


@contextmanager
def watching() -> Iterator[list[str]]:
    global _events
    found: list[str] = []
    _events = found
    try:
        yield found
    finally:
        _events = None


def test_there_are_more_than_sixty() -> None:
    assert len(SMALL) >= 140
    assert sum(case.topic == "phone picture" for case in SMALL) >= 40


def read(file: BinaryIO, name: str) -> tuple[float, MediaError | None]:
    """Give the longest time of this thread's processor for one piece, and what refused the file."""
    longest_s, begun_s = 0.0, time.thread_time()
    try:
        for _ in pieces(file, Ask(name)):
            longest_s = max(longest_s, time.thread_time() - begun_s)
            begun_s = time.thread_time()
    except MediaError as error:
        return max(longest_s, time.thread_time() - begun_s), error
    return max(longest_s, time.thread_time() - begun_s), None


@pytest.mark.slow
@pytest.mark.parametrize("case", SMALL, ids=lambda case: case.name)
def test_it_is_quick_and_opens_nothing(case: Case, tmp_path: Path) -> None:
    loaded.load()  # as a decoder does before it is locked
    path = case.write(tmp_path, Bait())
    with path.open("rb") as file, watching() as events:
        path.unlink()
        events.clear()
        for _ in range(TRIES):
            file.seek(0)
            longest_s, refused = read(file, case.name)
            if longest_s < SMALL_S:
                break
    assert events == []
    assert longest_s < SMALL_S
    if refused is not None and not isinstance(refused, EmptyError | UnsupportedTypeError):
        assert str(refused).startswith(case.name) and len(str(refused)) < 300


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    # how much processor is taken is measured beside it, where others cannot take it away
    with Pool(workers=1, limits=Limits(piece_s=100.0)) as made:
        yield made


@pytest.fixture(scope="module")
def lookout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lookout]:
    with Lookout(tmp_path_factory.mktemp("bait")) as made:
        yield made


@pytest.mark.slow
@pytest.mark.parametrize("case", SMALL, ids=lambda case: case.name)
def test_it_takes_little_memory_and_leaves_nothing(
    case: Case, pool: Pool, lookout: Lookout, tmp_path: Path
) -> None:
    path = case.write(tmp_path, lookout.bait)
    with watched() as memory:
        trial = tried(pool, path)
    path.unlink()
    assert trial.outcome in case.may, trial.reason
    assert memory.peak < SMALL_BYTES
    assert lookout.touched() == [] and list(tmp_path.iterdir()) == []
    assert "canary sings" not in trial.words + trial.reason
    if trial.outcome in ("failed", "skipped"):
        assert case.name in trial.reason and trial.reason.isprintable()
        assert "was given up" not in trial.reason  # it is refused, and by none that failed itself
