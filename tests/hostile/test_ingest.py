"""A folder of hostile files taken in as a whole: it ends, the books add up, reasons are words."""

from __future__ import annotations

from pathlib import Path

import pytest

import omnisearch as om
from tests.hostile.case import Case
from tests.hostile.files import CASES
from tests.hostile.test_hostile import ENDLESS
from tests.hostile.watch import Lookout

TOPICS = {"damaged picture", "odd codec", "pdf cycle", "playlist", "polyglot", "xml bomb"}


def chosen() -> list[Case]:
    return [case for case in CASES.values() if case.topic in TOPICS and case.name not in ENDLESS]


@pytest.mark.slow
def test_a_folder_of_hostile_files_is_taken_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "files"
    folder.mkdir()
    with Lookout(tmp_path) as lookout:
        for case in chosen():
            case.write(folder, lookout.bait)
        with om.open(tmp_path / "index", encoder=om.Encoder.load()) as col:
            # what decoders may take goes by the memory of the machine unless it is said
            caps = {"max_text": 1_000, "max_pages": 1, "max_hours": 0.01, "max_memory": 4 << 30}
            first, again = (col.ingest(folder, **caps) for _ in range(2))  # type: ignore[arg-type]
            said = [row.words or "" for row in col.iterate()]
        assert lookout.touched() == []
    assert first.seen == again.seen == len(chosen())
    assert first.stored > 40 and first.failed > 40 and first.skipped > 5
    assert [one.reason for one in again.failures if one.new] == []
    assert (again.stored, again.failed, again.new_failures) == (0, first.failed, 0)
    assert not any("canary sings" in words for words in said)
    for failure in first.failures:
        assert failure.stage and failure.reason.isprintable() and len(failure.reason) < 300
