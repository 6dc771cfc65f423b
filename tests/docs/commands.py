"""The commands of a page, carried out one after another as its reader would."""

import shlex
import subprocess
from pathlib import Path

from tests.cli.place import OMNISEARCH, Place, environment

_OF_SHELLS = {"|", ">", "<", "&&", ";"}
_DEFINED = f'omnisearch() {{ {shlex.join(OMNISEARCH)} "$@"; }}'


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
        timeout=120,
    )
