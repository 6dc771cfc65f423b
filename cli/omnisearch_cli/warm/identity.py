"""Which omnisearch this is: a helper answers for the code and the weights that it runs itself."""

from __future__ import annotations

import os
import sys
from importlib.machinery import PathFinder

_PACKAGES = ("omnisearch", "omnisearch_cli", "omnisearch_indexes")
_WEIGHTS = "weights/omni-mini/files.json"  # it has the hash of every file beside it
# What libraries read once, when they are loaded: a helper cannot take it over from a client.
_LOADERS = (
    "ARROW_ GLIBC_ GOTO_ KMP_ LD_ MALLOC_ MKL_ OMP_ OPENBLAS_ PYTHON RAYON_ TOKENIZERS_"
).split()


def identity() -> str:
    """Tell one state of the installed code and weights from any other, by what stat says."""
    told: list[object] = [sys.version, sys.prefix, sys.getfilesystemencoding()]
    for name in _PACKAGES:
        spec = PathFinder.find_spec(name)
        folders = [] if spec is None else list(spec.submodule_search_locations or ())
        told += [(folder, _newest(folder)) for folder in folders]
        if name == "omnisearch":
            told += [_stated(os.path.join(folder, _WEIGHTS)) for folder in folders]  # noqa: PTH118
    return repr(told)


def surroundings() -> str:
    """Tell what a helper must share with a client to see the same files in the same way."""
    root = os.stat("/")  # noqa: PTH116 - pathlib costs a client 5 ms
    try:
        names = [os.readlink(f"/proc/self/ns/{kind}") for kind in ("mnt", "user")]  # noqa: PTH115
    except OSError:
        names = []
    loaders = sorted(
        (name, value) for name, value in os.environ.items() if name.startswith(tuple(_LOADERS))
    )
    return repr([root.st_dev, root.st_ino, names, sorted(os.getgroups()), os.geteuid(), loaders])


def _newest(folder: str) -> tuple[int, int]:
    """Give the time of the newest module and how many there are: an update changes one of them."""
    newest, count, folders = 0, 0, [folder]
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.name.endswith(".py"):
                    newest, count = max(newest, entry.stat().st_mtime_ns), count + 1
                elif "." not in entry.name and entry.name != "__pycache__" and entry.is_dir():
                    folders.append(entry.path)
    return newest, count


def _stated(path: str) -> tuple[int, ...] | None:
    try:
        found = os.stat(path)  # noqa: PTH116
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
