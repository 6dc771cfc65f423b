"""Changes are taken out burst by burst, and many of them as everything."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

from omnisearch.ingest.following.pending import MANY, Pending


def never() -> bool:
    return False


def burst(pending: Pending) -> float:
    """Add five changes in a row; gives the longest time between two of them."""
    times_s = []
    for number in range(5):
        pending.add([b"/a%d" % number])
        times_s.append(time.monotonic())
        time.sleep(0.05)
    return max(later - one for one, later in pairwise(times_s))


def test_a_burst_is_taken_when_it_is_over() -> None:
    taken = frozenset[bytes]()
    with ThreadPoolExecutor(1) as thread:
        for _ in range(30):
            pending = Pending()
            coming = thread.submit(burst, pending)
            taken = pending.take(time.monotonic() + 60, never) or taken
            if coming.result() < 0.2:  # else the machine was busy, and it was several bursts
                break
    assert taken == {b"/a%d" % one for one in range(5)}


def test_a_burst_that_does_not_end_is_taken_in_parts() -> None:
    pending, stop = Pending(), threading.Event()

    def put() -> None:
        while not stop.wait(0.05):
            pending.add([b"/%f" % time.monotonic()])

    thread = threading.Thread(target=put)
    thread.start()
    begun = time.monotonic()
    assert pending.take(begun + 600, never)
    assert time.monotonic() - begun < 300
    stop.set()
    thread.join()


def test_many_changes_are_everything() -> None:
    pending = Pending()
    pending.add(b"/%d" % number for number in range(MANY))
    assert len(pending.take(time.monotonic() + 30, never) or ()) == MANY
    pending.add(b"/%d" % number for number in range(MANY + 1))
    pending.add([b"/later"])
    assert pending.take(time.monotonic() + 30, never) is None
    assert pending.take(time.monotonic(), never) == frozenset()


def test_one_need_not_wait_longer_than_asked() -> None:
    begun = time.monotonic()
    assert Pending().take(begun + 0.2, never) == frozenset()
    assert Pending().take(begun + 600, lambda: True) == frozenset()
    assert time.monotonic() - begun < 300
