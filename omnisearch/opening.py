"""How a collection is opened: settings are checked here, before any file is looked at."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from omnisearch.collection import Collection
from omnisearch.remembered import lasting, origin_of
from omnisearch.schema import Schema
from omnisearch.storage import admission
from omnisearch.storage.handle import Options

if TYPE_CHECKING:
    from omnisearch.encoder.encoder import Encoder


def open(
    path: str | Path,
    *,
    create: bool = True,
    mode: Literal["a", "r"] = "a",
    metric: Literal["cosine", "ip", "l2"] | None = None,
    index: Literal["auto", "flat", "scan", "ivfpq", "hnsw"] | None = None,
    columns: Mapping[str, str] | None = None,
    private: bool = False,
    encoder: Encoder | str | None = None,
) -> Collection:
    """Open the collection in a folder; the first write makes it, with these settings.

    An `encoder` must be the one that made the collection; without one, it remembers which that was
    (omni-mini where files or items come first). Before anything is written, known inputs are
    encoded again, and their vectors compared with those kept in the collection.
    """
    if mode not in ("a", "r"):
        raise ValueError(f"mode is {mode!r}: 'a' to read and write, 'r' to read")
    admission.check_choice("metric", metric, admission.METRICS)
    admission.check_choice("index", index, admission.INDEXES)
    Schema.declare(columns or {})
    name, origin = None, None
    if isinstance(encoder, str):
        from omnisearch.encoder.encoder import Encoder

        name, encoder = lasting(encoder), Encoder.load(encoder)
    if encoder is not None:
        origin = origin_of(encoder, name)
    options = Options(create, mode == "a", private, metric, index, columns, origin)
    return Collection(Path(path), options, encoder)
