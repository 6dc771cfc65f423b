from collections.abc import Iterator

import pytest

import omnisearch as om


@pytest.fixture(scope="session")
def cutter() -> Iterator[om.Cutter]:
    """Cut for all tests: its decoder is started once."""
    with om.Cutter() as one:
        yield one
