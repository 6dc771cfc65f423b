"""The other side of the helper: a question is handed over, and what it printed is printed here.

Nothing is printed before all of the answer is there, so whoever gets none may answer itself.
"""

from __future__ import annotations

import os
import signal
import sys

from omnisearch_cli.commands import COMMANDS

Told = dict[str, object]
_BEGUN_S = 2.0  # until the helper has taken a question: it is busy, or hangs, if it does not
_WORDS_S = 10.0  # for an answer to words, which takes a tenth of one
_MEDIA_S = 60.0  # where a file may have to be decoded
_UNWRITABLE, _TERMINATED = 4, 143
_ANSWERED_HERE = ("-", "-h", "--help", "--version", "--no-helper", "--batch", "--encoder")
_NONE = ("CI", "OMNISEARCH_ENCODER")  # nobody at a terminal; another encoder than the helper has
_OWN = ("/dev/", "/proc/")  # paths that mean something else in another process
_MEDIA = ("--image", "--audio", "--video", "--document", "--not-", "./", "../", "/", "~/")


def answered(arguments: list[str]) -> int | None:
    """Let the helper answer, and give the exit code; None where it must be done here."""
    if not (may_help(arguments) and is_question(arguments)):
        return None
    try:
        told = _asked(arguments)
    except (OSError, TypeError, ValueError):
        return None  # no helper, one that broke off, or one that was not quick enough
    return told if told is None else _printed(*told)


def may_help(arguments: list[str]) -> bool:
    """Tell whether helpers are wanted here: at a terminal, by a person who did not refuse."""
    refused = os.environ.get("OMNISEARCH_NO_HELPER", "").lower()
    if refused not in ("", "0", "false", "f", "no", "n", "off") or any(map(os.environ.get, _NONE)):
        return False
    if sys.platform != "linux" or any(one.split("=")[0] in _ANSWERED_HERE for one in arguments):
        return False
    try:
        return all(os.isatty(number) for number in range(3)) and _is_in_front()
    except OSError:
        return False


def _is_in_front() -> bool:
    """Tell whether what is typed at the terminal is for this command: not where it ends with &."""
    try:
        return os.tcgetpgrp(0) == os.getpgrp()
    except OSError:  # the terminal of another session
        return True


def is_question(arguments: list[str]) -> bool:
    """Tell whether a command line is a question that another process can answer."""
    if not arguments or (arguments[0] in COMMANDS and arguments[0] != "query"):
        return False
    given = (part for one in arguments for part in (one, one.partition("=")[2]))
    return not any(part.startswith(_OWN) for part in given)


def _asked(arguments: list[str]) -> tuple[int, list[tuple[int, bytes]]] | None:
    """Give the exit code and what is to be printed where; anything else is a ValueError."""
    from omnisearch_cli.warm import frames, place  # 10 ms that other commands do not need

    signal.signal(signal.SIGTERM, lambda *_: os._exit(_TERMINATED))
    folder = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    connection = place.connect(_BEGUN_S)
    try:
        frames.send(connection, _request(arguments), (0, 1, 2, folder))
        told = frames.receive(connection)
        if "begun" not in told:
            return None
        connection.settimeout(_MEDIA_S if any(map(may_be_media, arguments)) else _WORDS_S)
        return _checked(frames.receive(connection))
    finally:
        connection.close()
        os.close(folder)


def may_be_media(argument: str) -> bool:
    """Tell whether a file may have to be decoded."""
    return argument.startswith(_MEDIA) or os.access(argument, os.F_OK)


def _request(arguments: list[str]) -> Told:
    """Tell all of this process that a question may depend on."""
    from omnisearch_cli.warm.identity import identity, surroundings

    mask = os.umask(0o077)
    os.umask(mask)
    streams = (sys.stdin, sys.stdout, sys.stderr)
    return {
        "asked": "query",
        "identity": identity(),
        "surroundings": surroundings(),
        "arguments": arguments,
        "program": sys.argv[0],
        "environment": dict(os.environ),
        "streams": [[one.encoding, one.errors] for one in streams],
        "umask": mask,
        "niceness": os.getpriority(os.PRIO_PROCESS, 0),
    }


def _checked(told: Told) -> tuple[int, list[tuple[int, bytes]]]:
    code, said = told.get("code"), told.get("said")
    if not isinstance(code, int) or not isinstance(said, list):
        raise ValueError("that is no answer")
    parts = []
    for number, text in said:
        if number not in (1, 2) or not isinstance(text, str):
            raise ValueError("that is no output")
        parts.append((number, text.encode("latin-1")))
    return code, parts


def _printed(code: int, said: list[tuple[int, bytes]]) -> int:
    """Print what the question printed, in its order, and give its exit code."""
    for number, raw in said:
        try:
            while raw:
                raw = raw[os.write(number, raw) :]
        except OSError:  # the terminal is gone
            return _UNWRITABLE
    return code
