"""What taking in files would mean for a collection, before it is done."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from omnisearch.collection import Collection
from omnisearch.storage.handle import Options

if TYPE_CHECKING:
    from omnisearch.ingest.estimate import Estimate
    from omnisearch.ingest.options import IngestOptions, PathLike
    from omnisearch.ingest.plan import Target
    from omnisearch.ingest.stages import Show


def estimate(
    collection: Collection,
    *paths: PathLike,
    progress: Show | None = None,
    **options: Unpack[IngestOptions],
) -> Estimate:
    """Say what `collection.ingest` would do and take; a few files are tried, nothing is stored."""
    from omnisearch.ingest.estimate import estimate

    with tempfile.TemporaryDirectory(prefix="omnisearch-") as name:
        with Collection(Path(name, "scratch"), Options(), collection.encoder) as scratch:
            targets = target_of(collection), target_of(scratch)
            return estimate(*targets, paths, options, progress)


def target_of(collection: Collection) -> Target:
    """Give a collection as a run of ingest needs it."""
    from omnisearch.ingest.plan import Target

    return Target(collection._handle.existing, collection._storing, lambda: collection.encoder)
