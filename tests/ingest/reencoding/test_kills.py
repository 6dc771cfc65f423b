"""Whenever a change of encoder is killed, every answer is of one space, and the change goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ingest.reencoding.kills import campaign

KILLS = 6  # the drill has fifty


@pytest.mark.slow
def test_kills_leave_one_space_that_goes_on(tmp_path: Path, cache: Path) -> None:
    assert campaign(tmp_path, KILLS, seed=5)[1] == []
