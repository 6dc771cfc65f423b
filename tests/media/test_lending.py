"""A zygote that is kept for forks: each has a copy of its own, which ends with it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from omnisearch.errors import DecoderError
from omnisearch.media.pool.ask import Ask
from omnisearch.media.pool.lending import Lender
from omnisearch.media.pool.limits import Limits
from omnisearch.media.pool.pool import Pool
from omnisearch.media.pool.zygote import NAME
from tests.cli.terminal import until
from tests.media.families import alive, children_of

MISCONDUCT = "tests.media.misconduct:pieces"


@pytest.fixture
def lender() -> Iterator[Lender]:
    found = Lender(MISCONDUCT, Limits())
    yield found
    found.close()


def decoded(lender: Lender, name: str) -> int:
    """Count the pieces that come of a copy, or of what is started where there is none."""
    with Pool(MISCONDUCT, 1, Limits(), lender) as pool, Path(__file__).open("rb") as file:
        return len(list(pool.decode(file.fileno(), Ask(name))))


def forked(work: Callable[[], int]) -> int:
    """Do something in a fork, which ends with what it gives."""
    process = os.fork()
    if process == 0:
        code = 99
        try:
            code = work()
        finally:
            os._exit(code)
    return process


def code_of(process: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def test_forks_side_by_side_have_copies_and_leave_none(lender: Lender) -> None:
    forks = [forked(lambda: decoded(lender, '{"good": 3}')) for _ in range(4)]
    assert [code_of(one) for one in forks] == [3, 3, 3, 3]
    until(lambda: not children_of(lender.process))
    assert Path(f"/proc/{lender.process}/comm").read_text().strip() == NAME


def test_a_crash_costs_one_file_of_one_fork(lender: Lender) -> None:
    def work() -> int:
        try:
            return decoded(lender, "crash")
        except DecoderError:
            return 42

    assert code_of(forked(work)) == 42
    assert code_of(forked(lambda: decoded(lender, '{"good": 2}'))) == 2


def test_a_fork_that_is_killed_takes_its_copy_and_what_hangs_there(lender: Lender) -> None:
    fork = forked(lambda: decoded(lender, "sleep"))
    family: list[int] = []

    def works() -> bool:
        copies = children_of(lender.process)
        family[:] = [*copies, *(one for copy in copies for one in children_of(copy))]
        return len(family) == 2

    until(works)
    os.kill(fork, signal.SIGKILL)
    code_of(fork)
    until(lambda: not alive(family))
    until(lambda: not children_of(lender.process))  # no zombie either


def test_a_copy_outlives_what_it_was_made_of() -> None:
    lender = Lender(MISCONDUCT, Limits())
    ours, theirs = os.pipe()

    def work() -> int:
        with Pool(MISCONDUCT, 1, Limits(), lender) as pool, Path(__file__).open("rb") as file:
            coming = pool.decode(file.fileno(), Ask('{"good": 3}'))
            next(coming)
            os.write(theirs, b".")
            until(lambda: not alive([lender.process]))
            return 1 + len(list(coming))

    fork = forked(work)
    assert os.read(ours, 1) == b"."
    lender.close()
    assert code_of(fork) == 3
    os.close(ours)
    os.close(theirs)


def test_without_the_kept_one_a_fork_starts_its_own(lender: Lender) -> None:
    os.kill(lender.process, signal.SIGKILL)
    until(lambda: lender.gone)
    assert code_of(forked(lambda: decoded(lender, '{"good": 2}'))) == 2


def test_a_process_gets_one_copy(lender: Lender) -> None:
    def work() -> int:
        return int(lender.lend() is not None) + 2 * int(lender.lend() is None)

    assert code_of(forked(work)) == 3


def test_it_ends_with_whoever_keeps_it() -> None:
    ours, theirs = os.pipe()

    def work() -> int:
        os.write(theirs, str(Lender(MISCONDUCT, Limits()).process).encode())
        signal.pause()
        return 0

    keeper = forked(work)
    process = int(os.read(ours, 20))
    os.kill(keeper, signal.SIGKILL)
    code_of(keeper)
    until(lambda: not alive([process]))
    os.close(ours)
    os.close(theirs)
