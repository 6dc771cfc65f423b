"""The stage `features`: what the frozen towers make of every picture, frame, page, sound and text.

Row i of `features/STEM.npy` belongs to row i of `data/STEM.arrow`. A file is filled in chunks under
another name; how far it is stands beside it, so an interrupted run goes on at the next chunk.
"""

from __future__ import annotations

import hashlib
import os
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from itertools import groupby
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from omnisearch.training import stored
from omnisearch.training.data import tables
from omnisearch.training.lab import Lab, Options, write_json
from omnisearch.training.towers import captions, extraction, frozen
from omnisearch.training.towers.extraction import Chunk

Found = tuple["Job", Chunk, npt.NDArray[np.float16]]
CHUNK = 256  # rows of a file between two marks of progress
_AHEAD = 4  # chunks that are made while the first of them is written
_VIEWED = ("emoji", "clipart", "icon", "mono")  # kinds that get an augmented view


@dataclass(frozen=True)
class Job:
    """One file of features to make, and what it is made from."""

    name: str
    stem: str
    reader: str  # of extraction.READERS
    rows: int
    digest: str  # of the Arrow file, the tower and the code that reads them

    @property
    def chunks(self) -> list[tuple[int, int]]:
        """First and last row of each chunk."""
        return [(at, min(at + CHUNK, self.rows)) for at in range(0, self.rows, CHUNK)]


def load(lab: Lab, stem: str, view: str | None = None) -> npt.NDArray[np.float16]:
    """Open the features of a file, memory-mapped; `view` is "sound" or "view1"."""
    path = lab.features / f"{stem if view is None else f'{stem}.{view}'}.npy"
    found: npt.NDArray[np.float16] = stored.array(path)
    return found


def load_view(lab: Lab, stem: str) -> npt.NDArray[np.float16]:
    """Open the augmented view of a file of pictures, or what was seen first where it has none."""
    viewed = (lab.features / f"{stem}.view1.npy").exists()
    return load(lab, stem, "view1" if viewed else None)


def digest(lab: Lab, name: str) -> str:
    """Tell features from other ones: what they were made from."""
    return str(stored.table(lab.features / f"{name}.json")["digest"])


def build(lab: Lab, options: Options) -> Mapping[str, object]:
    """Make the features of every file that has none of its present content."""
    _list_texts(lab)
    jobs = [*_jobs(lab)]
    waiting = [job for job in jobs if _state(lab, job)["rows"] < job.rows]
    total = sum(job.rows - _state(lab, job)["rows"] for job in waiting)
    with ExitStack() as stack:
        bar = stack.enter_context(lab.progress("features", total, "rows"))
        pool = None
        if options.threads > 1:
            context = get_context("spawn")  # ONNX Runtime's threads do not live through a fork
            pool = stack.enter_context(ProcessPoolExecutor(2, mp_context=context))
        found = _results(lab, waiting, pool)
        for job, chunks in groupby(found, key=lambda one: one[0]):
            for rows in _fill(lab, job, chunks):
                bar.update(rows)
    return {job.name: {"rows": job.rows, "shape": [*load(lab, job.name).shape]} for job in jobs}


def _jobs(lab: Lab) -> Iterator[Job]:
    for path in sorted(lab.data.glob("*.arrow")):
        kind = path.stem.partition("-")[0]
        for suffix, reader in extraction.KINDS.get(kind, {}).items():
            if suffix == ".view1" and not _has_views(path):
                continue
            if suffix == ".sound" and tables.read(path, ["pcm"])["pcm"].null_count == len(
                tables.read(path, ["pcm"])
            ):
                continue
            name = f"{path.stem}{suffix}"
            digest = _digest(path, lab, reader)
            yield Job(name, path.stem, reader, tables.count(path), digest)
    yield _text_job(lab)


def _has_views(path: Path) -> bool:
    kinds = tables.read(path, ["kind"])["kind"].unique().to_pylist()
    return any(kind in _VIEWED for kind in kinds)


def _list_texts(lab: Lab) -> None:
    """Write the list of all texts; vectors of those that were known are carried over."""
    path = lab.features / "texts.arrow"
    named = (text for one in frozen.class_texts(lab) for text in one)
    every = dict.fromkeys((*captions.every(lab), *named))
    known = _listed(path)
    if known and {*known} == {*every}:
        return
    whole = bool(known) and _whole(lab)
    rows = [row for row, text in enumerate(known) if text in every] if whole else []
    vectors = load(lab, "texts")[rows] if rows else None
    kept = [known[row] for row in rows]
    fresh = every.keys() - {*kept}
    ordered = [*kept, *(text for text in every if text in fresh)]
    (lab.features / "texts.npy").unlink(missing_ok=True)
    tables.write(path, captions.SCHEMA, ({"text": text} for text in ordered), batch=65536)
    if vectors is not None:
        job, done = _text_job(lab), len(rows) // CHUNK * CHUNK
        _open(lab, job, vectors.shape[1:], 0)[: len(rows)] = vectors
        write_json(_mark(lab, job), {**asdict(job), "rows": done})


def _listed(path: Path) -> list[str]:
    """Read the list of texts; where there is none, or a damaged one, it is made again."""
    try:
        texts: list[str] = tables.read(path, ["text"])["text"].to_pylist()
    except (FileNotFoundError, stored.DamagedError):
        return []
    return texts


def _text_job(lab: Lab) -> Job:
    texts = lab.features / "texts.arrow"
    return Job("texts", "texts", "text", tables.count(texts), _digest(texts, lab, "text"))


def _whole(lab: Lab) -> bool:
    job = _text_job(lab)
    return bool(_state(lab, job)["rows"] == job.rows)


def _digest(path: Path, lab: Lab, reader: str) -> str:
    """Tell a tower and what it reads from others; other columns of the file may change."""
    digest = hashlib.blake2b(str(extraction.VERSION).encode(), digest_size=16)
    with extraction.weights(lab, reader).open("rb") as file:
        digest.update(hashlib.file_digest(file, "sha256").digest())
    for batch in tables.read(path, extraction.COLUMNS[reader]).to_batches():
        digest.update(batch.serialize())
    return digest.hexdigest()


def _state(lab: Lab, job: Job) -> dict[str, Any]:
    """Tell how many rows of a job are made and can be read."""
    state = stored.known(_mark(lab, job))
    ended = state.get("rows") == job.rows
    path = lab.features / f"{job.name}.npy" if ended else _partial(lab, job)
    same = state.get("digest") == job.digest and _rows(path) == job.rows
    return state if same else {**asdict(job), "rows": 0}


def _rows(path: Path) -> int | None:
    try:
        return len(stored.array(path))
    except stored.DamagedError:
        return None


def _fill(lab: Lab, job: Job, chunks: Iterable[Found]) -> Iterator[int]:
    """Write chunks of a file in order, and how far it is; gives the rows of each."""
    target: np.memmap[Any, Any] | None = None
    for _, chunk, found in chunks:
        if target is None:
            target = _open(lab, job, found.shape[1:], chunk.start)
        target[chunk.start : chunk.stop] = found
        target.flush()
        if chunk.stop == job.rows:
            _partial(lab, job).replace(lab.features / f"{job.name}.npy")
        write_json(_mark(lab, job), {**asdict(job), "rows": chunk.stop})
        yield chunk.stop - chunk.start


def _results(lab: Lab, jobs: Sequence[Job], pool: ProcessPoolExecutor | None) -> Iterator[Found]:
    """Make the missing chunks of files in order; the next file begins while one ends."""
    done = {job: int(_state(lab, job)["rows"]) for job in jobs}
    left = [
        (job, Chunk(lab.root, job.stem, job.reader, a, b))
        for job in jobs
        for a, b in job.chunks
        if a >= done[job]
    ]
    if pool is None:
        yield from ((job, chunk, extraction.extract(chunk)) for job, chunk in left)
        return
    running: deque[tuple[Job, Chunk, Future[npt.NDArray[np.float16]]]] = deque()
    for job, chunk in left:
        running.append((job, chunk, pool.submit(extraction.extract, chunk)))
        if len(running) > _AHEAD:
            yield _first(running)
    while running:
        yield _first(running)


def _first(running: deque[tuple[Job, Chunk, Future[npt.NDArray[np.float16]]]]) -> Found:
    job, chunk, future = running.popleft()
    return job, chunk, future.result()


def _open(lab: Lab, job: Job, shape: tuple[int, ...], done: int) -> np.memmap[Any, Any]:
    path = _partial(lab, job)
    if done:
        return np.lib.format.open_memmap(path, mode="r+")
    whole = (job.rows, *shape)
    target = np.lib.format.open_memmap(path, mode="w+", dtype=np.float16, shape=whole)
    with path.open("r+b") as file:  # a full disk is an error here; under a map it would be a signal
        os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
    return target


def _partial(lab: Lab, job: Job) -> Path:
    return lab.features / f"{job.name}.part"


def _mark(lab: Lab, job: Job) -> Path:
    return lab.features / f"{job.name}.json"
