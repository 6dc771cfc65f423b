"""The walk of a run over what has changed: each change by itself, however large its root is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from omnisearch.ingest import difference, roots
from omnisearch.ingest.difference import MANY, Loss
from omnisearch.ingest.following.reach import Reach
from omnisearch.ingest.places import upwards
from omnisearch.ingest.run import Lost, Run
from omnisearch.locations import Location

if TYPE_CHECKING:
    from omnisearch.ingest.plan import Plan
    from omnisearch.ingest.roots import Visit
    from omnisearch.ingest.rules import Rules
    from omnisearch.ingest.walking import Walking


class Changed:
    """Walks the visits that a whole walk would come to, and tells what is gone there."""

    def __init__(self, run: Run, plan: Plan, walking: Walking, rules: Rules) -> None:
        self._run, self._plan, self._walking, self._rules = run, plan, walking, rules
        self._places: dict[int, list[bytes]] = {}  # that were visited, by root
        self._unchanged: dict[int, int] = {}

    def run(self) -> None:
        """Walk; counts what needs no reading, and puts the rest on the agenda."""
        for number, visits in self._by_root().items():
            rules = self._rules_of(number)
            with self._run.handles.held(number) as handle:
                reach = None if handle is None else Reach(handle, rules)
                found = [one for one in visits if reach is not None and _in(reach, one)]
            self._places[number] = [one.beneath for one in found]
            counts = [self._walking.visit(one, rules)[1] for one in found]
            self._unchanged[number] = sum(counts)
        self._run.walking = False

    def _by_root(self) -> Mapping[int, list[Visit]]:
        found: dict[int, list[Visit]] = {}
        for visit in self._plan.visits:
            found.setdefault(visit.root.number, []).append(visit)
        return found

    def _rules_of(self, number: int) -> Rules:
        known = self._run.roots
        others = [root.path for root in known.values() if root.number != number]
        ignored = self._plan.ignored().get(number, frozenset())
        return replace(self._rules, apart=ignored | roots.apart(known[number], others))

    def lost(self) -> Iterator[Lost]:
        """Give what is gone, root by root; what may only be out of reach is held back."""
        for number, places in self._places.items():
            gone = self._gone(number, places)
            why = self._withheld(number, gone)
            if self._walking.hold_back(why, len(gone), "omnisearch ingest --force insists"):
                continue
            self._run.catalog.forget(number, gone)
            for path in gone:
                yield Lost(Location(number, path))

    def _gone(self, number: int, places: list[bytes]) -> list[bytes]:
        """Give known files that lay at the places, or below them, and lie there no more."""
        known, wide = [], set[Location]()
        for path in places:
            place = Location(number, path)
            if self._knows(place):
                known.append(path)
            else:
                wide.add(place)
        with self._run.handles.held(number) as handle:
            if handle is None:
                return []
            wide = {place for place in wide if handle.state(place.path) != "there"}
            known += self._below(number, wide) if wide else []
            vacated = self._run.vacated
            there = (path for path in known if Location(number, path) not in vacated)
            return list(difference.gone(handle, there))

    def _knows(self, place: Location) -> bool:
        items = self._run.store.reading().items
        return items.of_location(str(place)) is not None or place in self._run.failures

    def _below(self, number: int, places: set[Location]) -> list[bytes]:
        stored = map(Location.parse, self._run.store.reading().items.locations)
        known = {*stored, *self._run.failures}
        its = (one for one in known if one.root == number)
        return [one.path for one in its if any(above in places for above in upwards(one))]

    def _withheld(self, number: int, gone: list[bytes]) -> str | None:
        """Judge a loss by the whole root: a folder of it may well be empty."""
        root = self._run.roots[number]
        many = len(gone) > MANY
        known = len(self._below(number, {Location(number, b"")})) if many else len(gone)
        loss = Loss(known, len(gone), 1, self._unchanged[number], roots.device_of(root))
        return difference.withheld(root, loss)


def _in(reach: Reach, visit: Visit) -> bool:
    return visit.root.kind == "file" or reach.comes_to(visit.beneath)
