"""A zygote that is kept for forks of this process: each gets a copy of it as its own.

A copy costs milliseconds, where a new Python with its libraries takes half a second. Who asks for
one is its parent from then on: it ends with that process, and obeys nobody else.
"""

from __future__ import annotations

import select
import socket
from contextlib import suppress

from omnisearch.media.pool.channel import Channel, ChannelError
from omnisearch.media.pool.limits import Limits
from omnisearch.media.pool.started import Started, this_process
from omnisearch.media.pool.zygote import MESSAGE_BYTES


class Lent:
    """The copy, as the process that asked for it holds it."""

    complaint = None  # what it says goes where the first zygote's words go

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self.channel = Channel(end, MESSAGE_BYTES)

    @property
    def gone(self) -> bool:
        """Tell whether it has ended."""
        waiting = select.poll()
        waiting.register(self._end, 0)  # a channel that hung up is told unasked
        return bool(waiting.poll(0))

    def close(self) -> None:
        """Let it end, which it does once its channel is shut."""
        self.channel.close()


class Lender:
    """The kept zygote. The process that keeps it asks it for nothing and hears nothing from it."""

    def __init__(self, extractor: str, limits: Limits) -> None:
        self._zygote = Started(extractor, limits)
        self._lends = True
        self._lent: Lent | None = None

    @property
    def gone(self) -> bool:
        """Tell whether the zygote has ended."""
        return self._zygote.gone

    @property
    def process(self) -> int:
        """Give the number of the zygote."""
        return self._zygote.process

    def ask(self) -> None:
        """Have a copy made for this process, a fork of the one that keeps the zygote; only once.

        A message so short is sent whole or not at all, so forks may ask at the same time.
        """
        if not self._lends:
            return
        self._lends = False
        with suppress(OSError, ChannelError):
            ours, theirs = socket.socketpair()
            with theirs, this_process() as beside:
                self._zygote.channel.send_now({"lend": True}, [theirs.fileno(), *beside])
            self._lent = Lent(ours)

    def lend(self) -> Lent | None:
        """Give the copy; None where the zygote has died, and the second time."""
        self.ask()
        lent, self._lent = self._lent, None
        return lent

    def close(self) -> None:
        """End the zygote; copies of it go on."""
        self._zygote.channel.shut()
        self._zygote.close()
