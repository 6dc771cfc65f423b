"""A killed process loses nothing that it promised, wherever it was."""

from __future__ import annotations

import pytest

from tests.crash.kills import kill_at_failpoints, kill_at_random
from tests.crash.program import Life

pytestmark = pytest.mark.slow


def test_survives_kills_at_failpoints() -> None:
    kills = kill_at_failpoints(40, Life("whole", seed=3, steps=31))
    assert kills.failures == []
    assert kills.count >= 20


def test_survives_kills_at_random() -> None:
    kills = kill_at_random(20, seed=4)
    assert kills.failures == []
    assert kills.count == 20
