"""Where exports are, and how one is put elsewhere; imports nothing heavy."""

from __future__ import annotations

import shutil
from pathlib import Path

from omnisearch.training.lab import Lab, LabError, Options


def place(lab: Lab, options: Options) -> Path:
    """Tell where the export of a run is."""
    return lab.root / "export" / options.run


def copy(source: Path, target: Path) -> None:
    """Put an export somewhere else, whole or not at all; what stands there must be one as well."""
    if target.exists() and not (target / "model.json").exists():
        raise LabError(f"{target} is there already and is no export: name another folder")
    temporary = target.with_name(f"{target.name}.new")
    shutil.rmtree(temporary, ignore_errors=True)
    shutil.copytree(source, temporary)
    if target.exists():
        shutil.rmtree(target)
    temporary.replace(target)
