"""No power cut, after any operation, loses what was promised or leaves what cannot be opened."""

from __future__ import annotations

from pathlib import Path

from tests.crash.durability import replay_lives, unseen_ablations

HARMLESS = {("sync_file", "manifests/*.pin")}  # it is empty: there are no bytes to lose


def test_every_state_after_a_power_cut_holds_what_was_promised(tmp_path: Path) -> None:
    replays = replay_lives(tmp_path, cuts=12)
    assert replays.failures == []
    assert replays.states >= 10_000


def test_no_sync_can_go_unnoticed(tmp_path: Path) -> None:
    blind, dropped = unseen_ablations(tmp_path, cuts=4)
    assert set(blind) <= HARMLESS
    assert dropped > 10
