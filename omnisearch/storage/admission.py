"""What may be stored: ids, vectors and metadata are checked whole, before anything happens."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import cast

import numpy as np
import numpy.typing as npt

from omnisearch.errors import InputError, SpaceMismatchError
from omnisearch.schema import Metadata, Schema, tabulate
from omnisearch.storage import batch
from omnisearch.storage.batch import Batch, Segments
from omnisearch.storage.manifest import Settings

MIN_DIM, MAX_DIM = 2, 4096
MAX_ID_BYTES = 1024
MAX_LENGTH = 1e15  # products of two such lengths fit float32 with room to add
_SQUARABLE = (1e-15, 1e15)  # lengths whose squares float32 holds well
_ROUNDED = 0.01  # of a length, where the numbers were half floats
METRICS = ("cosine", "ip", "l2")
INDEXES = ("auto", "flat", "scan", "ivfpq", "hnsw")
Floats = npt.NDArray[np.float32]


def check_ids(ids: Iterable[str]) -> list[str]:
    """Take ids as a list of distinct, storable strings."""
    if isinstance(ids, str | bytes) or not isinstance(ids, Iterable):
        raise TypeError(f"ids must be a list of strings, not {type(ids).__name__}")
    names = ids.tolist() if isinstance(ids, np.ndarray) else list(ids)
    seen = set(names) if all(type(name) is str for name in names) else None
    if seen is None:
        at, wrong = next((i, n) for i, n in enumerate(names) if type(n) is not str)
        raise TypeError(f"id {at} is {wrong!r}, a {type(wrong).__name__}: ids are strings")
    if len(seen) != len(names):
        raise InputError(f"id {_repeated(names)!r} comes twice in one call: give each id once")
    for at, name in enumerate(names):
        _check_id(name, at)
    return names


def _check_id(name: str, at: int) -> None:
    if not name:
        raise InputError(f"id {at} is empty: ids have 1 to {MAX_ID_BYTES} bytes")
    if len(name) * 4 <= MAX_ID_BYTES and name.isascii():
        return
    try:
        size = len(name.encode())
    except UnicodeEncodeError as error:
        raise InputError(f"id {at} ({name!r}) is not UTF-8: remove lone surrogates") from error
    if size > MAX_ID_BYTES:
        raise InputError(f"id {at} ({name[:40]!r}...) has {size} bytes: at most {MAX_ID_BYTES}")


def _repeated(names: Sequence[str]) -> str:
    seen: set[str] = set()
    return next(name for name in names if name in seen or seen.add(name))  # type: ignore[func-returns-value]


def check_vectors(vectors: npt.ArrayLike, what: str = "vectors") -> Floats:
    """Take vectors as (n, d) finite float32."""
    if getattr(vectors, "mask", None) is not None:
        raise TypeError(f"{what}: a masked array, fill or drop what is masked first")
    try:
        array = np.asarray(vectors)
    except ValueError as error:
        raise InputError(f"{what}: rows of different lengths, (n, d) is wanted") from error
    if array.dtype.kind not in "fiu" or array.dtype.itemsize > 8:
        raise TypeError(f"{what}: type {array.dtype}, give real numbers, float32 at best")
    if array.ndim != 2:
        raise InputError(f"{what}: shape {array.shape}, but one row each is wanted, (n, d)")
    if not MIN_DIM <= array.shape[1] <= MAX_DIM:
        raise InputError(f"{what}: {array.shape[1]} dimensions, not {MIN_DIM} to {MAX_DIM}")
    with np.errstate(over="ignore"):
        floats = np.ascontiguousarray(array, np.float32)
    if not np.isfinite(floats).all():
        row = int(np.flatnonzero(~np.isfinite(floats).all(axis=1))[0])
        raise InputError(f"{what}: row {row} has NaN, infinity or more than float32 holds")
    return floats


def check_dim(vectors: Floats, settings: Settings, what: str = "vectors") -> None:
    """Refuse vectors of another dimension."""
    if vectors.shape[1] != settings.dim:
        raise SpaceMismatchError(
            f"{what}: {vectors.shape[1]} dimensions, the collection has {settings.dim}: "
            "use the model that made the collection, or another collection"
        )


def check_space(space: str | None, stored: str) -> None:
    """Refuse vectors of a space that was left while they were made."""
    if space not in (None, stored):
        raise SpaceMismatchError(
            f"the collection changed to vectors of {stored} while these of {space} were made: do "
            "it again; with encoder=, give the one that makes the new ones"
        )


def check_scores(vectors: Floats, settings: Settings, what: str = "vectors") -> None:
    """Refuse lengths whose products or distances leave float32; cosine scales them away."""
    if settings.metric != "cosine" and len(vectors):
        norms = np.sqrt(np.einsum("nd,nd->n", vectors, vectors, dtype=np.float64))
        if norms.max() > MAX_LENGTH:
            row = int(norms.argmax())
            raise InputError(
                f"{what}: row {row} has length {norms[row]:.3g}, "
                f"metric {settings.metric} takes {MAX_LENGTH:g} at most"
            )


def unit(vectors: Floats, what: str = "vectors") -> tuple[Floats, npt.NDArray[np.float32]]:
    """Scale rows to length one; gives the lengths too."""
    with np.errstate(over="ignore", under="ignore"):
        norms = np.sqrt(np.einsum("nd,nd->n", vectors, vectors))
    if len(norms) and not _SQUARABLE[0] < norms.min() <= norms.max() < _SQUARABLE[1]:
        wide = vectors.astype(np.float64)
        norms = np.sqrt(np.einsum("nd,nd->n", wide, wide))
    if (norms == 0).any():
        row = int(np.flatnonzero(norms == 0)[0])
        raise InputError(f"{what}: row {row} is all zeros and has no direction (metric cosine)")
    if (norms > np.finfo(np.float32).max).any() or (norms < np.finfo(np.float32).tiny).any():
        row = int(np.argmax(np.abs(np.log(norms))))
        raise InputError(f"{what}: row {row} has length {norms[row]:.3g}, out of float32's range")
    return vectors / norms[:, None].astype(np.float32), norms.astype(np.float32)


def admit(
    ids: Sequence[str],
    vectors: Floats,
    metadata: Metadata | None,
    settings: Settings,
    schema: Schema,
) -> Batch:
    """Make the batch that is stored, or say what is wrong with it."""
    if len(ids) != len(vectors):
        raise InputError(f"{len(ids)} ids for {len(vectors)} vectors: give one id per row")
    check_dim(vectors, settings)
    check_scores(vectors, settings)
    user, _ = tabulate(metadata, len(ids), schema)
    norms = None
    if settings.metric == "cosine":
        vectors, norms = unit(vectors)
    stored = vectors.astype(settings.dtype, copy=False)
    return Batch(batch.with_system_columns(ids, user, norms), cast(batch.Vectors, stored))


def admit_segments(rows: Segments, settings: Settings, schema: Schema) -> Batch:
    """Make the batch of segments that is stored; reserved columns are allowed."""
    names, vectors = check_ids(rows.ids), check_vectors(rows.vectors)
    check_ids(dict.fromkeys(item for item in rows.items if item is not None))
    check_dim(vectors, settings)
    check_scores(vectors, settings)
    said = [{k: v for k, v in one.items() if v is not None} for one in rows.metadata]
    user, _ = tabulate(said, len(names), schema.for_us())
    norms = None
    if settings.metric == "cosine":
        vectors, norms = unit(vectors)
        norms = norms if rows.norms is None else _as_told(rows.norms, norms)
    stored = vectors.astype(settings.dtype, copy=False)
    return Batch(batch.with_segment_columns(rows, user, norms), cast(batch.Vectors, stored))


def _as_told(told: npt.NDArray[np.float32], found: npt.NDArray[np.float32]) -> Floats:
    """Take lengths that were kept beside vectors, whose own are off by what half floats round."""
    wrong = np.flatnonzero(~(np.abs(told / found - 1) < _ROUNDED))
    if len(wrong):
        row = int(wrong[0])
        raise InputError(f"vectors: row {row} has length {found[row]:.4g}, not {told[row]:.4g}")
    return told


def check_choice(name: str, value: object, choices: Sequence[str]) -> None:
    """Refuse a setting that is none of its choices; None leaves it open."""
    if value is not None and value not in choices:
        raise ValueError(f"{name} is {value!r}: one of {', '.join(choices)}")


def make_settings(vectors: Floats, metric: str, index: str) -> Settings:
    """Settle what a new collection is, from its first vectors."""
    return Settings(int(vectors.shape[1]), metric, index)
