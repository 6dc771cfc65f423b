"""What a file probably costs, by its name and size: decides what comes first, and tells the rest.

The seconds are those of one core where they were measured; a run learns its own ratio to them.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

from omnisearch.ingest.entries import Entry
from omnisearch.locations import Root
from omnisearch.records import Modality

Roots = Mapping[int, Root]
_FEWEST = 3  # files of a kind, before their own ratio is believed


@dataclass(frozen=True, slots=True)
class Cost:
    """What files of one kind cost; those of a lower order come first."""

    kind: Modality
    order: int
    file_s: float
    mb_s: float

    def seconds(self, size: int) -> float:
        """Give the seconds that a file of so many bytes takes."""
        return self.file_s + self.mb_s * size / 1e6


def cost_of(path: bytes) -> Cost:
    """Tell what a file costs, by the end of its name; what has none is probably text."""
    dot = path.rfind(b".")
    return _by_suffix().get(path[dot + 1 :].lower() if dot >= 0 else b"", _all()["text"])


def cost_in(roots: Roots, entry: Entry) -> Cost:
    """Tell what a file of some roots costs; one that is itself a root has the root's name."""
    return cost_of(entry.path or roots[entry.root].path)


def rank(cost: Cost, size: int) -> tuple[int, int]:
    """Say when a file's turn is: by its kind, and then the costly ones first.

    The last file of a run is then a small one, and no core waits for another for long.
    """
    return cost.order, -size if cost.order else 0


@dataclass(slots=True)
class Forecast:
    """What is left of a run, learnt from what is done; hold the run's lock."""

    roots: Roots = field(default_factory=dict)
    _left: dict[str, float] = field(default_factory=dict)
    _done: dict[str, tuple[int, float, float]] = field(default_factory=dict)
    _begun: float | None = None
    _last: float = 0.0

    def begin(self) -> None:
        """Note that files are read from now on."""
        if self._begun is None:
            self._begun = time.monotonic()

    def expect(self, entry: Entry) -> None:
        """Add a file that is to be read."""
        cost = cost_in(self.roots, entry)
        self._left[cost.kind] = self._left.get(cost.kind, 0.0) + cost.seconds(entry.size)

    def settle(self, entry: Entry) -> None:
        """Take away a file that is done with."""
        cost = cost_in(self.roots, entry)
        self._left[cost.kind] = max(self._left.get(cost.kind, 0.0) - cost.seconds(entry.size), 0.0)

    def learn(self, entry: Entry, seconds: float) -> None:
        """Note what a file took indeed, of all threads together."""
        cost = cost_in(self.roots, entry)
        files, told, took = self._done.get(cost.kind, (0, 0.0, 0.0))
        self._done[cost.kind] = files + 1, told + cost.seconds(entry.size), took + seconds
        self._last = time.monotonic()

    @property
    def left(self) -> dict[str, float]:
        """Give the seconds of all threads that each kind still takes; {} while unknown."""
        if not self._done:
            return {}
        overall = _ratio(self._done.values())
        known = {kind: _ratio([one]) for kind, one in self._done.items() if one[0] >= _FEWEST}
        return {kind: told * known.get(kind, overall) for kind, told in self._left.items()}

    @property
    def pace(self) -> float:
        """Give how many seconds of threads pass in one second."""
        spent = sum(took for _, _, took in self._done.values())
        passed = self._last - (self._begun or self._last)
        return max(spent / passed, 0.5) if passed > 0 else 1.0

    @property
    def left_s(self) -> float | None:
        """Give the seconds until everything is done; None while unknown."""
        return sum(self.left.values()) / self.pace if self._done else None


def _ratio(done: Iterable[tuple[int, float, float]]) -> float:
    """Give how much longer files took than was told."""
    told, took = 0.0, 0.0
    for _, one_told, one_took in done:
        told, took = told + one_told, took + one_took
    return took / max(told, 1e-9)


@cache
def _all() -> dict[str, Cost]:
    return {
        kind: Cost(kind, one["order"], one["file_s"], one["mb_s"])  # type: ignore[arg-type]
        for kind, one in _table().items()
    }


@cache
def _by_suffix() -> dict[bytes, Cost]:
    table, costs = _table(), _all()
    return {
        suffix.encode(): costs[kind]
        for kind, one in table.items()
        for suffix in str(one["suffixes"]).split()
    }


@cache
def _table() -> dict[str, dict[str, float | str]]:
    source = resources.files("omnisearch.ingest").joinpath("costs.json")
    found: dict[str, dict[str, float | str]] = json.loads(source.read_text("utf-8"))
    return found
