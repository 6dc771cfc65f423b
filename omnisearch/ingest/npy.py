"""Vectors as a `.npy` file, which gets its name last, so it is whole or absent."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from omnisearch.errors import StorageError


def write_npy(
    path: str | os.PathLike[str], vectors: Iterable[npt.NDArray[np.float32]]
) -> tuple[int, int]:
    """Write vectors, as rows (n, d), into a file, in place of what is there; gives n and d.

    The place is tried before the first vector is asked for, so they may be made meanwhile; a link
    stays, and what it points to is written.
    """
    target = Path(os.path.realpath(path))
    made = target.with_name(f".{secrets.token_hex(8)}.partial")
    try:
        file = _begun(target, made)
    except OSError as error:
        raise _unwritten(path, error) from error
    try:
        with file:
            shape = _rows(file, vectors)
        made.replace(target)
    except OSError as error:
        made.unlink(missing_ok=True)
        raise _unwritten(path, error) from error
    except BaseException:
        made.unlink(missing_ok=True)
        raise
    return shape


def _begun(target: Path, made: Path) -> BinaryIO:
    """Open a file beside the target, if that may be replaced by it."""
    with suppress(FileNotFoundError):
        if not stat.S_ISREG(target.stat().st_mode):
            raise OSError(errno.EINVAL, "it is no regular file")
        if not os.access(target, os.W_OK):
            raise OSError(errno.EACCES, os.strerror(errno.EACCES))
    return made.open("xb")


def _rows(file: BinaryIO, vectors: Iterable[npt.NDArray[np.float32]]) -> tuple[int, int]:
    """Write rows as they come, and at the end before them how many there are."""
    rows = dim = 0
    for vector in vectors:
        row = np.asarray(vector, "<f4")
        if not rows:
            dim = len(row)
            _header(file, 0, dim)
        if row.shape != (dim,):
            raise ValueError(f"vector {rows} has shape {row.shape}, the first has ({dim},)")
        file.write(row.tobytes())
        rows += 1
    file.seek(0)
    _header(file, rows, dim)
    file.flush()
    os.fsync(file.fileno())
    return rows, dim


def _header(file: BinaryIO, rows: int, dim: int) -> None:
    """Write what NumPy expects; it leaves room for as many digits as a count can have."""
    told = {"descr": "<f4", "fortran_order": False, "shape": (rows, dim)}
    np.lib.format.write_array_header_1_0(file, told)


def _unwritten(path: str | os.PathLike[str], error: OSError) -> StorageError:
    return StorageError(f"cannot write {os.fspath(path)}: {error.strerror or error}")
