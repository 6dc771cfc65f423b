"""What stages left on disk, read back: damage is told with the file and what makes it again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from omnisearch.training.lab import Lab, LabError

_KEPT = ("data", "features", "models", "figures")  # the folders of a laboratory
_CACHES = ("transcripts-", "tags-")  # files among the features that any exam makes when missing


class DamagedError(LabError):
    """A file of a finished stage that is missing or cannot be read."""

    status = 500


def damaged(path: Path, fault: object) -> DamagedError:
    """Give the error of a file that cannot be read."""
    return DamagedError(f"{path} is damaged ({fault}): {remedy(path)}")


def missing(path: Path) -> DamagedError:
    """Give the error of a file that is not there."""
    return DamagedError(f"{path} is missing: {remedy(path)}")


def figures(lab: Lab, stage: str) -> dict[str, Any]:
    """Read what a finished stage found."""
    found: dict[str, Any] = table(lab.figures / f"{stage}.json")
    return found


def table(path: Path) -> Any:  # noqa: ANN401
    """Read a JSON file."""
    try:
        return json.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise missing(path) from error
    except ValueError as error:
        raise damaged(path, error) from error


def known(path: Path) -> dict[str, Any]:
    """Read a JSON object that is made again where it is missing or damaged: then it is empty."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def array(path: Path) -> npt.NDArray[Any]:
    """Open an array, memory-mapped."""
    try:
        found: npt.NDArray[Any] = np.load(path, mmap_mode="r")
    except FileNotFoundError as error:
        raise missing(path) from error
    except (ValueError, EOFError) as error:
        raise damaged(path, error) from error
    return found


def remedy(path: Path) -> str:
    """Say what makes a file again: the command of its stage, where it is one of a laboratory."""
    if path.name.startswith(_CACHES):
        return "remove it, it is made again"
    again = command(path)
    return "restore it or make it again" if again is None else f"run {again}"


def command(path: Path) -> str | None:
    """Give the command of the stage that makes a file, None for one of no laboratory."""
    at = max((n for n, part in enumerate(path.parts[:-1]) if part in _KEPT), default=None)
    if at is None or not (root := Path(*path.parts[:at])).joinpath("done").is_dir():
        return None
    folder, name = path.parts[at : at + 2]
    record = folder if folder in ("data", "features") else name.removesuffix(".json")
    return f"`{Lab(root).command(record)} --again`"
