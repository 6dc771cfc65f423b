"""The program: which command, and how every failure ends in one line and an exit code.

Exit codes: 0 done, 1 no hit, 2 usage or nothing there, 3 done but for some files, 4 collection or
encoder unusable, 5 internal error.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import click

import omnisearch as om
from omnisearch_cli import commands, interrupts, output, settings

COMMANDS = commands.COMMANDS
USAGE, UNUSABLE, INTERNAL, TERMINATED = 2, 4, 5, 143
_CALLERS_FAULT = (400, 404, 415, 501)
_NUMBERS = {  # what click calls numbers
    "a valid integer range": "a whole number",
    "a valid integer": "a whole number",
    "a valid float range": "a number",
    "a valid float": "a number",
}
_NEAR = 0.75  # how much a word is like a command that may be meant

if TYPE_CHECKING:  # it would load the whole engine for every command
    Opened = Callable[[Path], AbstractContextManager[om.Collection]]


class _Commands(click.Group):
    """Imports the module of a command only when that command is named."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        name = commands.MODULES.get(cmd_name, cmd_name)
        command = import_module(f"omnisearch_cli.commands.{name}").command
        assert isinstance(command, click.Command)
        return command


EXAMPLES = """\b
Examples:
  omnisearch ingest ./photos
  omnisearch "a red bicycle"
  omnisearch query ./photo.jpg --text "the same at night"
  omnisearch import vectors.npy --metadata metadata.parquet
  omnisearch status
  omnisearch embed --text "a red bicycle" --out v.npy

\b
Settings may also stand in the environment (OMNISEARCH_LIMIT=20) or in
~/.config/omnisearch.toml (limit = 20). OMNISEARCH_TRACEBACK=1 shows where an
error arose.
"""


@click.group(cls=_Commands, epilog=EXAMPLES, context_settings=settings.CONTEXT)
@click.version_option(package_name="omnisearch", message="%(prog)s %(version)s")
def omnisearch() -> None:
    """Search texts, pictures, sounds, films and pages by what they mean, offline.

    Words without a command are a question: omnisearch "a red bicycle".
    """


def run(arguments: list[str], opened: Opened | None = None) -> int:
    """Run a command; returns its exit code.

    A process that stays for several questions says what opens collections there.
    """
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by the caller
            setattr(sys, name, Path(os.devnull).open("w"))
    interrupts.heard_once()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
    try:
        code = _run(_with_command(arguments), opened)
        sys.stdout.flush()
        return code
    except BrokenPipeError:  # the reader has what it wanted
        output.discard(sys.stdout)
        return 0
    except OSError as error:
        output.discard(sys.stdout)
        return _fail(UNUSABLE, f"cannot write the output: {error.strerror}")


def _with_command(arguments: list[str]) -> list[str]:
    """Take words without a command as a question; say so where a command may be meant."""
    first = arguments[0] if arguments else "--help"
    if first in (*COMMANDS, "-h", "--help", "--version") or first.startswith("--version"):
        return arguments
    if " " not in first and (near := get_close_matches(first, COMMANDS, 1, _NEAR)):
        output.say(f"asking for {first!r}; did you mean the command {near[0]}?")
    return ["query", *arguments]


def _run(arguments: list[str], opened: Opened | None) -> int:
    try:
        defaults = settings.read(COMMANDS)
        with omnisearch.make_context(
            "omnisearch", arguments, default_map=defaults, obj=opened
        ) as context:
            from omnisearch_cli import notices  # 10 ms that --help does not need

            with notices.heard():
                code: int | None = omnisearch.invoke(context)
        return code or 0
    except click.exceptions.Exit as exit_:
        return exit_.exit_code
    except click.exceptions.NoArgsIsHelpError as help_:
        sys.stderr.write(f"{help_.format_message()}\n")
        return USAGE
    except (KeyboardInterrupt, click.Abort):
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Python's own end would fall to the next one
        output.complain("interrupted")
        return interrupts.INTERRUPTED
    except click.ClickException as error:
        return _fail(USAGE, _usage(error))
    except om.errors.OmnisearchError as error:
        return _fail(USAGE if error.status in _CALLERS_FAULT else UNUSABLE, str(error))
    except OSError as error:
        if error.filename == output.NAME:
            raise
        if _is_nowhere():
            remedy = "change to one that is there"
            return _fail(USAGE, f"the folder that this runs in was removed: {remedy}")
        where = "" if error.filename is None else f"{error.filename}: "
        return _fail(UNUSABLE, f"{where}{error.strerror or error}")
    except Exception as error:
        fault = f"internal error: {type(error).__name__}: {error}"
        remedy = "run it again with OMNISEARCH_TRACEBACK=1 to see where, and report it"
        return _fail(INTERNAL, f"{fault}: {remedy}")


def _is_nowhere() -> bool:
    """Tell whether the folder of this process is gone, which no error of the system names."""
    try:
        Path.cwd()
    except FileNotFoundError:
        return True
    return False


def _usage(error: click.ClickException) -> str:
    """Say what is wrong and where the right form stands."""
    message = error.format_message().rstrip(".").replace("\n", " ")
    for told, meant in _NUMBERS.items():
        message = message.replace(told, meant)
    context = getattr(error, "ctx", None)
    return message if context is None else f"{message} (see {context.command_path} --help)"


def _fail(code: int, message: str) -> int:
    if os.environ.get("OMNISEARCH_TRACEBACK", "0") not in ("", "0"):
        traceback.print_exc()
    output.complain(message)
    return code
