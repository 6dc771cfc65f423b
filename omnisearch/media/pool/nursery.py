"""The parent's side of the zygote: it is started here, asked for workers, and told to end them."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import RLock
from typing import Any

from omnisearch.errors import PoolError
from omnisearch.media.pool import ring
from omnisearch.media.pool.channel import Channel, ChannelError
from omnisearch.media.pool.limits import Limits
from omnisearch.media.pool.ring import Ring
from omnisearch.media.pool.zygote import MESSAGE_BYTES
from omnisearch.media.sandbox.lockdown import Layers

_START_S = 120.0  # libraries are read from a slow disk
_ANSWER_S = 30.0  # a copy takes milliseconds; a machine that swaps, seconds
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


@dataclass(frozen=True, slots=True)
class Born:
    """A worker that has just been made, and what is shared with it."""

    process: int
    channel: Channel
    ring: Ring


class Nursery:
    """One zygote and the right to make workers from it; any thread may ask."""

    def __init__(self, extractor: str, limits: Limits) -> None:
        self._limits = limits
        # a generator of pieces may be collected, and its worker ended, while its thread asks here
        self._lock = RLock()
        self._asking = False
        self._unended: list[int] = []
        self._layers: Layers | None = None
        self._closed = False
        with ExitStack() as kept:
            try:
                self._complaints = kept.enter_context(tempfile.TemporaryFile())
                ours, theirs = socket.socketpair()
                kept.enter_context(ours)
                with theirs:
                    self._process = _started(theirs, self._complaints.fileno())
            except OSError as error:
                raise PoolError(_crowded(str(error))) from error
            kept.pop_all()  # from here on closed by `close`
        self._channel = Channel(ours, MESSAGE_BYTES)
        with _parent() as beside, suppress(ChannelError):  # told at the first question
            self._channel.send({"extractor": extractor, "limits": asdict(limits)}, beside)

    @property
    def gone(self) -> bool:
        """Tell whether the zygote has ended."""
        return self._closed or self._process.poll() is not None

    @property
    def worked(self) -> bool:
        """Tell whether the zygote has ever been ready."""
        return self._layers is not None

    def layers(self) -> Layers:
        """Wait until all is imported and locked, and give what holds the workers."""
        with self._lock:
            return self._ready()

    def born(self) -> Born:
        """Make a worker."""
        with ExitStack() as kept:
            try:
                ours, theirs = socket.socketpair()
                kept.enter_context(ours)
                with theirs, ring.made(self._limits.piece_bytes) as (shared, memory):
                    kept.callback(shared.close)
                    process = self._made([theirs.fileno(), memory])
            except OSError as error:
                raise PoolError(_crowded(str(error))) from error
            kept.pop_all()
        return Born(process, Channel(ours, self._limits.head_bytes), shared)

    def end(self, process: int) -> int | None:
        """Kill a worker and give how it ended, as `os.wait` tells it; None: nobody knows."""
        with self._lock, suppress(PoolError):  # without a zygote there is no worker
            if self._asking:
                self._unended.append(process)
            elif not self._closed:
                status: int | None = self._asked({"end": process})["status"]
                return status
        return None

    def close(self) -> None:
        """End the zygote, and with it every worker."""
        self._channel.shut()  # whoever waits for an answer lets go of the lock
        with self._lock:
            if self._closed:
                return
            self._closed = True
            try:
                self._process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._channel.close()
            self._complaints.close()

    def _made(self, shared: list[int]) -> int:
        with self._lock:
            self._ready()
            answer = self._asked({"make": True}, shared)
        if "failed" in answer:
            raise PoolError(_crowded(answer["failed"]))
        return int(answer["worker"])

    def _ready(self) -> Layers:
        if self._layers is None:
            answer = self._exchanged(None, (), _START_S)
            if "failed" in answer:
                raise PoolError(_unstartable(answer["failed"]))
            self._layers = Layers(**answer["layers"])
        return self._layers

    def _asked(self, message: dict[str, Any], beside: Sequence[int] = ()) -> dict[str, Any]:
        while self._unended:
            self._exchanged({"end": self._unended.pop()}, (), _ANSWER_S)
        return self._exchanged(message, beside, _ANSWER_S)

    def _exchanged(
        self, message: dict[str, Any] | None, beside: Sequence[int], patience_s: float
    ) -> dict[str, Any]:
        """Say something, where there is something to say, and wait for an answer."""
        self._asking = True
        try:
            if message is not None:
                self._channel.send_now(message, beside)
            answer: dict[str, Any] = self._channel.receive(time.monotonic() + patience_s)
        except ChannelError as error:
            raise PoolError(self._why(error)) from error
        finally:
            self._asking = False
        return answer

    def _why(self, error: ChannelError) -> str:
        """Give the last line that the zygote complained of, or what the channel says."""
        if self._closed:
            return "the pool was closed: make another"
        self._complaints.seek(0)
        lines = self._complaints.read()[-_COMPLAINT_BYTES:].decode("utf-8", "replace").split("\n")
        return _unstartable(next((one for one in reversed(lines) if one.strip()), str(error)))


def _started(end: socket.socket, complaints: int) -> subprocess.Popen[bytes]:
    if not sys.executable:
        raise PoolError(_unstartable("this Python does not know its own program"))
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


@contextmanager
def _parent() -> Iterator[list[int]]:
    """Give a handle by which the zygote sees this process die, where there are such handles."""
    try:
        handle = os.pidfd_open(os.getpid())
    except (AttributeError, OSError):
        yield []  # the channel ends as well, unless a copy of this process holds it
        return
    try:
        yield [handle]
    finally:
        os.close(handle)


def _unstartable(reason: str) -> str:
    return f"the process that decodes files does not run ({reason}): install omnisearch again"


def _crowded(reason: str) -> str:
    return f"no process that decodes files can be made ({reason}): close other programs"
