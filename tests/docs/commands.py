"""The commands and the programs of a page, carried out one after another as its reader would."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

from tests.cli.place import OMNISEARCH, Place, environment

_OF_SHELLS = {"|", ">", "<", "&&", ";"}
_LONG_S = 900.0
_MARK = "-" * 9
_DEFINED = f'omnisearch() {{ {shlex.join(OMNISEARCH)} "$@"; }}'


def blocks(page: str) -> list[tuple[str, str]]:
    """Give the blocks of a page, each with its kind."""
    return re.findall(r"```(python|text|sh)\n(.*?)```", page, re.DOTALL)


def printed(page: str, folder: Path) -> list[tuple[str, str]]:
    """Run the Python of a page as one program; gives what came before each text, and the text."""
    shown = [(kind, text) for kind, text in blocks(page) if kind != "sh"]
    program = [text if kind == "python" else f"print({_MARK!r})" for kind, text in shown]
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", "\n".join(program)],
        cwd=folder,
        env=environment(folder),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_LONG_S,
    )
    assert done.returncode == 0, done.stderr
    texts = [text for kind, text in shown if kind == "text"]
    return [*zip(done.stdout.split(f"{_MARK}\n"), [*texts, ""], strict=True)]


def carried_out(text: str, folder: Path, **env: str) -> list[str]:
    """Carry out each line, which must succeed; gives what each printed."""
    lines = text.replace("\\\n", " ").splitlines()
    said = [line for line in lines if shlex.split(line, comments=True)]
    return [_printed(line, Place(folder), env) for line in said]


def _printed(line: str, place: Place, env: dict[str, str]) -> str:
    words = shlex.split(line, comments=True)
    if words[0] == "omnisearch" and not _OF_SHELLS & {*words}:
        done = place.run(*words[1:], stdin="", cwd=None, **env)
    else:
        done = _in_shell(line, place, env)
    assert done.returncode == 0, (line, done.stderr)
    return done.stdout


def _in_shell(line: str, place: Place, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", f"{_DEFINED}\n{line}"],
        cwd=place.home,
        env=environment(place.home, **env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_LONG_S,
    )
