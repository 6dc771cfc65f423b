"""One worker as the parent holds it: a file goes in, its pieces come out, or an error says why not.

The clock runs from one piece to the next, and stops while a worker gets no processor. What is said
is checked before it is used, and who says what cannot be is killed.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

from omnisearch import errors
from omnisearch.errors import DecoderError, MediaError
from omnisearch.media.pool import claims
from omnisearch.media.pool.ask import Ask
from omnisearch.media.pool.channel import ChannelError, EndedError, GarbledError, LateError
from omnisearch.media.pool.claims import Claim
from omnisearch.media.pool.limits import Limits
from omnisearch.media.pool.nursery import Nursery
from omnisearch.media.pool.patience import Patience
from omnisearch.media.pool.piece import Piece
from omnisearch.media.pool.worker import FIRST, MEMORY
from omnisearch.media.source import named

# what a worker may refuse a file with, by name; another name is the plain refusal
_REFUSALS: dict[str, type[MediaError]] = {
    name: found
    for name, found in vars(errors).items()
    if isinstance(found, type) and issubclass(found, MediaError) and found is not DecoderError
}


class Decoder:
    """A worker in use, which ends with the first error that is no refusal."""

    def __init__(self, nursery: Nursery, limits: Limits) -> None:
        self._nursery, self._limits = nursery, limits
        self._born = nursery.born()
        self._items = FIRST - 1
        self._used_s = 0.0
        self.ended = False

    @property
    def worn(self) -> bool:
        """Tell whether a fresh worker should take over."""
        return self._items >= self._limits.items or self._used_s >= self._limits.item_s

    @property
    def waits(self) -> bool:
        """Tell whether the worker is there for another file, and silent as it should be."""
        return not self.ended and self._born.channel.silent

    def pieces(self, descriptor: int, ask: Ask) -> Iterator[Piece]:
        """Give the pieces of a file as they come; each array is the caller's own."""
        begun_s = time.monotonic()
        self._items += 1
        try:
            self._born.channel.send_now({"of": self._items, "ask": ask.as_json()}, [descriptor])
            yield from self._pieces()
        except ChannelError as error:
            fault = f"{named(ask.name)} was given up: what decoded it {self._reason(error)}"
            raise DecoderError(f"{fault}; convert it, or leave it out") from error
        finally:
            self._used_s += time.monotonic() - begun_s

    def shut(self) -> None:
        """Wake whoever waits for a piece, from any thread."""
        self._born.channel.shut()

    def end(self) -> int | None:
        """Kill the worker, give back what was shared, and tell how it ended."""
        if self.ended:
            return None
        self.ended = True
        status = self._nursery.end(self._born.process)
        self._born.channel.close()
        self._born.ring.close()
        return status

    def _pieces(self) -> Iterator[Piece]:
        left_s = self._limits.item_s
        last_s = time.monotonic()  # when the worker last had nothing to wait for
        for count in range(self._limits.pieces + 1):
            since_s = time.monotonic()
            claim = self._said(last_s, since_s + left_s)
            left_s -= time.monotonic() - since_s
            if claim.kind == "end":
                return
            if claim.kind == "refused":
                raise _REFUSALS.get(claim.error, MediaError)(claim.words)
            if claim.kind == "fault":
                raise _FaultError(claim.words)
            if count == self._limits.pieces:
                break
            arrays = {one.name: self._born.ring.take(one) for one in claim.arrays}
            self._born.channel.send_now(None)
            last_s = time.monotonic()
            yield Piece(claim.fields, arrays)
        raise GarbledError(f"more than {self._limits.pieces:,} pieces")

    def _said(self, since_s: float, item_by_s: float) -> Claim:
        """Give what the worker says next, in time for the piece and for the whole file."""
        patience = Patience(self._born.process, since_s, self._limits.piece_s, item_by_s)
        try:
            message = self._born.channel.receive(patience)
        except LateError as error:
            if patience.for_item:
                raise LateError(f"took more than {self._limits.item_s:g} s") from error
            raise LateError(f"gave nothing for {self._limits.piece_s:g} s") from error
        return claims.read(message, self._items)

    def _reason(self, error: ChannelError) -> str:
        """End the worker, and tell people why."""
        status = self.end()
        if isinstance(error, EndedError):
            return _ending(status)
        if isinstance(error, LateError):
            return str(error)
        if isinstance(error, _FaultError) and str(error) == MEMORY:
            return f"needs more than {self._limits.memory_bytes >> 20} MiB of memory"
        if isinstance(error, _FaultError):
            return f"failed ({error})"
        return f"told what cannot be ({error})"


class _FaultError(ChannelError):
    """The worker says itself that something went wrong in it."""


def _ending(status: int | None) -> str:
    if status is None or not os.WIFSIGNALED(status):
        return "ended before the file did"
    number = os.WTERMSIG(status)
    if number == signal.SIGXCPU:
        return "used more of the processor than it may"
    if number == signal.SIGKILL:
        return "was killed, as when memory runs out"
    return f"crashed ({signal.Signals(number).name})"
