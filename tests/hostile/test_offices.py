"""Hostile archives and office documents: quick, small, and no other file is opened."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from omnisearch.errors import EmptyError, MediaError, UnsupportedTypeError
from omnisearch.ingest.extraction.item import pieces
from omnisearch.media.pool.ask import Ask
from omnisearch.media.pool.limits import Limits
from omnisearch.media.pool.pool import Pool
from tests.hostile.case import Bait, Case
from tests.hostile.files import CASES
from tests.hostile.trial import tried
from tests.hostile.watch import Lookout, watched

CHOSEN = [case for case in CASES.values() if case.topic in ("archive", "office", "mail")]
MOST_S = 2.0  # of processor, where nothing else runs
MOST_BYTES = 300 << 20
BUSY = 2.0  # times as long where others use the machine
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
    assert len(CHOSEN) >= 100


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with Pool(workers=1, limits=Limits(piece_s=100.0)) as made:
        yield made


@pytest.mark.slow
@pytest.mark.parametrize("case", CHOSEN, ids=lambda case: case.name)
def test_it_is_quick_and_opens_nothing(case: Case, tmp_path: Path) -> None:
    path = case.write(tmp_path, Bait())
    content = path.read_bytes()
    path.unlink()
    longest_s, refused = 0.0, None
    with watching() as events:
        begun_s = time.process_time()
        try:
            for _ in pieces(io.BytesIO(content), Ask(case.name)):
                longest_s = max(longest_s, time.process_time() - begun_s)
                begun_s = time.process_time()
        except MediaError as error:
            refused = error
        longest_s = max(longest_s, time.process_time() - begun_s)
    assert events == []
    assert longest_s < MOST_S * BUSY
    if refused is not None and not isinstance(refused, EmptyError | UnsupportedTypeError):
        assert str(refused).startswith(case.name) and len(str(refused)) < 300


@pytest.mark.slow
def test_none_takes_much_memory_or_touches_anything(pool: Pool, tmp_path: Path) -> None:
    with Lookout(tmp_path) as lookout, watched() as memory:
        for case in CHOSEN:
            path = case.write(tmp_path, lookout.bait)
            trial = tried(pool, path)
            path.unlink()
            assert trial.outcome in case.may, f"{case.name}: {trial.reason}"
            assert "canary sings" not in trial.words + trial.reason
            assert lookout.touched() == [], case.name
        assert [path.name for path in tmp_path.iterdir()] == ["canary.txt"]
    assert memory.peak < MOST_BYTES
