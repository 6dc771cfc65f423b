"""Reports, options, costs, signatures: the small parts of a run."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from omnisearch import twins
from omnisearch.errors import InputError
from omnisearch.ingest import bounds, memory
from omnisearch.ingest.costs import Forecast, cost_of, rank
from omnisearch.ingest.drafts import segment_id
from omnisearch.ingest.entries import Entry
from omnisearch.ingest.options import Options
from omnisearch.ingest.relocation import Relocation, moment
from omnisearch.ingest.report import Counts, FailedFile
from omnisearch.locations import Location

HERE, THERE = Location(0, b"a.jpg"), Location(0, b"b.jpg")
SECOND_NS = 10**9


def entry(path: bytes, size: int = 0) -> Entry:
    return Entry(0, path, size, 0, 0, 0)


def test_a_report_that_does_not_add_up_is_refused() -> None:
    counts = Counts(seen=3, stored=1)
    counts.skip("symlink")
    counts.fail(FailedFile(b"/a", "read", "no"))
    report = counts.report(1.0, 7)
    assert (report.seen, report.failed, report.reasons) == (3, 1, {"symlink": 1})
    counts.seen += 1
    with pytest.raises(AssertionError, match="4 files seen, 3 accounted for"):
        counts.report(1.0, 7)


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"jobs": 0}, InputError),
        ({"jobs": 1_000}, InputError),
        ({"jobs": 1.5}, TypeError),
        ({"max_memory": 1_000}, InputError),
        ({"max_memory": 512 << 20}, InputError),  # an encoder and a decoder take more
        ({"max_hours": -1.0}, InputError),
        ({"modalities": ["smell"]}, InputError),
        ({"modalities": []}, InputError),
        ({"modalities": "image"}, TypeError),
        ({"exclude": "*.tmp"}, TypeError),
        ({"since": "yesterday"}, TypeError),
        ({"colour": "red"}, TypeError),
    ],
)
def test_options_that_mean_nothing_are_refused(options: Any, fault: type[Exception]) -> None:
    with pytest.raises(fault):
        Options.of(options)


def test_a_time_without_a_zone_is_one_of_this_place() -> None:
    given = datetime(2026, 5, 1, 12)
    assert Options.of({"since": given}).since == given.astimezone(UTC)


def test_texts_and_pictures_come_first_and_long_films_before_short_ones() -> None:
    files = [
        (b"a.mp4", 5),
        (b"b.mp4", 9),
        (b"c.pdf", 1),
        (b"d.JPG", 4),
        (b"e.txt", 8),
        (b"f.mp3", 1),
    ]
    ordered = sorted((rank(cost_of(name), size), name) for name, size in files)
    assert [name for _, name in ordered] == [
        b"d.JPG",
        b"e.txt",
        b"c.pdf",
        b"f.mp3",
        b"b.mp4",
        b"a.mp4",
    ]
    assert cost_of(b"x/README").kind == "text"


def test_a_forecast_learns_from_what_is_done() -> None:
    forecast = Forecast()
    for _ in range(10):
        forecast.expect(entry(b"a.png", 1_000))
    assert forecast.left_s is None
    forecast.begin()
    for _ in range(5):
        forecast.settle(entry(b"a.png", 1_000))
        forecast.learn(entry(b"a.png", 1_000), 2.0)
    assert forecast.left == {"image": pytest.approx(10.0)}
    assert forecast.left_s is not None


def test_signatures_of_alike_vectors_share_almost_all_bits() -> None:
    rng = np.random.default_rng(0)
    first, other = rng.normal(size=(2, 384)).astype(np.float32)
    near = first + 0.05 * other
    assert twins.signature(first) == twins.signature(2 * first)
    assert _apart(first, near) <= 6
    assert 16 < _apart(first, other) < 48
    assert twins.signature(np.arange(-4, 4, dtype=np.float32)) == -7762867974946732988


def _apart(one: np.ndarray, other: np.ndarray) -> int:
    return ((twins.signature(one) ^ twins.signature(other)) & (2**64 - 1)).bit_count()


def test_segments_are_named_by_their_place() -> None:
    first = segment_id("ab", {"start": 0, "end": 5}, 1)
    assert first == segment_id("ab", {"end": 5, "start": 0}, 1)
    others = [
        segment_id("ab", {"start": 0, "end": 6}, 1),
        segment_id("ab", {"start": 0, "end": 5}, 2),
        segment_id("ab", {"start": 0, "end": 5}, 1, again=1),
        segment_id("ab", None, 1),
    ]
    assert len({first, *others}) == 5


def revised(row: dict[str, Any], one: Relocation) -> dict[str, Any]:
    def name(place: Location) -> bytes:
        return place.path.rpartition(b"/")[2]

    return one.revise(row, lambda _: 5 * SECOND_NS, name, datetime(2026, 1, 1, tzinfo=UTC))


def test_a_row_follows_the_smallest_of_its_places() -> None:
    row = {
        "file.locations": ["0:b.jpg"],
        "file.name": "b.jpg",
        "file.modified": moment(SECOND_NS),
        "file.date": moment(SECOND_NS),
    }
    later = revised(row, Relocation(gained={Location(0, b"c.jpg"): 2 * SECOND_NS}))
    assert later == {"file.locations": ["0:b.jpg", "0:c.jpg"]}
    sooner = revised(row, Relocation(gained={HERE: 2 * SECOND_NS}))
    assert sooner["file.name"] == "a.jpg"
    assert sooner["file.date"] == sooner["file.modified"] == moment(2 * SECOND_NS)
    both = {**row, **sooner}
    assert revised(both, Relocation(lost={HERE}))["file.modified"] == moment(5 * SECOND_NS)
    gone = revised(row, Relocation(lost={THERE}))
    assert gone == {"file.locations": None, "file.missing": datetime(2026, 1, 1, tzinfo=UTC)}
    assert revised(row, Relocation(gained={THERE: SECOND_NS})) == {}


def test_a_capture_date_does_not_follow_the_file() -> None:
    taken = moment(7 * SECOND_NS)
    row = {"file.locations": ["0:b.jpg"], "file.modified": moment(SECOND_NS), "file.date": taken}
    changed = revised(row, Relocation(gained={THERE: 3 * SECOND_NS}))
    assert changed["file.modified"] == moment(3 * SECOND_NS)
    assert "file.date" not in changed


def test_times_that_no_calendar_has_are_the_nearest() -> None:
    assert moment(10**30).year == 9999
    assert moment(-(10**30)).year == 1


def test_with_little_memory_fewer_decoders_run() -> None:
    little = bounds.of(Options(jobs=8, max_memory=900 << 20))
    much = bounds.of(Options(jobs=8, max_memory=8 << 30))
    assert little.workers < much.workers == 8
    assert little.copies + little.segments + little.limits.memory_bytes < 900 << 20
    assert bounds.of(Options(max_pages=3)).caps.pages == 3


def test_the_memory_of_this_process_is_seen() -> None:
    before = memory.taken()
    held = np.ones(64 << 20, np.uint8)
    assert memory.taken() - before > len(held) // 2
    assert memory.allowed(None) * 4 <= memory.total()
