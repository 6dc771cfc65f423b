import threading
import time
from collections.abc import Callable

import pytest

from omnisearch.ingest.queues import Agenda, Budget, Lane, Stop, StoppedError


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
    thread.join(5)
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
    thread.join(5)
    assert budget.used == 15


@pytest.mark.parametrize("kind", ["budget", "lane", "agenda", "full agenda"])
def test_a_stop_wakes_whoever_waits(kind: str) -> None:
    stop = Stop()
    budget: Budget = Budget(1, stop)
    lane: Lane[int] = Lane(stop)
    agenda: Agenda[int] = Agenda(stop, 1)
    budget.take(1)
    if kind == "full agenda":
        agenda.put((0,), 1)
    waits: dict[str, Callable[[], object]] = {
        "budget": lambda: budget.take(1),
        "lane": lane.get,
        "agenda": agenda.get,
        "full agenda": lambda: agenda.put((0,), 2),
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
    thread.join(5)
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
    begun = time.monotonic()
    assert lane.get_within(0.05) == []
    assert time.monotonic() - begun < 2
    lane.put(1)
    lane.put(2)
    assert lane.get_within(60) == [1, 2]


def test_an_agenda_goes_by_rank_and_then_by_order() -> None:
    agenda: Agenda[str] = Agenda(Stop(), 10)
    for rank, thing in (((2, 0), "film"), ((0, 0), "a"), ((1, -5), "long"), ((0, 0), "b")):
        agenda.put(rank, thing)
    agenda.put((1, -1), "short")
    agenda.close()
    taken = iter(agenda.get, None)
    assert list(taken) == ["a", "b", "long", "short", "film"]
