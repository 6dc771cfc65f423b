"""The replayer accepts a protocol that is right and sees each sync that is missing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.crash import counter
from tests.crash.disk import Disk
from tests.crash.recording import Operation, read
from tests.crash.replay import Campaign, ablate, digests, replay, sites
from tests.crash.states import states

SYNCS = ("sync_file", "sync_data", "sync_folder")


@pytest.fixture
def campaign(tmp_path: Path) -> Campaign:
    base = tmp_path / "base"
    base.mkdir()
    counter.record(base, tmp_path / "journal")
    return Campaign(tmp_path / "journal", counter.check)


def test_accepts_a_sound_protocol_in_every_state(campaign: Campaign) -> None:
    result = replay(campaign)
    assert result.failures == []
    assert result.checked == len(digests(campaign.journal, campaign.cuts)) > 50


def test_sees_every_sync_that_is_missing(campaign: Campaign) -> None:
    places = sites(campaign.journal, SYNCS)
    assert places == [
        ("sync_folder", ""),
        ("sync_file", "numbers/*.tmp"),
        ("sync_folder", "numbers"),
    ]
    for place in places:
        assert ablate(replace(campaign, without=place)).failures, place


def test_sees_a_promise_that_comes_too_early(campaign: Campaign) -> None:
    operations = read(campaign.journal)
    early = [done for done in operations if done.kind != "promise"]
    early.insert(
        early.index(Operation("attempt", "", offset=1)), Operation("promise", "", offset=1)
    )
    assert any(state.promised == 1 and len(state.tree) == 1 for state in states(early, 8))


def test_keeps_old_or_new_sectors_of_an_overwritten_file() -> None:
    disk = [
        Operation("create", "a"),
        Operation("write", "a", data=b"x" * 1024),
        Operation("sync_file", "a"),
        Operation("sync_folder", ""),
        Operation("write", "a", data=b"y" * 1024),
    ]
    left = {state.tree for state in states(disk, 8) if state.prefix == len(disk)}
    halves = [b"x" * 512, b"y" * 512]
    assert left == {(("a", p + q),) for p in halves for q in halves} - {(("a", b"x" * 1024),)}


def test_never_loses_a_renamed_file_from_both_folders() -> None:
    done = [
        Operation("mkdir", "from"),
        Operation("mkdir", "to"),
        Operation("sync_folder", ""),
        Operation("create", "from/a"),
        Operation("sync_folder", "from"),
        Operation("rename", "from/a", "to/a"),
    ]
    for state in states(done, 8):
        if state.prefix == len(done):
            assert {path for path, _ in state.tree} & {"from/a", "to/a"}


def test_the_model_knows_every_operation() -> None:
    with pytest.raises(ValueError, match="unknown operation"):
        Disk().apply(Operation("truncate", "a"))
