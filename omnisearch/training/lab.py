"""One laboratory: a folder with packages, data, features, models, and what each stage found.

A stage is finished when `done/NAME.json` says so; that record names the records of the stages that
it was made from, so a stage is to be done again once one of those, or one behind it, has other
results.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
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


class LabBusyError(LabError):
    """Another run works in the laboratory."""

    status = 409


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


@dataclass(frozen=True)
class Made:
    """What a stage found, how long that took, and what it was made from."""

    figures: Mapping[str, object]
    seconds: float = 0.0
    inputs: Mapping[str, str | None] = field(default_factory=dict)  # records before it began
    tiny: bool = False
    files: Sequence[Path] = ()  # which tell it from another one with the same figures


class Lab:
    """The folder of one laboratory."""

    def __init__(self, root: Path, quiet: bool = False) -> None:
        self.root = root
        self.quiet = quiet
        self.held: tuple[int, ...] = ()  # descriptors of the locks that this run has

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
        """One JSON file for each finished stage; made by the first of them."""
        return self.root / "figures"

    def _folder(self, name: str) -> Path:
        path = self.root / name
        path.mkdir(parents=True, exist_ok=True)
        return path

    def done(self, stage: str) -> bool:
        """Tell whether a stage is finished, and made from what its inputs are now."""
        record = self._record(stage)
        if record is None:
            return False
        inputs = record["inputs"].items()
        return all(digest is not None and self._now(name) == digest for name, digest in inputs)

    def is_tiny(self) -> bool | None:
        """Tell whether the corpus is the tiny one; None where there is none yet."""
        record = self._record("data")
        if record is not None and "tiny" in record:
            return bool(record["tiny"])
        stems = [path.stem for path in (self.root / "data").glob("*.arrow")]
        return any(stem.endswith("-tiny") for stem in stems) if stems else None

    def require_corpus(self, tiny: bool) -> None:
        """Raise where the laboratory is of the other corpus: one of both would be worth nothing."""
        found = self.is_tiny()
        if found is not None and found != tiny:
            corpus, way = ("tiny", "with") if found else ("real", "without")
            remedy = f"name another folder with --lab, or run it {way} --tiny"
            raise LabError(f"{self.root} is a laboratory of the {corpus} corpus: {remedy}")

    def require(self, stage: str, needs: tuple[str, ...] = (), tiny: bool = False) -> None:
        """Raise unless each stage that this one needs is finished."""
        for need in needs:
            if not self.done(need):
                remedy = f"run `{self.command(need, tiny)}` first"
                raise LabError(f"{remedy}: stage {stage} needs what it makes")

    def command(self, stage: str, tiny: bool = False) -> str:
        """Tell what makes a record here."""
        name, _, run = stage.partition("-")
        words = ["omnisearch", "train", name]
        words += ["--variant", run[0], "--seed", run[1:]] if run else []
        words += ["--tiny"] if tiny or self.is_tiny() else []
        return shlex.join([*words, "--lab", str(self.root)])

    def inputs(self, needs: Sequence[str]) -> dict[str, str | None]:
        """Tell what stages, or files of a pattern, are now, for the record of what they make."""
        return {need: self._now(need) for need in needs}

    def finish(self, stage: str, made: Made) -> None:
        """Keep the figures of a stage and record that it is done."""
        write_json(self.figures / f"{stage}.json", made.figures)
        record = {
            "stage": stage,
            "made": _hash(made.figures, made.files),
            "inputs": dict(made.inputs),
            "tiny": made.tiny,
            "seconds": round(made.seconds, 1),
            "version": omnisearch.__version__,
        }
        write_json(self._folder("done") / f"{stage}.json", record)

    def seconds(self, stage: str) -> float:
        """Tell how long a finished stage took."""
        record = self._record(stage)
        return 0.0 if record is None else float(record["seconds"])

    def version(self, stage: str) -> str | None:
        """Tell which omnisearch made a finished stage."""
        record = self._record(stage)
        return None if record is None else record.get("version")

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

    def _now(self, need: str) -> str | None:
        if "*" in need:
            return _hash({}, sorted(self.root.glob(need)))
        record = self._record(need) if self.done(need) else None
        return None if record is None else str(record["made"])


def _hash(figures: Mapping[str, object], files: Sequence[Path]) -> str:
    """Tell what was made from other results."""
    text = json.dumps(figures, sort_keys=True, default=str)
    total = hashlib.blake2b(text.encode(), digest_size=16)
    for file in files:
        total.update(file.name.encode())
        with file.open("rb") as opened:
            total.update(hashlib.file_digest(opened, "blake2b").digest())
    return total.hexdigest()


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
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        temporary.replace(path)
    except OSError as error:
        own = map(str, (temporary, path, *path.parents))
        if error.filename not in own and error.errno not in (*_FULL, errno.EFBIG):
            raise
        raise refused(error, path) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


_FULL = (errno.ENOSPC, errno.EDQUOT)
REFUSALS = (*_FULL, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM)


def refused(error: OSError, path: Path) -> LabStorageError:
    """Say what the system's refusal to write a file, or into a folder, calls for."""
    if error.errno in _FULL:
        fault, remedy = f"no room left on the disk of {path}", "free some and run it again"
    elif error.errno == errno.EFBIG:
        fault = f"{path} is larger than a file may be here"
        remedy = "raise the limit (ulimit -f), or take another disk"
    else:
        fault = f"{path} cannot be used ({error.strerror or error})"
        remedy = "change who may use it, or name another place"
    return LabStorageError(f"{fault}: {remedy}")
