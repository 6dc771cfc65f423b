"""A disk that is full, failing or slow of hand: an error for the caller, and nothing lost."""

from __future__ import annotations

import os

import pytest

from tests.crash.faults import refuse_each
from tests.crash.program import Life
from tests.crash.small_disk import fill_disks, limit_file_sizes

pytestmark = pytest.mark.slow

LIFE = Life("short", seed=7, steps=13)


def test_an_operation_that_fails_loses_nothing() -> None:
    faults = refuse_each(LIFE, stride=12)
    assert faults.failures == []
    assert faults.met > 75


def test_a_full_disk_loses_nothing_and_takes_writes_once_there_is_space() -> None:
    if os.geteuid() != 0:
        pytest.skip("NOT TESTED: small disks need root, to mount a tmpfs")
    limits = fill_disks(range(256, 1024, 97))
    assert limits.failures == []
    assert limits.met == 8


def test_a_limit_on_file_sizes_loses_nothing() -> None:
    limits = limit_file_sizes(range(8, 400, 130))
    assert limits.failures == []
    assert limits.met == 4
