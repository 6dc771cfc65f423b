"""Which rows are of files whose path fits: what is remembered, and threads that ask at once."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from omnisearch.query.paths import matching
from omnisearch.storage.generation import Generation
from tests.query.world import build

PATTERNS = [f"item{number}.bin" for number in range(20)]  # more than are remembered


@pytest.fixture
def now(tmp_path: Path) -> Iterator[Generation]:
    world = build(tmp_path / "collection", random.Random(3), len(PATTERNS))
    yield world.now
    world.handle.drop()


def marked(now: Generation) -> list[list[bool]]:
    return [matching(now, [one]).tolist() for one in PATTERNS]


class Meanwhile(str):
    """A pattern beside which another thread asks by many others, whenever it is looked up."""

    now: Generation
    asker: int

    def __hash__(self) -> int:
        if threading.get_ident() == self.asker:
            with ThreadPoolExecutor(1) as threads:
                threads.submit(marked, self.now).result()
        return super().__hash__()


def test_a_pattern_marks_the_same_rows_when_it_was_forgotten(now: Generation) -> None:
    first = marked(now)
    assert marked(now) == first
    assert any(map(any, first)) and not matching(now, ["nothing"]).any()


def test_what_is_remembered_may_be_forgotten_while_another_thread_asks(now: Generation) -> None:
    wanted = marked(now)
    for pattern, rows in zip(PATTERNS, wanted, strict=True):
        asked = Meanwhile(pattern)
        asked.now, asked.asker = now, threading.get_ident()
        assert matching(now, [asked]).tolist() == rows
        asked.asker = 0
