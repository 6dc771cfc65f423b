"""Walks of folders that tests make."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from omnisearch.ingest.beneath import Beneath, kernel_stays_beneath
from omnisearch.ingest.entries import Entry, Refused
from omnisearch.ingest.rules import Rules
from omnisearch.ingest.walk import walk
from omnisearch.locations import Root

KERNEL = pytest.mark.skipif(not kernel_stays_beneath(), reason="this kernel has no openat2")


def root_of(folder: Path) -> Root:
    return Root(3, os.fsencode(folder), folder.stat().st_dev, "folder")


def walked(
    folder: Path, rules: Rules | None = None, beneath: bytes = b"", *, kernel: bool | None = None
) -> list[Entry | Refused]:
    with Beneath(root_of(folder), kernel=kernel) as handle:
        return list(walk(handle, rules or Rules(), beneath))


def paths(found: list[Entry | Refused]) -> list[bytes]:
    return sorted(one.path for one in found if isinstance(one, Entry))


def refused(found: list[Entry | Refused]) -> dict[bytes, tuple[str, str]]:
    return {one.path: (one.outcome, one.reason) for one in found if isinstance(one, Refused)}


def write(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
