"""What a change of encoder would take: a few files are tried, and the rest is told from them."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from omnisearch.encoder.parts import Text
from omnisearch.ingest.estimate import Estimate, tried
from omnisearch.ingest.ingest import run_of
from omnisearch.ingest.plan import Plan, Target
from omnisearch.ingest.reencoding import words
from omnisearch.ingest.reencoding.report import ReencodeEstimate

if TYPE_CHECKING:
    from omnisearch.ingest.reencoding.building import Building
    from omnisearch.ingest.reencoding.contents import Contents
    from omnisearch.ingest.stages import Show
    from omnisearch.storage.generation import Generation

_TEXTS = 16  # that are encoded to see how long that takes
_TWICE = 2  # what is written first lies in a log, then in shards


@dataclass(frozen=True, slots=True)
class Trying:
    """Tells of a building what it takes; `scratch` is a collection that is thrown away."""

    building: Building
    scratch: Target
    done: frozenset[str]  # items that were encoded before
    show: Show | None

    def told(self, now: Generation, names: tuple[str, str]) -> ReencodeEstimate:
        """Say what is left to do; `names` are the space that comes and the one that goes."""
        contents = self.building.contents(now, self.done)
        found = self._files(contents)
        spoken = [item for item in contents.words if item not in self.done]
        seconds = self._words(now, spoken)
        items = len(now.items)
        return ReencodeEstimate(
            space=names[0],
            before=names[1],
            items=items,
            done=sum(item in self.done for item in now.items),
            files=found.files,
            bytes=found.bytes,
            from_words=len(spoken),
            unable=tuple(one for item, one in contents.unable.items() if item not in self.done),
            seconds=_sum(found.seconds if found.files else 0.0, seconds),
            disk_bytes=disk_bytes(now, self.building.target.encoder().dim),
            free_bytes=free_bytes(self.building.source.root),
            memory_bytes=found.memory_bytes,
            kinds=found.kinds,
        )

    def _files(self, contents: Contents) -> Estimate:
        """Try files of items that are not encoded yet; of copies one is enough."""
        entries = [some[0] for item, some in contents.files.items() if item not in self.done]
        store = self.building.source
        plan = Plan((), store.read_ledger())
        options = replace(self.building.options, regions=plan.ledger.regions)
        with ExitStack() as stack:
            run = run_of(self.building.target, store, plan, options, stack)
        return tried(run, entries, self.scratch, self.show)

    def _words(self, now: Generation, items: Iterable[str]) -> float | None:
        """Time some words of those that are encoded as they are kept."""
        listed = list(items)
        rows = [
            row
            for some in words.stored(now, listed[:_TEXTS]).values()
            for row in words.speaking(some)
        ]
        if not rows:
            return 0.0
        begun = time.monotonic()
        self.building.target.encoder().encode_each([Text(row.said) for row in rows[:_TEXTS]])
        took = (time.monotonic() - begun) / len(rows[:_TEXTS])
        return took * len(rows) / len(listed[:_TEXTS]) * len(listed)


def disk_bytes(now: Generation, dim: int) -> int:
    """Say how much room another space takes while it is built: all but vectors stays as long."""
    made = now.sealed.manifest
    size = np.dtype(made.settings.dtype).itemsize
    files = sum(one.size for entry in made.shards for one in entry.files.values())
    tail = sum(int(table.nbytes) for table in now.tables[len(made.shards) :])
    others = max(files - now.sealed.rows * made.settings.dim * size, 0) + tail
    return _TWICE * (others + now.live * dim * size)


def free_bytes(root: Path) -> int:
    """Say how much room the file system has."""
    return shutil.disk_usage(root).free


def _sum(first: float | None, second: float | None) -> float | None:
    return None if first is None or second is None else first + second
