"""Where exports are, and how one is put elsewhere; imports nothing heavy."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

from omnisearch.training.lab import Lab, LabError, Options, refused


def place(lab: Lab, options: Options) -> Path:
    """Tell where the export of a run is."""
    return lab.root / "export" / options.run


def free(source: Path, target: Path) -> Path:
    """Give the folder that is meant; raise where something else than an export would be lost."""
    found = target.resolve()
    if Path.cwd().is_relative_to(found):
        raise LabError(f"{target} is what this runs in: name another folder")
    if found.is_relative_to(source.resolve()):
        raise LabError(f"{target} is the laboratory's own export: name another folder")
    if not found.exists():
        return found
    own = _names(found)
    if not own:
        raise LabError(f"{target} is there already and is no export: name another folder")
    foreign = sorted(one.name for one in found.iterdir() if one.name not in own or not _plain(one))
    if foreign:
        fault = f"{target} is there already and holds {foreign[0]}, which is not of an export"
        raise LabError(f"{fault}: name another folder")
    return found


def copy(source: Path, target: Path) -> None:
    """Put an export somewhere else, whole or not at all; only another export is replaced."""
    found = free(source, target)
    try:
        found.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".export-", dir=found.parent) as kept:
            made, before = Path(kept) / "made", Path(kept) / "before"
            made.mkdir()
            for file in source.iterdir():
                shutil.copy2(file, made / file.name)
            _replace(found, made, before)
    except OSError as error:
        raise refused(error, found) from error


def _replace(target: Path, made: Path, before: Path) -> None:
    if target.exists():
        target.rename(before)
    try:
        made.rename(target)
    except OSError:
        if before.exists():
            before.rename(target)
        raise


def _names(folder: Path) -> set[str]:
    """Give the names of all that an export holds; none where a folder is not one."""
    from omnisearch.encoder.model import FILES, PAPERS  # not needed to list the stages

    try:
        listed = json.loads((folder / FILES).read_text("utf-8"))
    except (OSError, ValueError):
        return set()
    if not isinstance(listed, dict) or "model.json" not in listed:
        return set()
    return {FILES, *PAPERS, *listed}


def _plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()
