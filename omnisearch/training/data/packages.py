"""Packages fetched from registries by name and version, through their ordinary clients.

`registry*.json` name each with its version, digest and licence. What was downloaded and bears its
licence is kept under `packages/` with its digest in `packages.json`, and is looked at again before
each use: what is kept is held to what the registry says now.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Literal

from omnisearch.training.data.archives import member, members
from omnisearch.training.data.licences import check
from omnisearch.training.lab import Lab, LabError, LabStorageError, write_json

__all__ = ["Package", "fetch", "find", "member", "members", "obtain"]

Kind = Literal["pip", "npm", "debian"]

_CLIENTS = {"pip": sys.executable, "npm": "npm", "debian": "apt-get"}
_ABSENT = ("no matching distribution", "e404", "etarget", "unable to locate", "was not found")
_FULL = ("no space left", "enospc", "disk quota")
_PATIENCE_S = 1800
_FILE = re.compile(r"\w[^/\0]*")
_LONGEST_LICENCE = 4 << 20  # bytes; the longest, the facts about a wheel, has 54 KiB


@dataclass(frozen=True)
class Package:
    """One package of a registry, and where it states its licence."""

    kind: Kind
    name: str
    version: str
    sha256: str  # empty where it differs between systems
    licence: str  # SPDX, as licences.ALLOWED spells it
    attribution: str
    licence_file: str  # in the archive
    licence_says: str  # words that must stand there
    # what a tool makes is not under the tool's licence; what only tests hear is never in a model
    role: Literal["data", "tool", "test"] = "data"

    def __str__(self) -> str:
        return f"{self.kind} package {self.name} {self.version}"


@cache
def _registry() -> dict[tuple[str, str], Package]:
    tables = [
        file.read_text("utf-8")
        for file in resources.files(__package__).iterdir()
        if file.name.startswith("registry") and file.name.endswith(".json")
    ]
    found = [Package(**entry) for text in tables for entry in json.loads(text)]
    return {(package.kind, package.name): package for package in found}


def find(kind: Kind, name: str) -> Package:
    """Find a package in the registry."""
    return _registry()[kind, name]


def obtain(lab: Lab, kind: Kind, name: str) -> Path:
    """Give the archive of a package, downloaded unless it is there, its licence looked up in it."""
    return fetch(lab, find(kind, name))


def fetch(lab: Lab, package: Package) -> Path:
    """Give the archive of a package, downloaded unless it is there whole."""
    if package.role == "data":
        check(package.licence, str(package))
    kept = _kept(lab, package)
    if kept is not None:
        return kept
    with _downloaded(lab, package) as came:
        digest = _digest(came)
        if package.sha256 and digest != package.sha256:
            fault = f"{package} came damaged: its sha256 is {digest}, not {package.sha256}"
            raise LabStorageError(f"{fault}: run the stage again, or look at your mirror")
        _check_licence(came, package)
        path = came.replace(lab.packages / came.name.replace("%3a", "-"))
    _note(lab, package, path, digest)
    return path


def _kept(lab: Lab, package: Package) -> Path | None:
    """Give the archive that is there, if it is whole and what the registry names now."""
    entry = _known(lab).get(_key(package))
    if entry is None or package.sha256 not in ("", entry["sha256"]):
        return None
    path = lab.packages / entry["file"]
    if not path.is_file() or _digest(path) != entry["sha256"]:
        return None
    if entry != _entry(package, path, entry["sha256"]):  # looked up under another registry
        _check_licence(path, package)
        _note(lab, package, path, entry["sha256"])
    return path


def _key(package: Package) -> str:
    return f"{package.kind}:{package.name}:{package.version}"


def _entry(package: Package, path: Path, digest: str) -> dict[str, str]:
    return {**asdict(package), "file": path.name, "sha256": digest}


def _note(lab: Lab, package: Package, path: Path, digest: str) -> None:
    with _alone(lab.packages):  # parts are made beside each other
        noted = {**_known(lab), _key(package): _entry(package, path, digest)}
        write_json(lab.packages / "packages.json", noted)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep other processes out for a moment."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _known(lab: Lab) -> dict[str, dict[str, str]]:
    """Read what is kept; it is derived, so what does not tell is downloaded anew."""
    path = lab.packages / "packages.json"
    try:
        known = json.loads(path.read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    entries = known.items() if isinstance(known, dict) else ()
    return {key: entry for key, entry in entries if _tells(entry)}


def _tells(entry: object) -> bool:
    """Tell whether an entry names a file of the folder, and its digest."""
    if not isinstance(entry, dict):
        return False
    file, digest = entry.get("file"), entry.get("sha256")
    return isinstance(digest, str) and isinstance(file, str) and bool(_FILE.fullmatch(file))


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _check_licence(path: Path, package: Package) -> None:
    """Raise unless an archive says its licence in the words of the registry."""
    text = member(path, package.licence_file, _LONGEST_LICENCE).decode("utf-8", "replace")
    if package.licence_says not in text:
        fault = f"{package} does not say {package.licence_says!r} in {package.licence_file}"
        raise LabError(f"{fault}: its licence changed, so it may not be used")


def _command(package: Package, folder: Path) -> list[str]:
    client = shutil.which(_CLIENTS[package.kind])
    if client is None:
        raise LabError(f"{_CLIENTS[package.kind]} is missing: {package} is fetched with it")
    exact = f"{package.name}@{package.version}"
    if package.kind == "npm":
        return [client, "pack", "--silent", "--pack-destination", str(folder), exact]
    if package.kind == "debian":
        return [client, "download", f"{package.name}={package.version}"]
    quiet = ["--quiet", "--disable-pip-version-check", "--no-deps"]
    exact = f"{package.name}=={package.version}"
    return [client, "-m", "pip", "download", *quiet, "--dest", str(folder), exact]


@contextmanager
def _downloaded(lab: Lab, package: Package) -> Iterator[Path]:
    """Download an archive; what is not moved away is gone afterwards."""
    with tempfile.TemporaryDirectory(dir=lab.packages, prefix=".download-") as name:
        folder = Path(name).resolve()  # clients run inside it
        try:
            done = subprocess.run(
                _command(package, folder),
                cwd=folder,
                capture_output=True,
                text=True,
                timeout=_PATIENCE_S,
            )
        except subprocess.TimeoutExpired as error:
            fault = f"{package} did not come within {_PATIENCE_S // 60} minutes"
            raise LabStorageError(f"{fault}: run the stage again, it goes on") from error
        files = [path for path in folder.iterdir() if path.is_file()]
        if done.returncode != 0 or len(files) != 1:
            raise _explain(lab, package, done.stderr + done.stdout)
        yield files[0]


def _explain(lab: Lab, package: Package, said: str) -> LabError:
    lowered = said.lower()
    if any(words in lowered for words in _FULL):
        fault = f"no room left on the disk of {lab.packages} for {package}"
        return LabStorageError(f"{fault}: free some and run the stage again, it goes on")
    if any(words in lowered for words in _ABSENT):
        fault = f"there is no {package} where this system looks"
        return LabError(f"{fault}: a registry or mirror that has it is needed")
    lines = [line for line in said.splitlines() if line.strip() and "warn" not in line.lower()]
    last = lines[-1].strip() if lines else "no reason was given"
    return LabStorageError(f"{package} cannot be downloaded ({last}): run the stage again")
