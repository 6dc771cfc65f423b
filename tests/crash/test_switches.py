"""No power cut and no full disk leaves a collection between two spaces."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crash.switches import refuse_switches, replay_switches

pytestmark = pytest.mark.slow


def test_a_power_cut_in_a_change_of_space_leaves_the_old_or_the_new(tmp_path: Path) -> None:
    """After each operation in one of the states that may be left; the drill looks at all."""
    replays = replay_switches(tmp_path, cuts=1, of=16)
    assert replays.failures == []
    assert replays.states > 450


def test_a_disk_that_refuses_leaves_the_old_or_the_new(tmp_path: Path) -> None:
    faults = refuse_switches(tmp_path, stride=5)
    assert faults.failures == []
    assert faults.met > 30
