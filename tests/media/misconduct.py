"""Decoders that go wrong on purpose, each in its own way; the name that is asked for says which."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
import struct
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

import numpy as np

from omnisearch.errors import EmptyError, MediaError, UnsupportedTypeError
from omnisearch.media.pool.ask import Ask
from omnisearch.media.pool.piece import Piece

GOOD = Piece({"n": 1}, {"image": np.full((4, 6, 3), 7, np.uint8)})


def spin() -> None:
    """Never come back, busy."""
    while True:
        pass


def sleep() -> None:
    """Never come back, idle."""
    while True:
        time.sleep(3600)


def hoard() -> None:
    """Take memory until there is none."""
    held = []
    while True:
        held.append(bytearray(16 << 20))


def hoard_beneath() -> None:
    """Take memory as a library does, and write to it."""
    library = ctypes.CDLL(None)
    library.malloc.restype = ctypes.c_void_p
    while found := library.malloc(ctypes.c_size_t(16 << 20)):
        ctypes.memset(found, 1, 16 << 20)
    raise MemoryError


def open_much() -> None:
    """Take descriptors until there are none."""
    while True:
        os.dup(0)


def recurse() -> None:
    """Go so deep that Python gives up."""
    recurse()


def crash() -> None:
    """Read where nothing is."""
    ctypes.string_at(0)


def abort() -> None:
    """End as PDFium does when it finds itself wrong."""
    os.abort()


def leave() -> None:
    """End as if all were well."""
    os._exit(0)


def exit_() -> None:
    """End as programs do."""
    sys.exit(3)


def terminate() -> None:
    """Be ended by somebody else."""
    signal.raise_signal(signal.SIGTERM)


def refuse() -> None:
    """Say that the file is damaged."""
    raise MediaError("the file is damaged: copy it again")


def unsupported() -> None:
    """Say that the file is of no kind."""
    raise UnsupportedTypeError("a program: leave it out")


def empty() -> None:
    """Say that the file has no words."""
    raise EmptyError("no words \x1b[31m in it")


def fail() -> None:
    """Have a fault."""
    raise ZeroDivisionError("division by zero")


def close() -> None:
    """Hang up, and stay."""
    os.close(0)
    sleep()


def trickle() -> None:
    """Say half of something, slowly, without an end."""
    for one in _frame({"of": 1, "kind": "piece", "fields": {"words": "x" * 1000}}):
        _write(bytes([one]))
        time.sleep(0.1)


def flood() -> None:
    """Talk without listening."""
    while True:
        _say({"kind": "piece", "fields": {}})


def flood_unasked() -> None:
    """Say so much that nobody could read it."""
    while True:
        _write(b"\xff" * 65536)


DEEDS: dict[str, Callable[[], None]] = {
    name: value
    for name, value in vars().items()
    if callable(value) and value.__module__ == __name__
}


def pieces(file: BinaryIO, ask: Ask) -> Iterator[Piece]:
    """Give a good piece, then go wrong; `{"say": …}` and `{"raw": …}` are lies in place of it."""
    global NUMBER
    NUMBER += 1
    wish = json.loads(ask.name) if ask.name.startswith("{") else {}
    if "good" in wish:
        for number in range(wish["good"]):
            yield Piece({"n": number}, {"sound": np.full(wish.get("size", 4), number, np.float32)})
        return
    if "say" in wish:
        _say(wish["say"])
        sleep()
    elif "raw" in wish:
        _write(bytes.fromhex(wish["raw"]))
        sleep()
    yield GOOD
    if ask.name == "endless":
        while True:
            yield GOOD
    DEEDS[ask.name]()


NUMBER = 0


def _say(message: dict[str, Any]) -> None:
    _write(_frame({"of": NUMBER, **message}))


def _frame(message: dict[str, Any]) -> bytes:
    body = json.dumps(message).encode()
    return struct.pack("<I", len(body)) + body


def _write(data: bytes) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, 0) as channel:
        try:
            channel.sendall(data)
        finally:
            channel.detach()
