"""What a run of ingest may be told; every setting has the default that most people want."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import TypedDict, get_args

from omnisearch.errors import InputError
from omnisearch.ingest import memory
from omnisearch.records import Modality

PathLike = str | bytes | Path
MODALITIES: tuple[Modality, ...] = get_args(Modality)
_MOST_JOBS = 256


class ReadingOptions(TypedDict, total=False):
    """How files are read, and with how much of the machine; `Options` has the defaults."""

    jobs: int | None
    max_memory: int | None
    max_pixels: int | None
    max_pages: int | None
    max_hours: float | None
    max_text: int | None
    ocr: bool


class IngestOptions(ReadingOptions, total=False):
    """The keyword arguments of `Collection.ingest`; `Options` has their defaults."""

    since: datetime | None
    modalities: Collection[Modality] | None
    exclude: Sequence[str]
    include: Sequence[PathLike]
    listed: Sequence[PathLike]
    metadata: PathLike | None
    hidden: bool
    ignore: bool
    follow_symlinks: bool
    one_file_system: bool
    regions: bool | None
    whole: bool | None
    retry_failed: bool
    prune: bool
    force: bool


@dataclass(frozen=True, slots=True)
class Options:
    """What the user asked for, checked."""

    since: datetime | None = None  # files that changed before are not looked at
    modalities: frozenset[Modality] | None = None  # None: all that the encoder reads
    exclude: tuple[str, ...] = ()  # beside what is left out anyway
    include: tuple[PathLike, ...] = ()  # ignored since they were deleted, wanted again
    listed: tuple[PathLike, ...] = ()  # looked at like paths; one that is no file ends no run
    metadata: PathLike | None = None  # a table that says more of the files, by path
    hidden: bool = False
    ignore: bool = True  # what `.omnisearchignore` and the usual names leave out
    follow_symlinks: bool = False
    one_file_system: bool = True
    jobs: int | None = None  # None: as many as there are cores
    max_memory: int | None = None  # bytes of the process and its decoders; None: a quarter of all
    max_pixels: int | None = None  # None: what the type allows
    max_pages: int | None = None
    max_hours: float | None = None
    max_text: int | None = None
    ocr: bool = True  # where the extra is installed
    regions: bool | None = None  # parts of pictures; None: as the collection has it
    whole: bool | None = None  # the mean of a long text's passages; None: as the collection has it
    retry_failed: bool = False
    prune: bool = False
    force: bool = False

    @classmethod
    def of(cls, given: IngestOptions) -> Options:
        """Check what was given."""
        known = {field.name for field in fields(cls)}
        for name in given:
            if name not in known:
                raise TypeError(f"ingest() has no argument {name!r}")
        _check_numbers(given)
        wanted = given.get("modalities")
        changed = dict(given)
        changed["modalities"] = None if wanted is None else _modalities(wanted)
        changed["exclude"] = _several("exclude", given.get("exclude", ()))
        changed["include"] = _several("include", given.get("include", ()))
        changed["listed"] = _several("listed", given.get("listed", ()))
        since = given.get("since")
        if since is not None and not isinstance(since, datetime):
            raise TypeError(f"since is a {type(since).__name__}: give a datetime")
        if since is not None and since.tzinfo is None:
            changed["since"] = since.astimezone(UTC)  # a naive time is one of this place
        return cls(**changed)  # type: ignore[arg-type]

    @property
    def workers(self) -> int:
        """How many decoders run, and how many threads encode what they give."""
        return self.jobs or len(os.sched_getaffinity(0))


def _check_numbers(given: IngestOptions) -> None:
    least = {"jobs": 1, "max_memory": memory.LEAST, "max_pixels": 1, "max_pages": 1, "max_text": 1}
    for name, smallest in least.items():
        number = given.get(name)
        if number is None:
            continue
        if not isinstance(number, int) or isinstance(number, bool):
            raise TypeError(f"{name} is {number!r}: give a whole number")
        if number < smallest:
            raise InputError(f"{name} is {number:,}: {smallest:,} or more")
    if (given.get("jobs") or 1) > _MOST_JOBS:
        raise InputError(f"jobs is {given['jobs']}: {_MOST_JOBS} at most, best the number of cores")
    hours = given.get("max_hours")
    if hours is not None and not 0 < hours < float("inf"):
        raise InputError(f"max_hours is {hours}: a number above 0")


def _modalities(wanted: Collection[Modality]) -> frozenset[Modality]:
    if isinstance(wanted, str):
        raise TypeError(f"modalities is {wanted!r}: give a list, such as [{wanted!r}]")
    for name in wanted:
        if name not in MODALITIES:
            raise InputError(f"modality {name!r} is none of {', '.join(MODALITIES)}")
    if not wanted:
        raise InputError("modalities is empty: name at least one, or leave it out")
    return frozenset(wanted)


def _several(name: str, given: object) -> tuple[object, ...]:
    if isinstance(given, str | bytes | Path) or not isinstance(given, Sequence):
        raise TypeError(f"{name} is {given!r}: give a list")
    return tuple(given)
