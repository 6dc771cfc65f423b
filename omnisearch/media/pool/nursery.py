"""The parent's side of a zygote: it is asked for workers, and told to end them."""

from __future__ import annotations

import socket
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from threading import RLock
from typing import Any, Protocol

from omnisearch.errors import PoolError
from omnisearch.media.pool import ring
from omnisearch.media.pool.channel import Channel, ChannelError
from omnisearch.media.pool.limits import Limits
from omnisearch.media.pool.ring import Ring
from omnisearch.media.pool.started import crowded, unstartable
from omnisearch.media.sandbox.lockdown import Layers

_START_S = 120.0  # libraries are read from a slow disk
_ANSWER_S = 30.0  # a copy takes milliseconds; a machine that swaps, seconds


class Zygote(Protocol):
    """The process that makes workers, however this one came by it."""

    channel: Channel

    @property
    def gone(self) -> bool:
        """Tell whether it has ended."""

    @property
    def complaint(self) -> str | None:
        """Give the last line that it complained of."""

    def close(self) -> None:
        """Wait for its end; its channel is shut already."""


@dataclass(frozen=True, slots=True)
class Born:
    """A worker that has just been made, and what is shared with it."""

    process: int
    channel: Channel
    ring: Ring


class Nursery:
    """One zygote and the right to make workers from it; any thread may ask."""

    def __init__(self, zygote: Zygote, limits: Limits) -> None:
        self._zygote, self._limits = zygote, limits
        self._channel = zygote.channel
        # a generator of pieces may be collected, and its worker ended, while its thread asks here
        self._lock = RLock()
        self._asking = False
        self._unended: list[int] = []
        self._layers: Layers | None = None
        self._closed = False

    @property
    def gone(self) -> bool:
        """Tell whether the zygote has ended."""
        return self._closed or self._zygote.gone

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
                raise PoolError(crowded(str(error))) from error
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
            self._zygote.close()

    def _made(self, shared: list[int]) -> int:
        with self._lock:
            self._ready()
            answer = self._asked({"make": True}, shared)
        if "failed" in answer:
            raise PoolError(crowded(answer["failed"]))
        return int(answer["worker"])

    def _ready(self) -> Layers:
        if self._layers is None:
            answer = self._exchanged(None, (), _START_S)
            if "failed" in answer:
                raise PoolError(unstartable(answer["failed"]))
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
            by_s = time.monotonic() + patience_s
            answer: dict[str, Any] = self._channel.receive(lambda: by_s - time.monotonic())
        except ChannelError as error:
            raise PoolError(self._why(error)) from error
        finally:
            self._asking = False
        return answer

    def _why(self, error: ChannelError) -> str:
        """Give what the zygote complained of last, or what the channel says."""
        if self._closed:
            return "the pool was closed: make another"
        return unstartable(self._zygote.complaint or str(error))
