"""Processes that decode end with whoever made them, and leave nothing behind while they live."""

from __future__ import annotations

import gc
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from omnisearch.errors import DecoderError, PoolError
from omnisearch.media.pool.ask import Ask
from omnisearch.media.pool.decoder import Decoder
from omnisearch.media.pool.limits import Limits
from omnisearch.media.pool.nursery import Nursery
from omnisearch.media.pool.pool import Pool
from omnisearch.media.pool.started import Started
from tests.media.families import Family, alive, children_of

ROOT = Path(__file__).parents[2]
MISCONDUCT = "tests.media.misconduct:pieces"
WORKS = '{"good": 2}'
LONG_S = 120.0


@pytest.fixture
def family() -> Family:
    return Family()


def decode(pool: Pool, name: str) -> int:
    with Path(__file__).open("rb") as file:
        return len(list(pool.decode(file.fileno(), Ask(name))))


def are_gone(processes: list[int]) -> bool:
    """Tell whether they end; those that would not stay for an hour."""
    deadline_s = time.monotonic() + LONG_S
    while alive(processes) and time.monotonic() < deadline_s:
        time.sleep(0.01)
    return not alive(processes)


@contextmanager
def keeper(how: str) -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    """Run a program that decodes, in a session of its own as from a terminal."""
    command = [sys.executable, "-m", "tests.media.keeper", how]
    surroundings = dict(os.environ, PYTHONPATH=str(ROOT))
    with subprocess.Popen(
        command, cwd=ROOT, env=surroundings, stdout=subprocess.PIPE, text=True, process_group=0
    ) as found:
        assert found.stdout is not None
        yield found, json.loads(found.stdout.readline())
        found.kill()


@pytest.mark.parametrize("how", ["sleep", "spin", "flood"])
def test_all_die_with_the_parent(how: str) -> None:
    with keeper(how) as (parent, processes):
        assert len(processes) == 2
        parent.kill()
        parent.wait()
        assert are_gone(processes)


def test_an_interrupt_reaches_the_parent_only() -> None:
    with keeper("sleep") as (parent, processes):
        os.killpg(parent.pid, signal.SIGINT)  # as the terminal does at Ctrl-C
        assert parent.stdout is not None
        assert parent.stdout.readline() == "interrupted, then 3 pieces\n"
        assert parent.wait(LONG_S) == 0
        assert are_gone(processes)


def test_workers_die_with_what_made_them_and_are_made_again(family: Family) -> None:
    with Pool(MISCONDUCT, workers=2) as pool:
        decode(pool, WORKS)
        (zygote,) = family.children()
        workers = children_of(zygote)
        os.kill(zygote, signal.SIGKILL)
        assert are_gone([zygote, *workers])
        assert decode(pool, WORKS) == 2


def test_a_worker_that_died_idle_costs_no_file(family: Family) -> None:
    with Pool(MISCONDUCT, workers=1) as pool:
        decode(pool, WORKS)
        (zygote,) = family.children()
        (worker,) = children_of(zygote)
        os.kill(worker, signal.SIGKILL)
        assert are_gone([worker])
        assert decode(pool, WORKS) == 2
        assert worker not in children_of(zygote)  # no zombie


def test_a_pool_that_nobody_closed_ends_with_its_last_reference(family: Family) -> None:
    pool = Pool(MISCONDUCT, workers=1)
    decode(pool, WORKS)
    (zygote,) = family.children()
    workers = children_of(zygote)
    del pool
    gc.collect()
    assert are_gone([zygote, *workers])
    assert family.children() == []  # no zombie


def test_what_uses_the_processor_while_nobody_waits_is_killed(family: Family) -> None:
    with Pool(MISCONDUCT, workers=1, limits=Limits(item_s=1.0)) as pool:
        with Path(__file__).open("rb") as file:
            coming = pool.decode(file.fileno(), Ask("spin"))
            next(coming)
            (zygote,) = family.children()
            assert are_gone(children_of(zygote))  # after a second of processor
            with pytest.raises(DecoderError, match="used more of the processor than it may"):
                next(coming)


def test_too_few_descriptors_are_told() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with Pool(MISCONDUCT, workers=1) as pool, Path(__file__).open("rb") as file:
        pool.layers()
        resource.setrlimit(resource.RLIMIT_NOFILE, (file.fileno() + 2, hard))
        try:
            with pytest.raises(PoolError, match=r"can be made \(.*Too many open files"):
                list(pool.decode(file.fileno(), Ask(WORKS)))
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert decode(pool, WORKS) == 2


def test_closing_wakes_whoever_waits(family: Family) -> None:
    with Pool(MISCONDUCT, workers=1) as pool, ThreadPoolExecutor(2) as threads:
        waiting = [threads.submit(decode, pool, "sleep") for _ in range(2)]  # one has no worker
        while not any(children_of(one) for one in family.children()):
            time.sleep(0.01)
        processes = family.children()
        pool.close()
        for one in waiting:
            with pytest.raises(PoolError, match="closed"):
                one.result(LONG_S)  # what they wait for takes an hour
    assert are_gone(processes)
    pool.close()
    with pytest.raises(PoolError, match="closed"):
        decode(pool, WORKS)


def test_closing_while_the_first_worker_is_made_says_so(family: Family) -> None:
    with Pool(MISCONDUCT, workers=1) as pool, ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(decode, pool, WORKS)
        while pool._free:
            time.sleep(0.001)
        pool.close()  # a new Python imports meanwhile
        with pytest.raises(PoolError, match="the pool was closed while it was in use"):
            waiting.result(LONG_S)
    assert family.children() == []


def test_a_forked_process_makes_a_pool_of_its_own() -> None:
    with Pool(MISCONDUCT, workers=1) as pool:
        decode(pool, WORKS)
        process = os.fork()
        if process == 0:
            with suppress(PoolError):
                decode(pool, WORKS)
                os._exit(1)
            pool.close()  # which is not its own
            os._exit(0)
        assert os.waitpid(process, 0)[1] == 0
        assert decode(pool, WORKS) == 2


@pytest.mark.parametrize(
    ("extractor", "reason"),
    [
        ("tests.media.nowhere:pieces", "No module named 'tests.media.nowhere'"),
        ("tests.media.misconduct:nothing", "has no attribute 'nothing'"),
    ],
)
def test_what_cannot_be_imported_is_told_at_the_first_file(
    extractor: str, reason: str, family: Family
) -> None:
    with Pool(extractor, workers=1) as pool, pytest.raises(PoolError) as caught:
        decode(pool, WORKS)
    assert reason in str(caught.value)
    assert str(caught.value).endswith("install omnisearch again")
    assert family.children() == []


def test_no_workers_are_no_pool() -> None:
    with pytest.raises(ValueError, match="0 workers"):
        Pool(workers=0)


@pytest.mark.alone
def test_a_worker_starts_sooner_than_the_first() -> None:
    """That one waits for a new Python and its imports; 5 to 20 ms then, where little else runs."""
    nursery, times_s = Nursery(Started(MISCONDUCT, Limits()), Limits()), []
    for _ in range(9):
        since_s = time.perf_counter()
        decoder = Decoder(nursery, Limits())
        with Path(__file__).open("rb") as file:
            assert len(list(decoder.pieces(file.fileno(), Ask('{"good": 1}')))) == 1
        times_s.append(time.perf_counter() - since_s)
        decoder.end()
    nursery.close()
    # until its first file is decoded; others may be busy beside, so the quickest tells
    assert min(times_s[1:]) < times_s[0] / 3


@pytest.mark.slow
def test_1_000_files_leave_nothing_behind(family: Family) -> None:
    limits = Limits(items=50)
    with Pool(MISCONDUCT, workers=2, limits=limits) as pool:
        for number in range(1000):
            if number == 200:
                begin = _held()
            with suppress(DecoderError):
                decode(pool, "crash" if number % 20 == 0 else '{"good": 2, "size": 100000}')
        descriptors, resident = _held()
        (zygote,) = family.children()
        assert len(children_of(zygote)) <= 2
        assert len(list(Path(f"/proc/{zygote}/fd").iterdir())) <= 5
    assert descriptors <= begin[0]
    assert resident - begin[1] < 4 << 20
    assert family.children() == []


def test_a_worker_given_up_while_its_thread_asks_is_ended_later() -> None:
    nursery = Nursery(Started(MISCONDUCT, Limits()), Limits())
    first, second = nursery.born(), nursery.born()
    nursery._asking = True  # as where pieces are collected between a question and its answer
    assert nursery.end(first.process) is None
    nursery._asking = False
    assert nursery.end(second.process) == signal.SIGKILL
    assert are_gone([first.process, second.process])
    for one in (first, second):
        one.channel.close()
        one.ring.close()
    nursery.close()


def test_large_pieces_leave_no_memory_behind(family: Family) -> None:
    with Pool(MISCONDUCT, workers=1) as pool:
        decode(pool, '{"good": 4, "size": 8000000}')  # 32 MB each
        (zygote,) = family.children()
        (worker,) = children_of(zygote)
        told = dict(
            line.split(":", 1) for line in Path(f"/proc/{worker}/status").read_text().splitlines()
        )
        assert int(told["RssShmem"].split()[0]) < 1024  # kB
        assert int(told["VmHWM"].split()[0]) > 60_000


def _held() -> tuple[int, int]:
    """Give how many descriptors are open, and how much memory is in use."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return len(list(Path("/proc/self/fd").iterdir())), pages * resource.getpagesize()
