"""A real disk that is too small, and a real limit on the size of a file."""

from __future__ import annotations

import resource
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.queues import Queue
from pathlib import Path

import numpy as np

import omnisearch as om
from omnisearch.collection import Collection
from tests.crash.invariants import unlisted

DIM, ROWS = 64, 100
KIB = 1 << 10


@dataclass(slots=True)
class Limits:
    """How many limits were met, and what was wrong behind which."""

    met: int = 0
    failures: list[str] = field(default_factory=list)


@contextmanager
def tmpfs(size_kib: int) -> Iterator[Path]:
    """Mount a file system of this size; only root can."""
    with tempfile.TemporaryDirectory() as name:
        command = ["mount", "-t", "tmpfs", "-o", f"size={size_kib}k", "tmpfs", name]
        subprocess.run(command, check=True, capture_output=True)
        try:
            yield Path(name)
        finally:
            subprocess.run(["umount", "--lazy", name], check=True, capture_output=True)


def fill_disks(sizes_kib: range) -> Limits:
    """Write until each small disk is full; everything promised stays, space given is used."""
    limits = Limits()
    for size in sizes_kib:
        with tmpfs(size) as disk:
            ballast = disk / "ballast"
            ballast.write_bytes(b"b" * 64 * KIB)
            _note(limits, f"a disk of {size} KiB", lambda d=disk, b=ballast: _fill(d, b))
    return limits


def limit_file_sizes(sizes_kib: range) -> Limits:
    """Write in a process that may not make large files."""
    limits = Limits()
    context = get_context("spawn")
    for size in sizes_kib:
        with tempfile.TemporaryDirectory() as name:
            answers: Queue[str] = context.Queue()
            process = context.Process(target=_limited, args=(Path(name) / "c", size, answers))
            process.start()
            fault = answers.get(timeout=600)
            process.join()
            _note(limits, f"files of {size} KiB", lambda n=name, f=fault: _open_again(Path(n), f))
    return limits


def _note(limits: Limits, what: str, trial: Iterator[None] | object) -> None:
    limits.met += 1
    assert callable(trial)
    try:
        trial()
    except Exception as error:  # whatever escapes is the finding
        limits.failures.append(f"{what}: {type(error).__name__}: {error}")


def _vectors(batch: int) -> np.ndarray:
    return np.random.default_rng(batch).normal(size=(ROWS, DIM)).astype("f4")


def _ids(batch: int) -> list[str]:
    return [f"{batch}-{i}" for i in range(ROWS)]


def write_until_refused(collection: Collection) -> int:
    """Add batches, seal now and then; give the number of batches that were promised."""
    for batch in range(100_000):
        try:
            collection.add_vectors(_ids(batch), _vectors(batch))
        except om.errors.StorageError:
            return batch
        if batch % 8 == 7:
            try:
                collection.compact()
            except om.errors.StorageError:
                return batch + 1
    raise AssertionError("the disk is never full")


def check_batches(collection: Collection, batches: int) -> None:
    """All rows of the promised batches are there, and nothing else."""
    assert collection.count() == batches * ROWS
    for batch in range(batches):
        records = collection.get(_ids(batch), vectors=True)
        found = [record.vector for record in records if record is not None]
        assert np.array_equal(np.array(found, "f4"), _vectors(batch)), f"batch {batch}"
    if batches:
        assert collection.search(_vectors(0)[0], k=1)[0].id == "0-0"


def _fill(disk: Path, ballast: Path) -> None:
    collection = om.open(disk / "c", metric="l2")
    batches = write_until_refused(collection)
    if batches:
        check_batches(collection, batches)
        collection.close()
        with om.open(disk / "c", mode="r") as reader:
            check_batches(reader, batches)
        collection = om.open(disk / "c", metric="l2")
    ballast.unlink()
    collection.add_vectors(_ids(batches), _vectors(batches))
    check_batches(collection, batches + 1)
    collection.close()
    om.reclaim(disk / "c")
    assert unlisted(disk / "c") == []
    assert om.doctor(disk / "c").ok


def _limited(root: Path, size_kib: int, answers: Queue[str]) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_kib * KIB, resource.RLIM_INFINITY))
    try:
        with om.open(root, metric="l2") as collection:
            batches = write_until_refused(collection)
            if batches:
                check_batches(collection, batches)
        answers.put(str(batches))
    except Exception as error:  # whatever escapes is the finding
        answers.put(f"{type(error).__name__}: {error}")


def _open_again(folder: Path, fault: str) -> None:
    assert fault.isdigit(), fault
    with om.open(folder / "c", metric="l2") as collection:
        if int(fault):
            check_batches(collection, int(fault))
        collection.add_vectors(_ids(int(fault)), _vectors(int(fault)))
    om.reclaim(folder / "c")
    assert unlisted(folder / "c") == []
    assert om.doctor(folder / "c").ok
