"""A change of the encoder that is killed goes on, and whoever asks is answered from one space."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crash.reencodings import kill_changes

pytestmark = pytest.mark.slow


def test_changes_of_the_encoder_survive_kills(tmp_path: Path) -> None:
    changes = kill_changes(tmp_path, 3, seed=16)
    assert changes.failures == []
    assert changes.count == 3
    assert min(changes.asked.values()) > 0
