"""What a decoder that was taken over would try first, tried on purpose: nothing of it does harm."""

from __future__ import annotations

import errno
import mmap
import os
import socket
from collections.abc import Callable, Iterator
from threading import Thread
from typing import BinaryIO

import av
import PIL
import pypdfium2

from omnisearch.media.pool.ask import Ask
from omnisearch.media.pool.piece import Piece

_NOWHERE = "/nonexistent/omnisearch"
_MUCH_BYTES = 1 << 40
_REFUSALS = {errno.EPERM, errno.EACCES, errno.ENOMEM, errno.EMFILE, errno.EAGAIN}


def pieces(file: BinaryIO, ask: Ask) -> Iterator[Piece]:
    """Give what could be done, what could not, and the versions of what decodes."""
    allowed = [name for name, deed in _DEEDS.items() if _succeeds(deed)]
    decoders = {
        "FFmpeg": str(av.ffmpeg_version_info),
        "PDFium": str(pypdfium2.PDFIUM_INFO),
        "Pillow": PIL.__version__,
    }
    refused = [name for name in _DEEDS if name not in allowed]
    yield Piece({"allowed": allowed, "refused": refused, "decoders": decoders})


def _succeeds(deed: Callable[[], object]) -> bool:
    try:
        deed()
    except RuntimeError:  # of threads
        return False
    except OSError as error:  # others tell that the kernel went along, and found nothing
        return error.errno not in _REFUSALS
    return True


def _fork() -> None:
    process = os.fork()
    if process == 0:
        os._exit(0)
    os.waitpid(process, 0)


def _reserve() -> None:
    with mmap.mmap(-1, _MUCH_BYTES, mmap.MAP_PRIVATE):
        return


def _share() -> None:
    with mmap.mmap(-1, mmap.PAGESIZE):
        return


def _thread() -> None:
    started = Thread(target=_share)
    started.start()
    started.join()


_DEEDS: dict[str, Callable[[], object]] = {
    "open a file": lambda: os.close(os.open("/", os.O_RDONLY)),
    "look for a file": lambda: os.stat(_NOWHERE),  # noqa: PTH116 # the call itself is tried
    "make a folder": lambda: os.mkdir(_NOWHERE),  # noqa: PTH102
    "open a socket": lambda: socket.socket().close(),
    "run a program": lambda: os.execv(_NOWHERE, [_NOWHERE]),
    "fork": _fork,
    "start a thread": _thread,
    "signal another process": lambda: os.kill(os.getppid(), 0),
    "copy a descriptor": lambda: os.close(os.dup(0)),
    "share memory": _share,
    "take 1 TiB of memory": _reserve,
}
