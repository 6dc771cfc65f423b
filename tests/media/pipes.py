"""Named pipes that a test writes to."""

from __future__ import annotations

import errno
import os
import time
from concurrent.futures import Future
from pathlib import Path
from typing import Any, BinaryIO


def writer(pipe: Path, reading: Future[Any]) -> BinaryIO:
    """Open a named pipe once it is read; whoever reads it must not end before."""
    while True:
        try:
            descriptor = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            if error.errno != errno.ENXIO:  # that nobody reads it yet
                raise
            assert not reading.done(), reading
            time.sleep(0.001)
        else:
            os.set_blocking(descriptor, True)
            return os.fdopen(descriptor, "wb", buffering=0)
