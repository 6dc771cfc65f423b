"""A zygote that this process started: a new Python, told what to import and what it may use."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict
from pathlib import Path

from omnisearch.errors import PoolError
from omnisearch.media.pool.channel import Channel, ChannelError
from omnisearch.media.pool.limits import Limits
from omnisearch.media.pool.zygote import MESSAGE_BYTES

_STOP_S = 2.0
_COMPLAINT_BYTES = 4096
_BEGIN = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]);"
    "from omnisearch.media.pool.zygote import main; main()"
)
# one thread: copies are only made of processes that have one. Some systems find no libraries
# without their path
_ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
_KEPT = ("LD_LIBRARY_PATH",)


class Started:
    """The process, the channel to it, and what it complained of; it is ready some time later."""

    def __init__(self, extractor: str, limits: Limits) -> None:
        with ExitStack() as kept:
            try:
                self._complaints = kept.enter_context(tempfile.TemporaryFile())
                ours, theirs = socket.socketpair()
                kept.enter_context(ours)
                with theirs:
                    self._process = _started(theirs, self._complaints.fileno())
            except OSError as error:
                raise PoolError(crowded(str(error))) from error
            kept.pop_all()  # from here on closed by `close`
        self.channel = Channel(ours, MESSAGE_BYTES)
        with this_process() as beside, suppress(ChannelError):  # told at the first question
            self.channel.send({"extractor": extractor, "limits": asdict(limits)}, beside)

    @property
    def gone(self) -> bool:
        """Tell whether it has ended."""
        return self._process.poll() is not None

    @property
    def process(self) -> int:
        """Give its number."""
        return self._process.pid

    @property
    def complaint(self) -> str | None:
        """Give the last line that it complained of."""
        self._complaints.seek(0)
        lines = self._complaints.read()[-_COMPLAINT_BYTES:].decode("utf-8", "replace").split("\n")
        return next((one for one in reversed(lines) if one.strip()), None)

    def close(self) -> None:
        """Wait for its end, by force if need be; its channel is shut already."""
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self.channel.close()
        self._complaints.close()


@contextmanager
def this_process() -> Iterator[list[int]]:
    """Give a handle by which a zygote sees this process die, where there are such handles."""
    try:
        handle = os.pidfd_open(os.getpid())
    except (AttributeError, OSError):
        yield []  # the channel ends as well, unless a copy of this process holds it
        return
    try:
        yield [handle]
    finally:
        os.close(handle)


def crowded(reason: str) -> str:
    """Say that there is no room for one more process."""
    return f"no process that decodes files can be made ({reason}): close other programs"


def unstartable(reason: str) -> str:
    """Say that no process decodes here."""
    return f"the process that decodes files does not run ({reason}): install omnisearch again"


def _started(end: socket.socket, complaints: int) -> subprocess.Popen[bytes]:
    if not sys.executable:
        raise PoolError(unstartable("this Python does not know its own program"))
    paths = [str(Path(one).absolute()) for one in sys.path]
    flags = ["-I", "-B"] if sys.flags.dont_write_bytecode else ["-I"]
    return subprocess.Popen(
        [sys.executable, *flags, "-c", _BEGIN, json.dumps(paths)],
        stdin=end.fileno(),
        stdout=subprocess.DEVNULL,
        stderr=complaints,
        env=_ENVIRONMENT | {one: os.environ[one] for one in _KEPT if one in os.environ},
        cwd="/",  # no file system is held
        start_new_session=True,  # Ctrl-C reaches the parent only
    )
