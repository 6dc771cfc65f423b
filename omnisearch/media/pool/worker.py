"""The life of a worker: take a file, hand its pieces over one by one, take the next, until killed.

It runs behind every lock, on one thread. Nothing here is trusted by the parent, this file included.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, BinaryIO

from omnisearch.errors import MediaError
from omnisearch.media.pool.ask import Ask
from omnisearch.media.pool.channel import Channel, ChannelError, GarbledError
from omnisearch.media.pool.piece import Piece
from omnisearch.media.pool.ring import SLOTS, Ring

Extractor = Callable[[BinaryIO, Ask], Iterator[Piece]]
FIRST = 1  # the number of a worker's first file
MEMORY = "memory"  # what a fault is called where there was too little


def serve(channel: Channel, ring: Ring, extractor: Extractor) -> None:
    """Decode what the parent sends, until it closes the channel."""
    with suppress(ChannelError):
        while True:
            message, descriptors = channel.receive_with_descriptors()
            if message is None or len(descriptors) != 1:
                raise GarbledError("no file came with the ask")
            with os.fdopen(descriptors[0], "rb") as file:
                _Delivery(channel, ring, message["of"]).run(extractor, file, message["ask"])


class _Delivery:
    """The pieces of one file on their way; each is nodded for, and two may be unread."""

    def __init__(self, channel: Channel, ring: Ring, number: int) -> None:
        self._channel, self._ring, self._number = channel, ring, number
        self._sent = self._read = 0

    def run(self, extractor: Extractor, file: BinaryIO, ask: dict[str, Any]) -> None:
        """Send every piece of a file, and how it ended."""
        last = self._ending(extractor, file, ask)
        while self._read < self._sent:
            self._wait()
        self._ring.clear()
        self._say(last)

    def _ending(self, extractor: Extractor, file: BinaryIO, ask: dict[str, Any]) -> dict[str, Any]:
        try:
            file.seek(0)  # whoever opened it may have read
            for piece in extractor(file, Ask.of_json(ask)):
                self._send(piece)
        except MediaError as error:
            return {"kind": "refused", "error": type(error).__name__, "words": str(error)}
        except MemoryError:
            return {"kind": "fault", "words": MEMORY}
        except ChannelError:
            raise
        except BaseException as error:
            # whatever it is costs one file, and the parent says what it was
            return {"kind": "fault", "words": f"{type(error).__name__}: {error}"}
        return {"kind": "end"}

    def _send(self, piece: Piece) -> None:
        while self._sent - self._read >= SLOTS:
            self._wait()
        arrays = self._ring.put(self._sent, piece.arrays)
        self._say({"kind": "piece", "fields": dict(piece.fields), "arrays": arrays})
        self._sent += 1

    def _wait(self) -> None:
        if self._channel.receive() is not None:
            raise GarbledError("a message where a nod was due")
        self._read += 1

    def _say(self, message: dict[str, Any]) -> None:
        self._channel.send({"of": self._number, **message})
