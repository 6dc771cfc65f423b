import threading
import time
import tracemalloc
from collections.abc import Callable

import pytest

from omnisearch.ingest.agenda import Agenda
from omnisearch.ingest.entries import Entry
from omnisearch.ingest.queues import Budget, Lane, Stop, StoppedError


def later(call: object) -> threading.Thread:
    assert callable(call)
    thread = threading.Thread(target=call)
    thread.start()
    return thread


def test_a_budget_lets_in_what_fits_and_makes_the_rest_wait() -> None:
    budget = Budget(100, Stop())
    budget.take(70)
    taken = threading.Event()

    def take() -> None:
        budget.take(40)
        taken.set()

    thread = later(take)
    assert not taken.wait(0.1)
    budget.give(70)
    thread.join(120)
    assert taken.is_set()
    assert budget.used == 40


def test_what_is_larger_than_the_budget_goes_alone() -> None:
    budget = Budget(100, Stop())
    with budget.held(1_000):
        assert budget.used == 1_000
    assert budget.used == 0


def test_a_larger_limit_lets_waiting_ones_in() -> None:
    budget = Budget(10, Stop())
    budget.take(10)
    thread = later(lambda: budget.take(5))
    budget.limit(20)
    thread.join(120)
    assert budget.used == 15


@pytest.mark.parametrize("kind", ["budget", "lane", "agenda", "full agenda"])
def test_a_stop_wakes_whoever_waits(kind: str) -> None:
    stop = Stop()
    budget: Budget = Budget(1, stop)
    lane: Lane[int] = Lane(stop)
    agenda = Lane(stop, Agenda({}), 1)
    budget.take(1)
    if kind == "full agenda":
        agenda.put(_file(b"a.txt"))
    waits: dict[str, Callable[[], object]] = {
        "budget": lambda: budget.take(1),
        "lane": lane.get,
        "agenda": agenda.get,
        "full agenda": lambda: agenda.put(_file(b"b.txt")),
    }
    ended: list[BaseException] = []

    def wait() -> None:
        try:
            waits[kind]()
        except StoppedError as error:
            ended.append(error)

    thread = later(wait)
    time.sleep(0.05)
    fault = RuntimeError("over")
    stop.now(fault)
    stop.now(RuntimeError("later"))
    thread.join(120)
    assert len(ended) == 1
    assert stop.reason is fault


def test_a_lane_ends_after_its_last_thing() -> None:
    lane: Lane[int] = Lane(Stop())
    lane.put(1)
    lane.put(2)
    lane.close()
    assert [lane.get(), lane.get(), lane.get()] == [1, 2, None]
    assert lane.over


def test_what_comes_within_a_time_is_taken_at_once() -> None:
    lane: Lane[int] = Lane(Stop())
    assert lane.get_within(0.05) == []
    lane.put(1)
    lane.put(2)
    assert lane.get_within(60) == [1, 2]


def test_an_agenda_goes_by_rank_and_then_by_order() -> None:
    agenda = Lane(Stop(), Agenda({}), 10)
    files = [_file(b"film.mp4"), _file(b"a.txt", 9), _file(b"long.wav", 5), _file(b"b.txt", 10)]
    odd = Entry((1 << 32) - 1, b"no end \xff\n", (1 << 63) - 1, -(1 << 63), 1, (1 << 64) - 1, True)
    for entry in (*files, _file(b"short.wav", 1), odd):
        agenda.put(entry)
    agenda.close()
    taken = list(iter(agenda.get, None))
    assert taken[2] == odd
    del taken[2]
    assert [one.path for one in taken] == [
        b"a.txt", b"b.txt", b"long.wav", b"short.wav", b"film.mp4"
    ]  # fmt: skip
    assert taken[0] == files[1]


def test_a_waiting_file_takes_little_memory() -> None:
    agenda = Lane(Stop(), Agenda({}), 10_000)
    tracemalloc.start()
    try:
        for number in range(5_000):
            agenda.put(_file(b"folder/%04d.txt" % number, number))
        assert tracemalloc.get_traced_memory()[0] < 5_000 * 160
    finally:
        tracemalloc.stop()


def _file(path: bytes, size: int = 0) -> Entry:
    return Entry(0, path, size, 10**18, 10**18, 7)
