"""A life of a collection, step by step from a seed, with the oracle: which rows are there after it.

Every step but upkeep is one generation, so the state after generation g is `History[g]`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any

import numpy as np

from omnisearch.collection import Collection
from omnisearch.storage import compaction, maintenance

DIM = 8
MOST_ROWS = 400
UPKEEP = ("compact", "seal", "due", "snapshot", "reopen", "reclaim")
Metadata = dict[str, Any]
Row = tuple[bytes, Metadata]  # the vector's float32 bytes, and the metadata without nulls
Rows = dict[str, Row]

# Every writing call and every upkeep, before and behind one another.
WHOLE = (
    "add add upsert update delete seal add upsert delete seal due update delete_where compact add "
    "reopen transaction delete seal reclaim purge add compact delete snapshot seal due add "
    "reclaim upsert"
).split()
BUSY = "add upsert delete update add delete_where upsert add compact transaction seal".split()
SHORT = "add upsert delete seal add delete seal compact reclaim update reopen add".split()


@dataclass(frozen=True, slots=True)
class Step:
    """One call: `bound` is for `delete_where` only."""

    kind: str
    generation: int  # after it
    ids: tuple[str, ...] = ()
    vectors: np.ndarray = field(default_factory=lambda: np.empty((0, DIM), "f4"))
    metadata: tuple[Metadata, ...] = ()
    bound: int = 0


class Story:
    """Steps without end; iterating gives each step and the rows after it."""

    def __init__(self, kinds: list[str], seed: int, rows: int = 12) -> None:
        self._kinds, self._rows = kinds, rows
        self._random = np.random.default_rng(seed)
        self._named = 0

    def __iter__(self) -> Iterator[tuple[Step, Rows]]:
        rows: Rows = {}
        generation = 0
        for kind in cycle(self._kinds):
            generation += kind not in UPKEEP
            wanted = self._possible(kind, rows)
            step = self._step(wanted, generation, rows)
            rows = after(step, rows)
            yield step, rows

    def _possible(self, kind: str, rows: Rows) -> str:
        if len(rows) > MOST_ROWS and kind in ("add", "upsert", "transaction"):
            return "delete"
        return kind if rows or kind in UPKEEP else "add"

    def _step(self, kind: str, generation: int, rows: Rows) -> Step:
        count = int(self._random.integers(1, self._rows))
        new = [f"row {self._named + i}" for i in range(count)]
        old = [str(name) for name in self._random.permutation(sorted(rows))[: count // 2 + 1]]
        match kind:
            case "add":
                return self._rows_step(kind, generation, new)
            case "upsert" | "transaction":
                return self._rows_step(kind, generation, [*old, *new])
            case "update":
                merged = tuple({"n": i, "tag": None} for i in range(len(old)))
                return Step(kind, generation, tuple(old), metadata=merged)
            case "delete" | "purge":
                return Step(kind, generation, tuple(old))
            case "delete_where":
                lowest = min(int(metadata["n"]) for _, metadata in rows.values())
                return Step(kind, generation, bound=lowest + 1)
        return Step(kind, generation)

    def _rows_step(self, kind: str, generation: int, ids: list[str]) -> Step:
        self._named += len(ids)
        vectors = self._random.normal(size=(len(ids), DIM)).astype("f4")
        metadata = tuple(
            {"n": i, "tag": "even" if i % 2 else "odd", "text": "words " * (i % 5)}
            for i in range(len(ids))
        )
        return Step(kind, generation, tuple(ids), vectors, metadata)


def after(step: Step, rows: Rows) -> Rows:
    """Say what the rows are after a step; nothing of omnisearch is used here."""
    match step.kind:
        case "add" | "upsert" | "transaction":
            pairs = zip(step.ids, step.vectors, step.metadata, strict=True)
            rows = {**rows, **{name: (vector.tobytes(), data) for name, vector, data in pairs}}
            if step.kind == "transaction":
                del rows[step.ids[-1]]
        case "update":
            changed = zip(step.ids, step.metadata, strict=True)
            merged = {name: (rows[name][0], rows[name][1] | data) for name, data in changed}
            rows = {
                **rows,
                **{name: (vector, known(data)) for name, (vector, data) in merged.items()},
            }
        case "delete" | "purge":
            rows = {name: row for name, row in rows.items() if name not in step.ids}
        case "delete_where":
            rows = {name: row for name, row in rows.items() if row[1]["n"] >= step.bound}
    return rows


def known(metadata: Mapping[str, Any]) -> Metadata:
    return {name: value for name, value in metadata.items() if value is not None}


def apply(step: Step, collection: Collection) -> None:
    """Do a step on a collection; `reopen` is for the caller."""
    if step.kind in UPKEEP:
        _keep_up(step, collection)
        return
    match step.kind:
        case "add":
            collection.add_vectors(step.ids, step.vectors, metadata=step.metadata)
        case "upsert":
            collection.upsert(step.ids, step.vectors, metadata=step.metadata)
        case "transaction":
            with collection.transaction():
                collection.upsert(step.ids, step.vectors, metadata=step.metadata)
                collection.delete([step.ids[-1]])
        case "update":
            collection.update(step.ids, metadata=step.metadata)
        case "delete" | "purge":
            collection.delete(step.ids, purge=step.kind == "purge")
        case "delete_where":
            collection.delete(where="n < :bound", params={"bound": step.bound})


def _keep_up(step: Step, collection: Collection) -> None:
    match step.kind:
        case "compact":
            collection.compact()
        case "seal":
            seal(collection)
        case "due":
            compact_due(collection)
        case "snapshot":
            taken = len(list(collection.path.parent.glob("snapshot *")))
            copy = f"snapshot {step.generation} {taken}"
            collection.snapshot(collection.path.with_name(copy))


def seal(collection: Collection) -> None:
    """Do at once what is done behind writes when the tail is long."""
    maintenance.seal(collection._handle.need())


def compact_due(collection: Collection) -> None:
    """Do at once what is done behind writes when many rows of a shard are deleted."""
    maintenance.compact(collection._handle.need(), compaction.when_due)


def rows_of(collection: Collection) -> Rows:
    """Read every row as it is stored."""
    records = collection.iterate(vectors=True)
    return {
        record.id: (np.asarray(record.vector, "f4").tobytes(), known(record.metadata))
        for record in records
    }
