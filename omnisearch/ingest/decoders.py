"""The decoders of a run: they start when they are first needed, and end if they were started."""

from __future__ import annotations

from omnisearch.ingest.bounds import Bounds
from omnisearch.ingest.lazy import Lazy
from omnisearch.media.pool.pool import Pool


def decoders(bounds: Bounds) -> Lazy[Pool]:
    """Give the decoders of a run that has such bounds."""
    return Lazy(lambda: Pool(workers=bounds.workers, limits=bounds.limits))


def close(pool: Lazy[Pool]) -> None:
    """End decoders, if they were started."""
    if pool.made is not None:
        pool.made.close()
