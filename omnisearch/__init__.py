"""Search text, images, audio, video and documents by vector; here is what users import.

Names are loaded when they are first used, so that importing omnisearch costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from omnisearch import errors

if TYPE_CHECKING:
    from omnisearch.collection import Collection, open
    from omnisearch.ingest.vector_files import VectorBatch, VectorFile, read_vectors
    from omnisearch.ingest.vector_folder import write_vectors
    from omnisearch.query.hits import Batch, Hits
    from omnisearch.records import (
        CompactReport,
        Hit,
        Problem,
        Record,
        RepairReport,
        Stats,
        VerifyReport,
    )
    from omnisearch.storage.repair import doctor, reclaim, repair

__version__ = "0.1.0"

_HOMES = {
    "omnisearch.collection": ("Collection", "open"),
    "omnisearch.ingest.vector_files": ("VectorBatch", "VectorFile", "read_vectors"),
    "omnisearch.ingest.vector_folder": ("write_vectors",),
    "omnisearch.query.hits": ("Batch", "Hits"),
    "omnisearch.records": (
        "CompactReport",
        "Hit",
        "Problem",
        "Record",
        "RepairReport",
        "Stats",
        "VerifyReport",
    ),
    "omnisearch.storage.repair": ("doctor", "reclaim", "repair"),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Batch",
    "Collection",
    "CompactReport",
    "Hit",
    "Hits",
    "Problem",
    "Record",
    "RepairReport",
    "Stats",
    "VectorBatch",
    "VectorFile",
    "VerifyReport",
    "doctor",
    "errors",
    "open",
    "read_vectors",
    "reclaim",
    "repair",
    "write_vectors",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401
    if name not in _HOME:
        raise AttributeError(f"module 'omnisearch' has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
