"""No power cut, after any operation, loses what was promised or leaves what cannot be opened."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crash.durability import replay_deaths, replay_lives, unseen_ablations
from tests.crash.repairs import replay_repair

pytestmark = pytest.mark.slow


def test_a_power_cut_after_any_operation_keeps_what_was_promised(tmp_path: Path) -> None:
    """After each operation in some of the states that may be left; the drill looks at all."""
    replays = replay_lives(tmp_path, cuts=2, of=4)
    assert replays.failures == []
    assert replays.states >= 3_000


def test_nothing_is_promised_on_what_a_killed_process_did_not_sync(tmp_path: Path) -> None:
    replays = replay_deaths(tmp_path, range(1, 64, 4))
    assert replays.failures == []
    assert replays.states > 40


@pytest.mark.parametrize("damaged", ["HEAD", "shards/*/ids.bin"])
def test_a_power_cut_while_mending_loses_nothing(damaged: str, tmp_path: Path) -> None:
    result = replay_repair(tmp_path, damaged, cuts=1)
    assert result.failures == []
    assert result.checked > 300


def test_no_sync_can_go_unnoticed(tmp_path: Path) -> None:
    blind, dropped = unseen_ablations(tmp_path)
    assert blind == []
    assert dropped > 10
