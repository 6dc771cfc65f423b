"""Vectors as a `.npy` file, which gets its name last, so it is whole or absent."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from omnisearch.errors import StorageError


def write_npy(path: str | os.PathLike[str], vectors: Sequence[npt.NDArray[np.float32]]) -> None:
    """Write vectors, as rows (n, d), into a file, in place of what is there."""
    target = Path(path)
    made = target.with_name(f".{target.name}.{secrets.token_hex(4)}.partial")
    try:
        with made.open("xb") as file:
            np.save(file, np.asarray(vectors, "<f4"), allow_pickle=False)
            file.flush()
            os.fsync(file.fileno())
        made.replace(target)
    except OSError as error:
        made.unlink(missing_ok=True)
        raise StorageError(f"cannot write {target}: {error.strerror or error}") from error
