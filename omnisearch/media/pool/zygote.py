"""The process that workers are copies of: it imports everything once, locks itself up, and forks.

It decodes nothing, so that no file can take it over; it ends when its parent does, and its workers
with it. A worker is a copy in milliseconds, where a new Python with its libraries takes seconds.
It may also be told to let a copy of itself obey another parent.
"""

from __future__ import annotations

import ctypes
import encodings
import gc
import os
import resource
import select
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, NoReturn

from omnisearch.media.pool.channel import Channel, EndedError
from omnisearch.media.pool.limits import Limits
from omnisearch.media.pool.ring import SLOTS, Ring
from omnisearch.media.pool.worker import FIRST, Extractor, serve
from omnisearch.media.sandbox import lockdown, rlimits
from omnisearch.media.sandbox.lockdown import Layers
from omnisearch.media.sandbox.rlimits import Allowance
from omnisearch.media.sandbox.seccomp import CHANNEL

MESSAGE_BYTES = 1 << 20  # between this process and its parent
NAME = "omni-decoders"
_CALLBACKS = 64  # at a time: PDFium needs one for a file, and eight for its forms
_OPEN = 64  # that this process has open: what libraries keep, and a worker on its way
_FILES = 8  # that a worker has open: the channel, twice nothing, and its file
_SLACK_BYTES = 64 << 20  # of addresses: what libraries reserve and never touch
_LENT_MS = 500  # how long a copy that has ended may stay a zombie
_KILLED_S = 0.5  # a worker that reads from a dead disk ends long after it is killed


@dataclass(frozen=True, slots=True)
class _Recipe:
    """How a worker is made."""

    extractor: Extractor
    layers: Layers
    allowance: Allowance
    head_bytes: int
    piece_bytes: int


def main() -> None:
    """Run until the parent closes the channel or ends; called in a Python of its own."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ.clear()
    channel = Channel.behind(CHANNEL, MESSAGE_BYTES)
    order, beside = channel.receive_with_descriptors()
    limits = Limits(**order["limits"])
    try:
        extractor = _imported(order["extractor"])
    except Exception as error:
        # the parent raises it again, where somebody can read it
        channel.send({"failed": f"{type(error).__name__}: {error}"})
        return
    allowance = _allowance(limits)
    rlimits.hold(Allowance(files=_OPEN))
    layers = lockdown.lock_zygote(NAME)
    channel.send({"layers": layers.as_json()})
    recipe = _Recipe(extractor, layers, allowance, limits.head_bytes, limits.piece_bytes)
    _Zygote(channel, beside, recipe).run()


def _imported(name: str) -> Extractor:
    """Import all that decoding needs, and leave it in pages that copies share.

    Python imports encodings when they are first used, and nothing can be opened then.
    """
    for late in (
        "_strptime",
        *(f"encodings.{one.name}" for one in iter_modules(encodings.__path__)),
    ):
        with suppress(ImportError):  # those of Windows
            import_module(late)
    time.tzset()
    module, _, attribute = name.partition(":")
    extractor: Extractor = getattr(import_module(module), attribute)
    _callbacks()
    gc.collect()
    gc.freeze()  # counting references would copy the pages
    return extractor


def _callbacks() -> None:
    """Have room for functions that libraries call back: it is code, and none is mapped later.

    One is never given back, so that the room for the others stays.
    """
    room = [ctypes.CFUNCTYPE(None)(gc.collect) for _ in range(_CALLBACKS)]
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(room[0]))


def _allowance(limits: Limits) -> Allowance:
    """Give what a worker may use; addresses beyond those that this process uses already."""
    addresses = None
    sizes = Path("/proc/self/statm")
    if sizes.exists():
        used = int(sizes.read_text().split()[0]) * resource.getpagesize()
        addresses = used + limits.memory_bytes + limits.piece_bytes * SLOTS + _SLACK_BYTES
    return Allowance(
        memory_bytes=limits.memory_bytes,
        address_bytes=addresses,
        processor_s=limits.processor_s,
        files=_FILES,
        processes=0,
    )


class _Zygote:
    """Makes a worker, or ends one, when the parent says so."""

    def __init__(self, channel: Channel, beside: list[int], recipe: _Recipe) -> None:
        self._channel = channel
        self._recipe = recipe
        self._living: set[int] = set()
        self._killed: set[int] = set()  # not yet gone
        self._lent: set[int] = set()  # copies with other parents
        self._waiting = select.poll()
        # a handle of the parent where there is one, which tells when it has died
        for one in (CHANNEL, *beside):
            self._waiting.register(one, select.POLLIN)
        self._parents = set(beside)

    def run(self) -> None:
        """Obey until there is nobody to obey."""
        try:
            while self._parents.isdisjoint(told := self._told()):
                if told:
                    self._obey(*self._channel.receive_with_descriptors())
        except EndedError:
            pass
        for process in self._living:
            self._end(process)

    def _told(self) -> set[int]:
        """Wait for something to do, and bury copies that ended meanwhile."""
        found = self._waiting.poll(_LENT_MS if self._lent else None)
        self._lent = _living(self._lent)
        return {one for one, _ in found}

    def _obey(self, message: dict[str, Any], descriptors: list[int]) -> None:
        if "lend" in message:
            self._lend(*descriptors)
        elif "end" in message:
            process = message["end"]
            self._channel.send({"status": self._end(process)})
            self._living.discard(process)
        else:
            self._channel.send(self._made(*descriptors))
        self._killed = _living(self._killed)

    def _lend(self, end: int, *parent: int) -> None:
        """Have a copy with another parent; where there can be none, its channel is closed."""
        with suppress(OSError):
            process = os.fork()
            if process == 0:
                self._serve(end, parent)
            self._lent.add(process)
        for one in (end, *parent):
            os.close(one)

    def _serve(self, end: int, parent: Sequence[int]) -> NoReturn:
        """Be the copy: nothing of the first parent's is held."""
        try:
            os.dup2(end, CHANNEL)
            for one in (end, *self._parents):
                os.close(one)
            channel = Channel.behind(CHANNEL, MESSAGE_BYTES)
            channel.send({"layers": self._recipe.layers.as_json()})
            _Zygote(channel, list(parent), self._recipe).run()
        finally:
            os._exit(0)  # no handler of the copy runs

    def _made(self, end: int, memory: int) -> dict[str, Any]:
        here = os.getpid()
        try:
            process = os.fork()
            if process == 0:
                _live(self._recipe, here, end, memory)
        except OSError as error:
            return {"failed": str(error)}
        finally:
            os.close(end)
            os.close(memory)
        self._living.add(process)
        return {"worker": process}

    def _end(self, process: int) -> int | None:
        """Kill a worker and give how it ended: its own death, where that came first."""
        if process not in self._living:
            return None
        os.kill(process, signal.SIGKILL)
        deadline_s = time.monotonic() + _KILLED_S
        while time.monotonic() < deadline_s:
            found, status = os.waitpid(process, os.WNOHANG)
            if found:
                return status
            time.sleep(0.001)
        self._killed.add(process)
        return None


def _living(processes: set[int]) -> set[int]:
    """Give those that have not ended, and bury the others."""
    return {one for one in processes if os.waitpid(one, os.WNOHANG)[0] == 0}


def _live(recipe: _Recipe, parent: int, end: int, memory: int) -> NoReturn:
    """Be a worker, with nothing open but the channel."""
    try:
        os.dup2(end, CHANNEL)
        channel = Channel.behind(CHANNEL, recipe.head_bytes)
        try:
            serve(channel, _locked(recipe, parent, memory), recipe.extractor)
        except OSError as error:
            words = f"{type(error).__name__}: {error}"
            channel.send({"of": FIRST, "kind": "fault", "words": words})
    finally:
        os._exit(0)  # no handler of the copy runs


def _locked(recipe: _Recipe, parent: int, memory: int) -> Ring:
    """Give up all but the channel and what is shared."""
    ring = Ring.joined(memory, recipe.piece_bytes)
    os.dup2(CHANNEL + 1, CHANNEL + 2)  # complaints go to nowhere
    os.closerange(CHANNEL + 3, _OPEN)
    lockdown.lock_worker(recipe.layers, recipe.allowance, parent)
    return ring
