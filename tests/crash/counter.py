"""The smallest thing that promises: one published file per number. It proves the replayer."""

from __future__ import annotations

from pathlib import Path

from omnisearch.storage import files
from tests.crash.recording import Recorder
from tests.crash.states import State

NUMBERS = 4


def record(base: Path, journal: Path) -> None:
    """Publish some numbers below `base` and note every operation."""
    with journal.open("wb") as stream:
        recorder = Recorder(base, stream)
        files.observer = recorder
        try:
            _publish(base / "numbers", recorder)
        finally:
            files.observer = None


def _publish(folder: Path, recorder: Recorder) -> None:
    files.make_folder(folder)
    files.sync_folder(folder.parent)
    for number in range(1, NUMBERS + 1):
        recorder.mark("attempt", number)
        made = folder / f"{number}.tmp"
        files.write_file(made, [body(number)])
        files.publish(made, folder / f"{number}.done", "link" if number % 2 else "rename")
        files.sync_folder(folder)
        recorder.mark("promise", number)


def body(number: int) -> bytes:
    return f"{number}-".encode() * 900


def check(folder: Path, state: State) -> None:
    """Every number up to the last is whole, and none that was promised is missing."""
    found = sorted((folder / "numbers").glob("*.done"))
    assert [path.name for path in found] == [f"{n}.done" for n in range(1, len(found) + 1)]
    for number, path in enumerate(found, 1):
        assert path.read_bytes() == body(number), f"{path.name} is torn"
    assert state.promised <= len(found) <= state.attempted
