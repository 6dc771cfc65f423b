"""A run over files: walk, decode, encode, commit, side by side, and memory within its bound."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Protocol

from omnisearch.ingest import memory
from omnisearch.ingest.commits import Commits
from omnisearch.ingest.encoding import Encoding
from omnisearch.ingest.reading import Reading
from omnisearch.ingest.stages import Show, Stage, Watch, side_by_side

if TYPE_CHECKING:
    from omnisearch.ingest.lazy import Lazy
    from omnisearch.ingest.report import Progress
    from omnisearch.ingest.run import Lost, Run
    from omnisearch.media.pool.pool import Pool

_TIGHT = 0.9  # of what may be taken: from here on less is let in


class Walk(Protocol):
    """What finds the files of a run."""

    def run(self) -> None:
        """Count what needs no reading, and put the rest on the agenda."""

    def lost(self) -> Iterator[Lost]:
        """Give what is gone."""


class Pipeline:
    """Carries out a run."""

    def __init__(self, run: Run, walking: Walk, pool: Lazy[Pool]) -> None:
        self._run, self._walking, self._reading = run, walking, Reading(run, pool)
        self._encoding = Encoding(run.encoder, run.tasks, run.budget, run.events.put, run.scans)

    def go(self, commits: Commits, show: Show | None, close: Callable[[], None]) -> None:
        """Run to the end; `close` ends the decoders, whatever they do."""
        run, workers = self._run, self._run.bounds.workers
        stages = [
            Stage("walk", [self._walking.run], run.agenda.close),
            Stage("read", [self._reading.run] * workers, run.tasks.close),
            Stage("encode", [self._encoding.run] * workers, self._end),
            Stage("commit", [commits.run]),
        ]
        side_by_side(stages, run.stop, _Bounded(run, self._progress, show), close)

    def _end(self) -> None:
        """Once everything is encoded, tell what is gone; then nothing more comes."""
        for lost in self._walking.lost():
            self._run.events.put(lost)
        self._run.events.close()

    def _progress(self) -> Progress:
        self._run.encoded = self._encoding.segments
        return self._run.progress


class _Bounded(Watch):
    """Lets less in while the process and its decoders take almost what they may."""

    def __init__(self, run: Run, told: Callable[[], Progress], show: Show | None) -> None:
        super().__init__(told, show)
        self._run = run

    def look(self) -> None:
        run = self._run
        share = 4 if memory.exceeds(int(_TIGHT * run.bounds.memory)) else 1
        run.budget.limit(run.bounds.segments // share)
        run.copies.limit(run.bounds.copies // share)
