import itertools
from dataclasses import replace
from pathlib import Path

import pytest

import omnisearch as om
from omnisearch_cli import output, summary
from omnisearch_cli.drawing import drawn, size, span

BUSY = om.Progress(
    files=1_204,
    of=20_000,
    walking=False,
    items=1_100,
    segments=84_100,
    bytes=4_000_000_000,
    failed=37,
    seconds=300.0,
    left_s=8_123.0,
    now="2024/日本語 \x1b[31m and a name that is long/IMG_20240711_123456.jpg".encode(),
)
BEGUN = om.Progress(4, 52_000, True, 0, 0, 0, 0, 1.0, None, b"\xff\xfe")


@pytest.mark.parametrize("progress", [BUSY, BEGUN], ids=["busy", "begun"])
def test_a_line_is_never_wider_than_the_terminal(progress: om.Progress) -> None:
    for room in itertools.chain(range(1, 160), [500]):
        line = drawn(progress, room)
        assert output.width(line) <= room
        assert "\x1b" not in line


def test_what_matters_least_is_left_out_first() -> None:
    wide, middle, narrow = (drawn(BUSY, room) for room in (150, 90, 50))
    assert "84,100 segments  13.3 MB/s  37 failed  2 h 15 min left  " in wide
    assert wide.endswith("IMG_20240711_123456.jpg")
    assert "MB/s" not in middle
    assert "37 failed  2 h 15 min left" in middle
    assert narrow.startswith("1,204 of 20,000 files  2 h 15 min left")


def test_while_more_may_be_found_no_share_is_told() -> None:
    line = drawn(BEGUN, 100)
    assert line.startswith("4 of 52,000+ files  0 segments  \\xff\\xfe")
    assert "%" not in line
    assert line.endswith("\\xff\\xfe") or "left" not in line


def test_once_all_files_are_done_none_is_named() -> None:
    assert drawn(replace(BUSY, files=20_000), 150).endswith(" left")


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0, "0 s"),
        (59.4, "59 s"),
        (61, "1 min 1 s"),
        (3_540, "59 min"),
        (8_123, "2 h 15 min"),
        (200_000, "2 d 7 h"),
    ],
)
def test_times_are_told_in_two_units(seconds: float, told: str) -> None:
    assert span(seconds) == told


@pytest.mark.parametrize(
    ("amount", "told"),
    [(0, "0 B"), (999, "999 B"), (1_500, "1.5 kB"), (150_000, "150 kB"), (2.5e13, "25.0 TB")],
)
def test_sizes_are_told_in_one_unit(amount: float, told: str) -> None:
    assert size(amount) == told


def test_the_summary_says_what_became_of_every_file() -> None:
    report = om.IngestReport(
        seen=2_000,
        stored=1_200,
        unchanged=500,
        duplicate=100,
        failed=7,
        skipped=193,
        moved=30,
        missing=4,
        segments=9_876,
        seconds=754.0,
        generation=12,
        new_failures=2,
        truncated=1,
        bytes=5_400_000_000,
        reasons={"unsupported type": 190, "symlink": 3},
        types={"jpeg": 900, "pdf": 300},
    )
    lines = list(summary.told(report, Path("c")))
    assert lines[:6] == [
        "2,000 files seen in 13 min:",
        "    1,200 stored  (9,876 segments, 5.4 GB; 900 jpeg, 300 pdf; 1 cut short)",
        "      500 unchanged  (30 of them moved)",
        "      100 duplicate  (the same bytes elsewhere, stored once)",
        "        7 failed  (2 new)",
        "      193 skipped  (190 unsupported type, 3 symlink)",
    ]
    assert lines[6] == "4 files gone, hidden from answers: --prune deletes what they left"
