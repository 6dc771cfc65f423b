"""A collection with every kind of file, and the questions whose answers are known."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

import omnisearch as om
from omnisearch.locations import Root
from omnisearch.storage import changes
from omnisearch.storage.batch import Segments
from omnisearch.storage.ledger import Ledger
from omnisearch.storage.words.asking import ask as ask_words
from tests.crash.story import seal

DIM, ROWS, TAIL, BATCH = 8, 12_000, 40, 4_000
STEP = 1201  # rows between two that are asked for
GONE = frozenset(first + i for i in range(0, ROWS, 1000) for first in (0, 1))
SHARED = ("shards/", "codebooks/", "tombs/")
UNCHECKED = ("LOCK", ".gitignore", "*.pin")  # they hold nothing that is read


@dataclass(frozen=True, slots=True)
class Truth:
    """What a sound collection answers."""

    ids: list[str]
    vectors: np.ndarray
    numbers: list[int]
    gone: frozenset[int] = frozenset()


def truth(seed: int, count: int = ROWS + TAIL) -> Truth:
    """Make the rows of a specimen."""
    vectors = np.random.default_rng(seed).normal(size=(count, DIM)).astype("f4")
    return Truth([f"row {seed}-{i}" for i in range(count)], vectors, list(range(count)))


def build(root: Path, seed: int) -> Truth:
    """Make a collection with shards, codes, words, deleted rows, ledgers and a log tail."""
    rows = truth(seed)
    collection = om.open(root, metric="l2")
    for first in range(0, ROWS, BATCH):
        _add(collection, rows, first, first + BATCH)
    for number in (seed, seed + 1):
        collection._handle.need().write_ledger(ledger_of(number))
    collection.compact()
    _add(collection, rows, ROWS, ROWS + TAIL // 2)
    collection.delete(rows.ids[:ROWS:1000])
    seal(collection)
    _add(collection, rows, ROWS + TAIL // 2, ROWS + TAIL)
    collection.delete(rows.ids[1:ROWS:1000])
    collection.close()
    return replace(rows, gone=GONE)


def build_young(root: Path, seed: int) -> Truth:
    """Make a collection with nothing but a log."""
    rows = truth(seed, TAIL)
    with om.open(root, metric="l2") as collection:
        _add(collection, rows, 0, TAIL)
    return rows


def _add(collection: om.Collection, rows: Truth, first: int, end: int) -> None:
    metadata: list[dict[str, Any]] = [
        {"n": n, "tag": f"tag {n % 7}", "even": n % 2 == 0} for n in rows.numbers[first:end]
    ]
    names, vectors = rows.ids[first:end], rows.vectors[first:end]
    if not first:  # the first rows are without words
        collection.add_vectors(names, vectors, metadata=metadata)
        return
    for one, number in zip(metadata, rows.numbers[first:end], strict=True):
        one["segment.words"] = f"this is number {number} of many"
    count = len(names)
    kinds: tuple[Any, Any, Any] = [None] * count, ["content"] * count, ["text"] * count
    segments = Segments(names, *kinds, vectors, metadata)
    collection._handle.need().write(changes.keeping(segments))


def ledger_of(number: int) -> Ledger:
    """Make a ledger that tells its number."""
    return Ledger((Root(number, b"/home", 1, "folder"),), frozenset([f"{number}:a"]))


def files_of(root: Path) -> Iterator[str]:
    """List the files that matter, by their path inside."""
    for path in sorted(root.rglob("*")):
        if path.is_file() and not any(path.match(pattern) for pattern in UNCHECKED):
            yield str(path.relative_to(root))


def copy(root: Path, target: Path, changed: str) -> Path:
    """Copy a collection; what nobody locks, writes or is to damage is shared by hard links."""

    def link_or_copy(source: str, made: str) -> None:
        name = str(Path(source).relative_to(root))
        if name.startswith(SHARED) and name != changed:
            Path(made).hardlink_to(source)
        else:
            shutil.copyfile(source, made)

    shutil.copytree(root, target, copy_function=link_or_copy)
    return target / changed


@dataclass(frozen=True, slots=True)
class Question:
    """Something to ask, and the one right answer."""

    name: str
    ask: Callable[[om.Collection], object]
    answer: object


def questions(rows: Truth) -> list[Question]:
    """Ask for counts, ids, filters, single rows and neighbours."""
    alive = [i for i in rows.numbers if i not in rows.gone]
    even = sum(i % 2 == 0 for i in alive)
    asked = [
        Question("count", lambda c: c.count(), len(alive)),
        Question("where", lambda c: c.count(where="even = true"), even),
        Question("ids", lambda c: {r.id for r in c.iterate()}, {rows.ids[i] for i in alive}),
    ]
    asked += [_said(rows, number) for number in alive[BATCH + 5 :: STEP]]
    for number in alive[::STEP]:
        asked += [_nearest(rows, number), _stored(rows, number)]
    return asked


def _nearest(rows: Truth, number: int) -> Question:
    vector, where = rows.vectors[number], f"n = {number}"
    found = (rows.ids[number], number, f"tag {number % 7}")

    def ask(collection: om.Collection) -> object:
        hits = [*collection.search(vector, k=1), *collection.search(vector, k=3, where=where)]
        return {(hit.id, hit.metadata["n"], hit.metadata["tag"]) for hit in hits}

    return Question(f"nearest to {number}", ask, {found})


def _said(rows: Truth, number: int) -> Question:
    question = ask_words(f"number {number}")

    def ask(collection: om.Collection) -> object:
        now = collection._handle.need().reading()
        best = now.words.scores(question, now.shown, 1)
        return [now.id_at(position) for position in best.positions.tolist()]

    return Question(f"the words of {number}", ask, [rows.ids[number]])


def _stored(rows: Truth, number: int) -> Question:
    name = rows.ids[number]

    def ask(collection: om.Collection) -> object:
        (record,) = collection.get([name], vectors=True)
        assert record is not None, f"{name} is gone"
        return record.id, np.asarray(record.vector, "f4").tobytes()

    return Question(f"row {number}", ask, (name, rows.vectors[number].tobytes()))


def wrong_answers(root: Path, asked: list[Question]) -> tuple[list[str], int]:
    """Ask everything; an error is honest and counted, a wrong answer is not."""
    wrong, refused = [], 0
    try:
        collection = om.open(root, mode="r")
    except om.errors.OmnisearchError:
        return [], len(asked)
    with collection:
        for question in asked:
            try:
                answer = question.ask(collection)
            except om.errors.OmnisearchError:
                refused += 1
            else:
                wrong += [question.name] if answer != question.answer else []
    return wrong, refused
