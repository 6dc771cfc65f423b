"""One question, in a fork of the helper: it becomes the client in all but its terminal's streams.

It runs the very program that the client would run. What it cannot do as the client would, it
declines, and the client does it.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any

import omnisearch as om
from omnisearch_cli import interrupts, program
from omnisearch_cli.warm import client, frames, held, place
from omnisearch_cli.warm.option import DeclinedError

_OURS = ("ORT_DISABLE_TELEMETRY",)  # what importing omnisearch sets
_READ_S = 2.0
_SEND_S = 10.0  # the client may be stopped, and go on later


def answer(connection: socket.socket, kept: om.KeptEncoder, facts: Mapping[str, Any]) -> bool:
    """Read what is asked, and answer it; tells whether that was a question.

    `facts` are what the helper tells of itself.
    """
    connection.settimeout(_READ_S)
    if place.peer(connection)[1] != os.geteuid():
        return False
    told, descriptors = frames.receive_with_descriptors(connection)
    match told.get("asked"):
        case "status":
            frames.send(connection, {**facts, "same": facts["identity"] == told["identity"]})
        case "stop":
            frames.send(connection, {"stopping": True})
            _end(facts["process"])
        case "query" if told["identity"] != facts["identity"]:
            _end(facts["process"])
        case "query" if told["surroundings"] == facts["surroundings"] and len(descriptors) == 4:
            frames.send(connection, {"begun": True})
            _answer(connection, told, descriptors, kept)
            return True
    return False


def _end(helper: int) -> None:
    """Let the helper end, unless it did already and something else is the parent now."""
    if os.getppid() == helper:
        os.kill(helper, signal.SIGTERM)


def _answer(
    connection: socket.socket, told: dict[str, Any], descriptors: list[int], kept: om.KeptEncoder
) -> None:
    _become(told, descriptors[3])
    if any(map(client.may_be_media, told["arguments"])):
        kept.prepare_decoding()
    said = held.take(descriptors, told["streams"])
    try:
        code = program.run(told["arguments"], _opening(kept))
        sys.stderr.flush()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else program.INTERNAL
    except (DeclinedError, held.TooLongError):
        return
    if code == program.INTERNAL:
        return  # it may be the helper's fault: the client tries, and says what is wrong
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the client may be gone before this fork is
    parts = [[number, raw.decode("latin-1")] for number, raw in said.parts]
    connection.settimeout(_SEND_S)
    frames.send(connection, {"code": code, "said": parts})


def _become(told: dict[str, Any], folder: int) -> None:
    """Take over all of the client that a question may depend on."""
    ours = {name: os.environ[name] for name in _OURS if name in os.environ}
    os.environ.clear()
    os.environ.update(ours | told["environment"])
    time.tzset()
    os.umask(told["umask"])
    os.fchdir(folder)
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, told["niceness"])
    sys.argv = [told["program"], *told["arguments"]]
    signal.signal(signal.SIGINT, signal.default_int_handler)
    interrupts.leave_at_once()


def _opening(kept: om.KeptEncoder) -> program.Opened:
    def opened(path: Path) -> AbstractContextManager[om.Collection]:
        try:
            return kept.collection(path)
        except om.errors.SpaceMismatchError:  # of another encoder, or of none
            raise DeclinedError from None

    return opened
