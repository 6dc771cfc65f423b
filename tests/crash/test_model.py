"""Whatever is done in whatever order, a collection holds what a dictionary would hold."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

import omnisearch as om
from tests.crash.replay import folder_in_memory
from tests.crash.story import compact_due, known, rows_of, seal

pytestmark = pytest.mark.slow

DIM = 3
NAMES = st.lists(
    st.sampled_from([f"id {i}" for i in range(12)]), min_size=1, max_size=6, unique=True
)
PLACES = st.integers(-3, 3).map(float)
METADATA = st.fixed_dictionaries(
    {}, optional={"n": st.none() | st.integers(-3, 3), "tag": st.none() | st.sampled_from("ab")}
)


class CollectionModel(RuleBasedStateMachine):
    """A collection beside a dictionary of id to vector and metadata."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory(dir=folder_in_memory())
        self._root = Path(self._folder.name) / "c"
        self._rows: dict[str, tuple[bytes, dict[str, Any]]] = {}
        self._generation = 0

    @initialize()
    def open(self) -> None:
        self._collection = om.open(self._root, metric="l2", columns={"n": "int", "tag": "string"})

    @rule(names=NAMES, data=st.data())
    def upsert(self, names: list[str], data: st.DataObject) -> None:
        self._put(names, data)

    @rule(names=NAMES, data=st.data())
    def add(self, names: list[str], data: st.DataObject) -> None:
        new = [name for name in names if name not in self._rows]
        if new:
            self._put(new, data, adding=True)

    def _put(self, names: list[str], data: st.DataObject, *, adding: bool = False) -> None:
        vectors = np.array([[data.draw(PLACES) for _ in range(DIM)] for _ in names], "f4")
        metadata = [data.draw(METADATA) for _ in names]
        call = self._collection.add_vectors if adding else self._collection.upsert
        self._generation += 1
        assert call(names, vectors, metadata=metadata) == self._generation
        for name, vector, given in zip(names, vectors, metadata, strict=True):
            self._rows[name] = vector.tobytes(), known(given)

    @rule(names=NAMES, changed=METADATA)
    def update(self, names: list[str], changed: dict[str, Any]) -> None:
        stored = [name for name in names if name in self._rows]
        if stored:
            self._collection.update(stored, metadata=[changed] * len(stored))
            for name in stored:
                vector, before = self._rows[name]
                self._rows[name] = vector, known(before | changed)
        self._generation = self._collection.generation

    @rule(names=NAMES, purge=st.booleans())
    def delete(self, names: list[str], purge: bool) -> None:
        gone = [name for name in names if self._rows.pop(name, None) is not None]
        assert self._collection.delete(names, purge=purge) == len(gone)
        self._generation = self._collection.generation

    @rule(bound=st.integers(-3, 3))
    def delete_where(self, bound: int) -> None:
        gone = [i for i, (_, data) in self._rows.items() if data.get("n", bound) < bound]
        assert self._collection.delete(where=f"n < {bound}") == len(gone)
        for name in gone:
            del self._rows[name]
        self._generation = self._collection.generation

    @precondition(lambda self: self._generation)
    @rule()
    def seal(self) -> None:
        seal(self._collection)

    @precondition(lambda self: self._generation)
    @rule()
    def compact_due(self) -> None:
        compact_due(self._collection)

    @precondition(lambda self: self._generation)
    @rule()
    def compact(self) -> None:
        self._collection.compact()

    @rule()
    def reopen(self) -> None:
        self._collection.close()
        self.open()

    @rule(names=NAMES)
    def abandon_transaction(self, names: list[str]) -> None:
        try:
            with self._collection.transaction():
                self._collection.upsert(names, np.zeros((len(names), DIM), "f4"))
                assert self._collection.count() == len(self._rows.keys() | set(names))
                raise InterruptedError
        except InterruptedError:
            pass

    @invariant()
    @precondition(lambda self: hasattr(self, "_collection"))
    def holds_the_same_rows(self) -> None:
        assert self._collection.generation == self._generation
        assert self._collection.count() == len(self._rows)
        assert rows_of(self._collection) == self._rows

    @precondition(lambda self: self._rows)
    @rule(query=st.tuples(PLACES, PLACES, PLACES), k=st.integers(1, 20), bound=st.integers(-3, 3))
    def search(self, query: tuple[float, ...], k: int, bound: int) -> None:
        for where, rows in [(None, self._rows), (f"n >= {bound}", self._above(bound))]:
            distances = {
                name: -float(np.linalg.norm(np.frombuffer(vector, "f4") - np.array(query)))
                for name, (vector, _) in rows.items()
            }
            hits = list(self._collection.search(np.array(query, "f4"), k=k, where=where))
            best = sorted(distances.values(), reverse=True)[:k]
            assert [hit.score for hit in hits] == pytest.approx(best, abs=1e-4)
            assert [distances[hit.id] for hit in hits] == pytest.approx(best, abs=1e-4)

    def _above(self, bound: int) -> dict[str, tuple[bytes, dict[str, Any]]]:
        return {
            name: row
            for name, row in self._rows.items()
            if row[1].get("n") is not None and row[1]["n"] >= bound
        }

    def teardown(self) -> None:
        if hasattr(self, "_collection"):
            self._collection.close()
            assert not self._generation or om.doctor(self._root).ok
        self._folder.cleanup()


CollectionModel.TestCase.settings = settings(
    max_examples=40,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
test_collection_is_like_a_dictionary = CollectionModel.TestCase
