"""Who hangs is given up in time; who only waits for a processor is not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from omnisearch.media.pool.patience import STARVED, Patience

PIECE_S = 0.2


@pytest.fixture
def worker(request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[bytes]]:
    made = subprocess.Popen(
        [sys.executable, "-S", "-c", request.param], stdout=subprocess.PIPE, start_new_session=True
    )
    assert made.stdout is not None and made.stdout.readline() == b"\n"  # it has begun
    with made:
        yield made
        made.kill()


def spent(patience: Patience) -> float:
    """Wait as a channel does, and give how long it was."""
    begin = time.monotonic()
    while (left_s := patience()) > 0:
        time.sleep(left_s)
    return time.monotonic() - begin


def patience_with(worker: subprocess.Popen[bytes], item_s: float = 60.0) -> Patience:
    now_s = time.monotonic()
    return Patience(worker.pid, now_s, PIECE_S, now_s + item_s)


IDLE = "print(flush=True); import time; time.sleep(600)"
BUSY = "print(flush=True)\nwhile True: pass"


@pytest.mark.parametrize("worker", [IDLE], indirect=True)
def test_who_sleeps_has_the_time_of_the_clock(worker: subprocess.Popen[bytes]) -> None:
    patience = patience_with(worker)
    time.sleep(PIECE_S)
    assert patience() == 0 and not patience.for_item


@pytest.mark.parametrize("worker", [BUSY], indirect=True)
def test_who_works_has_its_time_of_the_processor(worker: subprocess.Popen[bytes]) -> None:
    before_s = time.clock_gettime(~worker.pid << 3 | 2)
    passed_s = spent(patience_with(worker))
    used_s = time.clock_gettime(~worker.pid << 3 | 2) - before_s
    assert used_s >= 0.9 * PIECE_S or passed_s >= STARVED * PIECE_S


@pytest.mark.parametrize("worker", [BUSY], indirect=True)
def test_who_got_no_processor_is_waited_for(worker: subprocess.Popen[bytes]) -> None:
    os.kill(worker.pid, signal.SIGSTOP)  # it uses nothing while its time passes
    patience = patience_with(worker)
    time.sleep(PIECE_S)
    os.kill(worker.pid, signal.SIGCONT)
    while not running(worker.pid):
        time.sleep(0.001)
    assert patience() > 0


def running(process: int) -> bool:
    return Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(") ")[2][0] == "R"


@pytest.mark.parametrize("worker", [BUSY], indirect=True)
def test_the_time_of_the_whole_file_is_by_the_clock(worker: subprocess.Popen[bytes]) -> None:
    patience = patience_with(worker, item_s=0.05)
    spent(patience)
    assert patience.for_item


def test_who_has_ended_is_waited_for_no_longer() -> None:
    gone = subprocess.Popen([sys.executable, "-S", "-c", ""])
    gone.wait()
    patience = patience_with(gone)
    time.sleep(PIECE_S)
    assert patience() == 0
