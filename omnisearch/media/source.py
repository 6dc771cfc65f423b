"""Where media come from: a path or bytes, opened once as a stream of bytes and named in errors."""

from __future__ import annotations

import io
import os
import stat
from pathlib import Path
from typing import BinaryIO

from omnisearch.errors import MediaError

File = str | Path | bytes


def named(source: File) -> str:
    """Name a source in a message."""
    if isinstance(source, bytes):
        return "the file given"
    return "".join(one if one.isprintable() else repr(one)[1:-1] for one in str(source))


def opened(source: File) -> BinaryIO:
    """Open a regular file or bytes for reading; what is empty or no file is an error."""
    if isinstance(source, bytes):
        if not source:
            raise MediaError("the file given has no bytes: give what a file holds")
        return io.BytesIO(source)
    try:
        # a pipe without a writer would otherwise be waited for
        number = os.open(source, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise MediaError(f"{source} does not open ({reason}): check the path") from error
    found = os.fstat(number)
    if stat.S_ISREG(found.st_mode) and found.st_size:
        return os.fdopen(number, "rb")
    os.close(number)
    if stat.S_ISREG(found.st_mode):
        raise MediaError(f"{source} is empty: copy it again from where it came")
    raise MediaError(f"{source} is no regular file: give the path of a file")
