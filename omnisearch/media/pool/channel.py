"""Messages to and from what a parent made: a length in four bytes, then JSON; descriptors beside.

The length is checked before a byte of the message is read, and nothing is ever unpickled. A message
of no bytes is a nod. Descriptors travel from the parent only: what a child attaches is dropped.
"""

from __future__ import annotations

import array
import json
import select
import socket
import struct
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

_LENGTH = struct.Struct("<I")
_DESCRIPTORS = 2  # the most that come with a message
NOD_BYTES = 0
Left = Callable[[], float]  # gives the seconds that may still pass


class ChannelError(Exception):
    """The other side is not what it should be."""


class EndedError(ChannelError):
    """The other side has closed the channel, or has died."""


class LateError(ChannelError):
    """Nothing whole came in time."""


class GarbledError(ChannelError):
    """What came is no message, or says what cannot be."""


class Channel:
    """One end of a pair of sockets; one thread at a time."""

    def __init__(self, end: socket.socket, most_bytes: int) -> None:
        self._end = end
        self._most_bytes = most_bytes

    @classmethod
    def behind(cls, descriptor: int, most_bytes: int) -> Channel:
        """Give the channel behind a descriptor, of a kind that a locked process cannot ask for."""
        end = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, descriptor)
        return cls(end, most_bytes)

    def send(self, message: dict[str, Any] | None, descriptors: Sequence[int] = ()) -> None:
        """Send a message, or a nod, and wait until the other side has room for it."""
        data = _frame(message)
        try:
            if descriptors:
                sent = socket.send_fds(self._end, [data], list(descriptors))
                data = data[sent:]
            self._end.sendall(data)
        except OSError as error:
            raise EndedError(str(error)) from error

    def send_now(self, message: dict[str, Any] | None, descriptors: Sequence[int] = ()) -> None:
        """Send a short message without waiting: a side that listens has room for it."""
        data = _frame(message)
        beside = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))]
        try:
            sent = self._end.sendmsg([data], beside if descriptors else [], socket.MSG_DONTWAIT)
        except BlockingIOError as error:
            raise GarbledError("it does not listen") from error
        except OSError as error:
            raise EndedError(str(error)) from error
        if sent != len(data):
            raise GarbledError("it does not listen")

    def receive(self, left_s: Left | None = None) -> Any:  # noqa: ANN401
        """Give the next message, None for a nod; what is asked how long that may still take.

        What has arrived is taken however late it is asked for.
        """
        return self._message(self._exactly(_LENGTH.size, left_s), left_s)

    def receive_with_descriptors(self) -> tuple[Any, list[int]]:
        """Give the next message and what came with it, for which the caller answers from now on."""
        head, descriptors, _, _ = socket.recv_fds(self._end, _LENGTH.size, _DESCRIPTORS)
        if not head:
            raise EndedError("the channel is closed")
        head += self._exactly(_LENGTH.size - len(head), None)
        return self._message(head, None), descriptors

    @property
    def silent(self) -> bool:
        """Tell whether nothing has come, the end neither."""
        waiting = select.poll()
        waiting.register(self._end, select.POLLIN)
        return not waiting.poll(0)

    def shut(self) -> None:
        """Wake whoever waits on either side: there will be no more."""
        try:
            self._end.shutdown(socket.SHUT_RDWR)
        except OSError:  # the other side did already
            return

    def close(self) -> None:
        """Give the socket back."""
        self._end.close()

    def _message(self, head: bytes, left_s: Left | None) -> Any:  # noqa: ANN401
        (length,) = _LENGTH.unpack(head)
        if length == NOD_BYTES:
            return None
        if length > self._most_bytes:
            raise GarbledError(f"a message of {length:,} bytes")
        body = self._exactly(length, left_s)
        try:
            return json.loads(body, parse_constant=_no_number)
        except (ValueError, RecursionError) as error:  # among them what is no UTF-8
            raise GarbledError("a message that is no JSON") from error

    def _exactly(self, count: int, left_s: Left | None) -> bytes:
        data, got = bytearray(count), 0
        view = memoryview(data)
        while got < count:
            try:
                added = self._end.recv_into(view[got:], 0, socket.MSG_DONTWAIT)
            except BlockingIOError:
                self._wait(left_s)
                continue
            except OSError as error:
                raise EndedError(str(error)) from error
            if not added:
                raise EndedError("the channel is closed")
            got += added
        return bytes(data)

    def _wait(self, left_s: Left | None) -> None:
        waiting = select.poll()
        waiting.register(self._end, select.POLLIN)
        if left_s is None:
            waiting.poll()
            return
        while (rest_s := left_s()) > 0:
            if waiting.poll(rest_s * 1000):
                return
        raise LateError("nothing came in time")


def _frame(message: dict[str, Any] | None) -> bytes:
    if message is None:
        return _LENGTH.pack(NOD_BYTES)
    text = json.dumps(message, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    # a name of a file may hold half a character
    body = text.encode("utf-8", "replace")
    return _LENGTH.pack(len(body)) + body


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number of JSON")
