"""Work beside each other, a process for each core: two threads on one would wait for another.

Each leaves a file behind, so whoever started them reads what they made; Ctrl-C ends them all. They
hold the laboratory as long as they live, so nobody else enters it while one of them still writes.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Sequence
from multiprocessing import get_context
from pathlib import Path

from omnisearch.training.lab import Lab, Options
from omnisearch.training.locks import Inherited

Work = Callable[[Lab, Options, str], object]


def each(work: Work, lab: Lab, options: Options, names: Sequence[str], stage: str) -> None:
    """Do the work of each name, as many at once as there are threads; with one, here."""
    if options.threads == 1 or len(names) < 2:
        for name in names:
            work(lab, options, name)
        return
    context = get_context("spawn")  # libraries' threads do not live through a fork
    jobs = [(work, lab.root, options, name) for name in names]
    count, held = processes(options, names), Inherited(lab.held)
    with (
        lab.progress(stage, len(names), "parts") as bar,
        context.Pool(count, _begin, (held,), maxtasksperchild=1) as pool,
    ):
        for _ in pool.imap_unordered(_job, jobs, chunksize=1):
            bar.update()


def processes(options: Options, names: Sequence[str]) -> int:
    """Tell how many work at once: no more than there is work for."""
    return min(options.threads, len(names))


def _begin(held: Inherited) -> None:
    """Leave Ctrl-C to the parent, and take one core; the locks end with this process."""
    del held
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ["OMP_NUM_THREADS"] = "1"


def _job(job: tuple[Work, Path, Options, str]) -> None:
    work, root, options, name = job
    work(Lab(root, quiet=True), options, name)
