"""Readers beside a writer see whole generations, and handles share or refuse as they should."""

from __future__ import annotations

import gc
import multiprocessing
import os
from pathlib import Path

import numpy as np
import pytest

import omnisearch as om
from tests.concurrency.crowd import read_beside_writer

pytestmark = pytest.mark.slow

ONE = np.ones((1, 4), "f4")


def test_every_answer_is_of_exactly_one_generation(tmp_path: Path) -> None:
    crowd = read_beside_writer(tmp_path, readers=4, seconds=6)
    assert crowd.failures == []
    assert crowd.answers > 200
    assert crowd.generations > 5


def test_two_handles_in_one_process_see_one_collection(tmp_path: Path) -> None:
    first, second = om.open(tmp_path / "c"), om.open(tmp_path / "c")
    first.add_vectors(["a"], ONE)
    second.add_vectors(["b"], ONE)
    assert first.count() == second.count() == 2
    first.close()
    assert second.add_vectors(["c"], ONE) == 3


def _writes(root: Path, results: multiprocessing.Queue[str]) -> None:
    try:
        with om.open(root) as collection:
            collection.upsert([str(os.getpid())], ONE)
            results.put("wrote")
            os.read(os.open(root.parent / "gate", os.O_RDONLY), 1)
    except om.errors.CollectionLockedError as error:
        assert str(root) in str(error)
        results.put("locked")
    except Exception as error:  # anything else is the finding
        results.put(f"{type(error).__name__}: {error}")


def _in_another_process(root: Path) -> str:
    context = multiprocessing.get_context("spawn")
    results: multiprocessing.Queue[str] = context.Queue()
    process = context.Process(target=_writes, args=(root, results), daemon=True)
    process.start()
    answer = results.get(timeout=300)
    process.kill()
    process.join()
    return answer


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    os.mkfifo(tmp_path / "gate")
    return tmp_path / "gate"


@pytest.mark.usefixtures("gate")
def test_a_dropped_handle_frees_the_lock(tmp_path: Path) -> None:
    collection = om.open(tmp_path / "c")
    collection.add_vectors(["a"], ONE)
    assert _in_another_process(tmp_path / "c") == "locked"
    del collection
    gc.collect()
    assert _in_another_process(tmp_path / "c") == "wrote"


@pytest.mark.usefixtures("gate")
def test_a_closed_handle_frees_the_lock(tmp_path: Path) -> None:
    with om.open(tmp_path / "c") as collection:
        collection.add_vectors(["a"], ONE)
    assert _in_another_process(tmp_path / "c") == "wrote"
    with pytest.raises(ValueError, match="closed"):
        collection.count()


def test_one_of_eight_racing_writers_wins(tmp_path: Path, gate: Path) -> None:
    context = multiprocessing.get_context("spawn")
    results: multiprocessing.Queue[str] = context.Queue()
    arguments = (tmp_path / "c", results)
    crowd = [context.Process(target=_writes, args=arguments, daemon=True) for _ in range(8)]
    for process in crowd:
        process.start()
    answers = [results.get(timeout=300) for _ in crowd]
    with gate.open("wb", buffering=0) as stream:
        stream.write(b"x" * 8)
        for process in crowd:
            process.join()
    assert sorted(answers) == ["locked"] * 7 + ["wrote"]


def test_a_reader_lives_beside_a_writer_of_the_same_process(tmp_path: Path) -> None:
    with om.open(tmp_path / "c") as writer:
        writer.add_vectors(["a"], ONE)
        with om.open(tmp_path / "c", mode="r") as reader:
            writer.add_vectors(["b"], ONE)
            assert reader.count() == 2
            with pytest.raises(om.errors.ReadOnlyError):
                reader.add_vectors(["c"], ONE)


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_gets_a_clear_error(tmp_path: Path) -> None:
    collection = om.open(tmp_path / "c")
    collection.add_vectors(["a"], ONE)
    child = os.fork()
    if child == 0:
        try:
            collection.search(ONE[0])
        except RuntimeError as error:
            os._exit(0 if "fork" in str(error) else 1)
        os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert collection.count() == 1
