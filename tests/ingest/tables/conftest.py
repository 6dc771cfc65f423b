"""A collection of an encoder that counts, and a table to begin with."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import omnisearch as om
from tests.ingest.tables.counting import Counting


@pytest.fixture
def counting() -> Counting:
    return Counting()


@pytest.fixture
def col(tmp_path: Path, cache: Path, counting: Counting) -> Iterator[om.Collection]:
    with om.open(tmp_path / "collection", encoder=om.Encoder(counting)) as opened:
        yield opened
