"""A ledger is the one before or the one after, whatever the power or the disk does."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

import omnisearch as om
from tests.crash.ledgers import CODES, campaign, record, refuse
from tests.crash.replay import ablate, digests, replay, sites

pytestmark = pytest.mark.slow
SYNCS = ("sync_file", "sync_folder")
OURS = {("sync_file", "life/tmp/*.jsonl"), ("sync_folder", "life/ledger")}


def test_no_power_cut_leaves_a_ledger_between(tmp_path: Path) -> None:
    result = replay(campaign(record(tmp_path), cuts=1))
    assert result.failures == []
    assert result.checked > 300


def test_no_sync_of_a_ledger_can_go_unnoticed(tmp_path: Path) -> None:
    whole = campaign(record(tmp_path), cuts=1)
    assert set(sites(whole.journal, SYNCS)) >= OURS
    known = digests(whole.journal, 1)
    for place in OURS:
        assert ablate(replace(whole, without=place, known=known)).failures, place


@pytest.mark.parametrize("code", CODES)
def test_a_disk_that_refuses_loses_no_ledger(code: int, tmp_path: Path) -> None:
    met = next(n for n in count(1) if not refuse(tmp_path / str(n), n, code))
    assert met >= 8
    assert om.doctor(tmp_path / "3").ok
