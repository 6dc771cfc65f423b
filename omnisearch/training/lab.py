"""One laboratory: a folder with packages, data, features, models, and what each stage found.

A stage is finished when `done/NAME.json` says so; that record names the records of the stages that
it was made from, so a stage is to be done again once one of those has other results.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import omnisearch
from omnisearch.errors import OmnisearchError

if TYPE_CHECKING:
    from tqdm import tqdm


class LabError(OmnisearchError):
    """A stage that cannot run or go on, and what to do first."""

    status = 400


class LabStorageError(LabError):
    """The disk or a download refused; what is finished is kept."""

    status = 507


@dataclass(frozen=True)
class Options:
    """What a stage is asked for."""

    seed: int = 0
    tiny: bool = False  # the whole recipe on a corpus made here in seconds
    variant: Literal["a", "b"] = "b"  # projectors from random init, or bootstrapped (ships)
    threads: int = 1  # processes beside each other

    @property
    def run(self) -> str:
        """Name this seed of this variant."""
        return f"{self.variant}{self.seed}"


class Lab:
    """The folder of one laboratory."""

    def __init__(self, root: Path, quiet: bool = False) -> None:
        self.root = root
        self.quiet = quiet

    @property
    def packages(self) -> Path:
        """Archives as they were downloaded."""
        return self._folder("packages")

    @property
    def data(self) -> Path:
        """The corpus as Arrow files."""
        return self._folder("data")

    @property
    def features(self) -> Path:
        """What the frozen towers make of the corpus."""
        return self._folder("features")

    @property
    def models(self) -> Path:
        """Checkpoints, a folder for each stage."""
        return self._folder("models")

    @property
    def figures(self) -> Path:
        """One JSON file for each finished stage."""
        return self._folder("figures")

    def _folder(self, name: str) -> Path:
        path = self.root / name
        path.mkdir(parents=True, exist_ok=True)
        return path

    def done(self, stage: str) -> bool:
        """Tell whether a stage is finished and made from what its inputs are now."""
        record = self._record(stage)
        if record is None:
            return False
        return all(self._digest(name) == digest for name, digest in record["inputs"].items())

    def require(self, stage: str, needs: tuple[str, ...] = ()) -> None:
        """Raise unless each stage that this one needs is finished."""
        for need in needs:
            if not self.done(need):
                remedy = f"run `omnisearch train {need.split('-')[0]}` first"
                raise LabError(f"{remedy}: stage {stage} needs what it makes in {self.root}")

    def finish(
        self,
        stage: str,
        figures: Mapping[str, object],
        seconds: float,
        needs: tuple[str, ...] = (),
    ) -> None:
        """Keep the figures of a stage and record that it is done."""
        write_json(self.figures / f"{stage}.json", figures)
        record = {
            "stage": stage,
            "made": _hash(figures),
            "inputs": {need: self._digest(need) for need in needs},
            "seconds": round(seconds, 1),
            "version": omnisearch.__version__,
        }
        write_json(self._folder("done") / f"{stage}.json", record)

    def read_figures(self, stage: str) -> dict[str, Any]:
        """Read what a finished stage found."""
        path = self.figures / f"{stage}.json"
        if not path.exists():
            raise LabError(f"{path} is missing: run `omnisearch train {stage.split('-')[0]}` first")
        found: dict[str, Any] = json.loads(path.read_text("utf-8"))
        return found

    def seconds(self, stage: str) -> float:
        """Tell how long a finished stage took."""
        record = self._record(stage)
        return 0.0 if record is None else float(record["seconds"])

    def progress(self, stage: str, total: int, unit: str) -> tqdm[Any]:
        """Show the time left on stderr: a bar on a terminal, a line each minute elsewhere."""
        from tqdm import tqdm

        shown: dict[str, Any] = {"desc": stage, "total": total, "unit": f" {unit}", "leave": False}
        if not sys.stderr.isatty():
            line = "{desc}: {n_fmt} of {total_fmt}{unit}, {remaining} left\n"
            shown |= {"mininterval": 60, "delay": 60, "bar_format": line}
        return tqdm(**shown, disable=self.quiet)

    def _record(self, stage: str) -> dict[str, Any] | None:
        path = self.root / "done" / f"{stage}.json"
        try:
            record: dict[str, Any] = json.loads(path.read_text("utf-8"))
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise LabStorageError(f"{path} is damaged: remove it and repeat the stage") from error
        return record

    def _digest(self, stage: str) -> str | None:
        record = self._record(stage)
        return None if record is None else str(record["made"])


def _hash(figures: Mapping[str, object]) -> str:
    text = json.dumps(figures, sort_keys=True, default=str)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def write_json(path: Path, value: object) -> None:
    """Write JSON under a temporary name, then give it its own: whole or not at all."""
    text = json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False)
    write_bytes(path, f"{text}\n".encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    with whole(path) as temporary:
        temporary.write_bytes(content)


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Give a name to write to; the file gets its own name at the end, or is gone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
