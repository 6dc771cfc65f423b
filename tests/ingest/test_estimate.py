"""What is told before a run: files are timed once all is begun, and each is counted once."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import omnisearch as om
from omnisearch.ingest.costs import Forecast, cost_of
from omnisearch.ingest.entries import Entry
from omnisearch.ingest.options import ReadingOptions
from tests.ingest.folder import write_picture, write_texts
from tests.ingest.reencoding.tiny import Tiny

pytestmark = pytest.mark.usefixtures("cache")
TWO: ReadingOptions = {"jobs": 2, "max_memory": 4 << 30}


class Noted:
    """Notes what each forecast is taught, and how many rows were encoded as it began."""

    def __init__(self, model: Tiny) -> None:
        self.model, self._lock = model, threading.Lock()
        self.forecasts: list[Forecast] = []  # that began, in order
        self.rows: list[int] = []
        self.taught: list[list[bytes]] = []

    def begins(self, forecast: Forecast) -> None:
        with self._lock:
            if not any(one is forecast for one in self.forecasts):
                self.forecasts.append(forecast)
                self.rows.append(self.model.rows)
                self.taught.append([])

    def learns(self, forecast: Forecast, entry: Entry) -> None:
        self.taught[self._number(forecast)].append(entry.path)

    def _number(self, forecast: Forecast) -> int:
        return next(at for at, one in enumerate(self.forecasts) if one is forecast)


@pytest.fixture
def noted(monkeypatch: pytest.MonkeyPatch) -> Noted:
    """Let every file take just what the table of costs tells."""
    notes = Noted(Tiny("counting", 8))
    begin: Callable[[Forecast], None] = Forecast.begin
    learn: Callable[[Forecast, Entry, float], None] = Forecast.learn

    def begins(forecast: Forecast) -> None:
        notes.begins(forecast)
        begin(forecast)

    def learns(forecast: Forecast, entry: Entry, _: float) -> None:
        notes.learns(forecast, entry)
        learn(forecast, entry, cost_of(entry.path).seconds(entry.size))

    monkeypatch.setattr(Forecast, "begin", begins)
    monkeypatch.setattr(Forecast, "learn", learns)
    return notes


@pytest.fixture
def counted(noted: Noted, tmp_path: Path) -> Iterator[om.Collection]:
    with om.open(tmp_path / "collection", encoder=om.Encoder(noted.model)) as col:
        yield col


def write(source: Path) -> None:
    write_texts(source / "notes", 120)
    for number in range(8):
        write_picture(source / "pictures" / f"{number}.png", number)


def kinds(paths: list[bytes]) -> Counter[str]:
    return Counter(cost_of(path).kind for path in paths)


def told(source: Path, pattern: str) -> float:
    paths = list(source.rglob(pattern))
    return sum(cost_of(bytes(path)).seconds(path.stat().st_size) for path in paths)


def test_files_are_timed_after_others_have_begun_all(
    source: Path, counted: om.Collection, noted: Noted
) -> None:
    write(source)
    om.estimate(counted, source, **TWO)
    first, timed = noted.taught
    assert kinds(first) == {"text": 2, "image": 2}
    assert kinds(timed) == {"text": 64, "image": 6}
    assert not set(first) & set(timed)
    assert noted.rows[1] - noted.rows[0] == 4


def test_files_of_a_kind_are_told_by_files_of_that_kind_and_each_once(
    source: Path, counted: om.Collection, noted: Noted
) -> None:
    write(source)
    found = om.estimate(counted, source, **TWO)
    expected = {"text": told(source, "*.txt"), "image": told(source, "*.png")}
    forecast = noted.forecasts[-1]
    assert forecast.left == pytest.approx(expected)
    seconds = {kind: one.seconds for kind, one in found.kinds.items()}
    paced = {kind: one / forecast.pace for kind, one in expected.items()}
    assert seconds == pytest.approx(paced)
    assert found.seconds is not None and found.seconds > sum(paced.values())


def test_another_encoder_is_told_in_the_same_way(
    source: Path, counted: om.Collection, noted: Noted
) -> None:
    write(source)
    counted.ingest(source)
    other = Tiny("other", 12)
    noted.model = other
    found = om.estimate_reencode(counted, om.Encoder(other), **TWO)
    first, timed = noted.taught[1:]  # after those of the run
    assert (kinds(first), kinds(timed)) == ({"text": 2, "image": 2}, {"text": 64, "image": 6})
    assert noted.rows[2] - noted.rows[1] == 4
    expected = {"text": told(source, "*.txt"), "image": told(source, "*.png")}
    assert noted.forecasts[-1].left == pytest.approx(expected)
    assert found.files == 128


def test_one_file_and_copies_of_one_are_told_too(
    source: Path, counted: om.Collection, noted: Noted
) -> None:
    (source / "only.txt").write_text("Knead the dough.")
    assert om.estimate(counted, source).seconds is not None
    assert [len(taught) for taught in noted.taught] == [1]
    for number in range(9):
        (source / f"copy-{number}.txt").write_text("Knead the dough.")
    assert om.estimate(counted, source, **TWO).seconds is not None
    assert [len(taught) for taught in noted.taught] == [1, 1, 0]


def test_a_file_that_is_named_is_of_the_kind_that_its_name_says(
    source: Path, counted: om.Collection
) -> None:
    write_picture(source / "named.png", 1)
    found = om.estimate(counted, source / "named.png")
    assert [*found.kinds] == ["image"]
    assert found.kinds["image"].seconds is not None
