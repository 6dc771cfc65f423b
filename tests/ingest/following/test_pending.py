"""Changes are taken out burst by burst, and many of them as everything."""

import threading
import time

from omnisearch.ingest.following.pending import MANY, Pending


def never() -> bool:
    return False


def test_a_burst_is_taken_when_it_is_over() -> None:
    pending = Pending()

    def put() -> None:
        for number in range(5):
            pending.add([b"/a%d" % number])
            time.sleep(0.05)

    thread = threading.Thread(target=put)
    thread.start()
    assert pending.take(time.monotonic() + 30, never) == frozenset(
        b"/a%d" % one for one in range(5)
    )
    thread.join()


def test_a_burst_that_does_not_end_is_taken_in_parts() -> None:
    pending, stop = Pending(), threading.Event()

    def put() -> None:
        while not stop.wait(0.05):
            pending.add([b"/%f" % time.monotonic()])

    thread = threading.Thread(target=put)
    thread.start()
    begun = time.monotonic()
    assert pending.take(begun + 30, never)
    assert time.monotonic() - begun < 10
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
    assert Pending().take(begun + 60, lambda: True) == frozenset()
    assert time.monotonic() - begun < 30
