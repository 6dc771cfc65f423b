"""A power cut on a real file system loses nothing that was promised."""

from __future__ import annotations

import pytest

from tests.crash.power import can_mount, cut_power

pytestmark = pytest.mark.slow


def test_survives_power_cuts_on_ext4() -> None:
    if why := can_mount():
        pytest.skip(f"NOT TESTED: {why}")
    cuts = cut_power(4, seed=6)
    assert cuts.failures == []
    assert cuts.count == 4
