"""A writer that mends what is derived may lose its power on the way: nothing is lost by it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crash.repairs import replay_mending


@pytest.mark.slow
@pytest.mark.parametrize("damaged", ["shards/*/ids.bin", "shards/*/columns.bin"])
def test_a_power_cut_while_a_writer_mends_loses_nothing(damaged: str, tmp_path: Path) -> None:
    result = replay_mending(tmp_path, damaged, cuts=1)
    assert result.failures == []
    assert result.checked > 50
