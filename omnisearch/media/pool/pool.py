"""Files decoded side by side, each in a process that can do nothing but decode.

One file costs at most itself: whoever crashes, hangs or lies is killed and replaced by the next.
"""

from __future__ import annotations

import fcntl
import os
import stat
import weakref
from collections.abc import Iterator, Sequence
from threading import Condition, Lock
from typing import Self

from omnisearch.errors import DecoderError, MediaError, PoolError
from omnisearch.media.pool.ask import Ask
from omnisearch.media.pool.decoder import Decoder
from omnisearch.media.pool.lending import Lender
from omnisearch.media.pool.limits import Limits
from omnisearch.media.pool.nursery import Nursery
from omnisearch.media.pool.piece import Piece
from omnisearch.media.pool.started import Started
from omnisearch.media.sandbox.lockdown import Layers

EXTRACTOR = "omnisearch.ingest.extraction.item:pieces"
_USUAL = Limits()


class Pool:
    """Workers that decode, made when they are needed; threads share it, forked processes do not."""

    def __init__(
        self,
        extractor: str = EXTRACTOR,
        workers: int = 2,
        limits: Limits = _USUAL,
        lender: Lender | None = None,  # of the same extractor and limits
    ) -> None:
        if workers < 1:
            raise ValueError(f"{workers} workers decode nothing: give 1 or more")
        self._extractor, self._limits, self._lender = extractor, limits, lender
        self._process = os.getpid()
        self._renewing = Lock()
        self._change = Condition()  # of what follows
        self._free = workers
        self._idle: list[Decoder] = []  # the same list as long as the pool lives
        self._busy: set[Decoder] = set()
        self._closed = False
        self._nursery = self._nursed()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def layers(self) -> Layers:
        """Wait until workers can be made, and give what holds them."""
        return self._living().layers()

    def decode(self, descriptor: int, ask: Ask) -> Iterator[Piece]:
        """Give the pieces of an open file as they come; blocks while all workers are busy.

        The file must not be writable: what reads it may have been taken over by what it holds.
        """
        _check_descriptor(descriptor)
        if os.getpid() != self._process:
            raise PoolError("the pool was made before this process was forked: make another here")
        return self._decoded(descriptor, ask)

    def close(self) -> None:
        """End every worker; whoever waits for one in another thread gets a PoolError."""
        if os.getpid() != self._process:
            return
        with self._change:
            self._closed = True
            idle = self._idle[:]
            self._idle.clear()
            for decoder in self._busy:
                decoder.shut()
            self._change.notify_all()
        self._nursery.close()
        for decoder in idle:
            decoder.end()

    def _decoded(self, descriptor: int, ask: Ask) -> Iterator[Piece]:
        decoder = self._taken()
        clean = False
        try:
            yield from decoder.pieces(descriptor, ask)
            clean = True
        except DecoderError as error:
            if self._closed:
                raise _closed() from error
            raise
        except MediaError:
            clean = True
            raise
        finally:  # also where the caller wants no more of it
            self._give_back(decoder, clean)

    def _taken(self) -> Decoder:
        with self._change:
            self._change.wait_for(lambda: self._closed or self._free)
            if self._closed:
                raise _closed()
            self._free -= 1
            found = self._idle.pop() if self._idle else None
        try:
            decoder = self._fit(found)
        except PoolError as error:
            self._freed(None)
            if self._closed:
                raise _closed() from error
            raise
        with self._change:
            self._busy.add(decoder)
            if not self._closed:
                return decoder
        self._give_back(decoder, clean=False)
        raise _closed()

    def _fit(self, found: Decoder | None) -> Decoder:
        """Give a worker that can take a file: the one that was idle, or another."""
        if found is not None:
            if found.waits:
                return found
            found.end()  # it died, or talked unasked
        nursery = self._living()
        try:
            return Decoder(nursery, self._limits)
        except PoolError:
            if self._closed or not nursery.worked:
                raise
            nursery.close()  # it died just now, as when memory runs out
            return Decoder(self._living(), self._limits)

    def _give_back(self, decoder: Decoder, clean: bool) -> None:
        if clean and not decoder.worn and not decoder.ended and not self._closed:
            self._freed(decoder)
            return
        decoder.end()
        with self._change:
            self._busy.discard(decoder)
        self._freed(None)

    def _freed(self, decoder: Decoder | None) -> None:
        with self._change:
            self._free += 1
            if decoder is not None:
                self._busy.discard(decoder)
                self._idle.append(decoder)
            self._change.notify()

    def _living(self) -> Nursery:
        """Give what makes workers, made anew where it has died: they died with it."""
        with self._renewing:
            if self._nursery.gone and not self._closed:
                self._nursery.close()
                self._nursery = self._nursed()
                with self._change:
                    orphans = self._idle[:]
                    self._idle.clear()
                for decoder in orphans:
                    decoder.end()
            return self._nursery

    def _nursed(self) -> Nursery:
        """Begin what makes workers; it ends with the pool, also where nobody closes that."""
        lent = None if self._lender is None else self._lender.lend()
        nursery = Nursery(lent or Started(self._extractor, self._limits), self._limits)
        ending = weakref.finalize(self, _abandoned, self._process, nursery, self._idle)
        ending.atexit = False  # it ends with the process by itself
        return nursery


def _abandoned(process: int, nursery: Nursery, idle: Sequence[Decoder]) -> None:
    if os.getpid() != process:
        return
    nursery.close()
    for decoder in idle:
        decoder.end()


def _check_descriptor(descriptor: int) -> None:
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        raise ValueError("the descriptor is of no regular file: open a file")
    if fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY:
        return
    try:
        sealed = fcntl.fcntl(descriptor, fcntl.F_GET_SEALS) & fcntl.F_SEAL_WRITE
    except (AttributeError, OSError):  # no memory file, or none that can be sealed
        sealed = 0
    if not sealed:
        raise ValueError("the descriptor can be written to: open the file for reading, or seal it")


def _closed() -> PoolError:
    return PoolError("the pool was closed while it was in use: make another")
