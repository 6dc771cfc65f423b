"""Hostile files cost themselves and nothing else: each is decoded as ingest would decode it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from omnisearch.media.pool.limits import Limits
from omnisearch.media.pool.pool import Pool
from tests.hostile.case import Bait, Case
from tests.hostile.files import CASES, SMALL
from tests.hostile.trial import tried
from tests.hostile.watch import Lookout, watched

SLACK_S = 60.0  # to end a process and begin another, where others use the machine too
USUAL, SOON = Limits(), Limits(piece_s=1.0)
PATIENT = Limits(piece_s=100.0)  # for what ends by itself, in a second where nothing else runs
# these keep a decoder busy until it is stopped; one more is waited for as long as ingest would
WAITED = "tiles-of-nothing.pdf"
LARGE = [case for case in CASES.values() if case not in SMALL]  # those have a test of their own
ENDLESS = {
    "billion-forms.pdf",
    "form-in-itself.pdf",
    "function-of-loops.pdf",
    "hole-2gb.pdf",
    "hundred-thousand-notes.pdf",
    "million-curves-filled.pdf",
    "million-lines-drawn.pdf",
    "picture-fax.pdf",
    "picture-flate.pdf",
    "ten-thousand-scans.jpg",
    "two-gigabytes.flac",
    "two-gigabytes.mkv",
}


@pytest.fixture(scope="module")
def pools() -> Iterator[dict[Limits, Pool]]:
    with ExitStack() as stack:
        yield {
            limits: stack.enter_context(Pool(workers=1, limits=limits))
            for limits in (USUAL, SOON, PATIENT)
        }


@pytest.fixture(scope="module")
def lookout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lookout]:
    with Lookout(tmp_path_factory.mktemp("bait")) as made:
        yield made


def test_there_are_many_of_every_kind() -> None:
    topics = Counter(case.topic for case in CASES.values())
    assert len(CASES) >= 300 and len(topics) == 17 and min(topics.values()) >= 6


def test_the_same_files_are_made_each_time_and_few_bytes_of_them(tmp_path: Path) -> None:
    small = [case for case in CASES.values() if case.topic not in ("picture bomb", "pdf bomb")]
    for folder in ("one", "other"):
        (tmp_path / folder).mkdir()
    for case in small[::9]:
        made = [case.write(tmp_path / folder, Bait()) for folder in ("one", "other")]
        if made[0].stat().st_size < 1 << 24:
            assert made[0].read_bytes() == made[1].read_bytes(), case.name
        for path in made:
            assert path.stat().st_blocks * 512 < 100 << 20, case.name
            path.unlink()


@pytest.mark.slow
@pytest.mark.parametrize("case", LARGE, ids=lambda case: case.name)
def test_a_hostile_file(
    case: Case, pools: dict[Limits, Pool], lookout: Lookout, tmp_path: Path
) -> None:
    limits = SOON if case.name in ENDLESS else USUAL if case.name == WAITED else PATIENT
    path = case.write(tmp_path, lookout.bait)
    with watched() as memory:
        trial = tried(pools[limits], path)
    path.unlink()
    assert trial.outcome in case.may, trial.reason
    assert trial.first_s <= limits.piece_s + SLACK_S
    assert memory.peak <= limits.memory_bytes
    assert lookout.touched() == []
    assert "canary sings" not in trial.words + trial.reason
    if trial.outcome in ("failed", "skipped"):
        assert case.name in trial.reason and trial.reason.isprintable()
