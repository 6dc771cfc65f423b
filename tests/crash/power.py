"""Power cuts on a real ext4: the file behind a loop mount is copied while the writer is stopped."""

from __future__ import annotations

import gc
import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.crash.invariants import History, check
from tests.crash.kills import wait_for_life
from tests.crash.program import Life, born, marks

IMAGE_BYTES = 64 << 20
COMMIT_S = 300  # ext4 commits its journal this seldom by itself, so that only our syncs count


@dataclass(slots=True)
class Cuts:
    """How often the power was cut, and what was wrong after which cut."""

    count: int = 0
    failures: list[str] = field(default_factory=list)


def can_mount() -> str:
    """Say why power cannot be cut here; empty where it can."""
    if os.geteuid() != 0:
        return "power cuts need root, to mount an ext4 image"
    if shutil.which("mkfs.ext4") is None:
        return "power cuts need mkfs.ext4"
    with tempfile.TemporaryDirectory() as name:
        try:
            with _mounted(_formatted(Path(name) / "disk"), Path(name) / "at", "loop"):
                return ""
        except subprocess.CalledProcessError as error:
            return f"power cuts need loop mounts: {error.stderr.decode().strip()}"


def cut_power(count: int, seed: int, longest_s: float = 0.6) -> Cuts:
    """Cut the power `count` times, each time in a new life on a new disk."""
    cuts, chance = Cuts(), random.Random(seed)
    for number in range(count):
        with tempfile.TemporaryDirectory() as name:
            life = Life(seed=seed + number, rows=60)
            _cut_once(cuts, Path(name), life, chance.random() * longest_s)
    return cuts


def _cut_once(cuts: Cuts, folder: Path, life: Life, delay_s: float) -> None:
    journal, image, copy = folder / "journal", folder / "disk", folder / "copy"
    with _mounted(_formatted(image), folder / "at", f"loop,commit={COMMIT_S}") as at:
        process = born(at / "life", journal, life)
        try:
            wait_for_life(journal, 0)
            time.sleep(delay_s)
            assert process.is_alive() and process.pid is not None, "the writer died by itself"
            os.kill(process.pid, signal.SIGSTOP)
            time.sleep(0.05)
            _run("cp", "--sparse=always", str(image), str(copy))
            promised, attempted = marks(journal)
        finally:
            process.kill()
            process.join()
    cuts.count += 1
    with _mounted(copy, folder / "left", "loop") as left:
        try:
            check(left / "life", promised, attempted, History(life.told()))
        except Exception as error:  # whatever a damaged collection raises is the finding
            fault = f"{type(error).__name__}: {error}"
            cuts.failures.append(f"cut {cuts.count}, {delay_s:.3f} s: {fault}")


def _formatted(image: Path) -> Path:
    with image.open("wb") as stream:
        stream.truncate(IMAGE_BYTES)
    _run("mkfs.ext4", "-q", "-F", str(image))
    return image


@contextmanager
def _mounted(image: Path, at: Path, options: str) -> Iterator[Path]:
    at.mkdir()
    _run("mount", "-t", "ext4", "-o", options, str(image), str(at))
    try:
        yield at
    finally:
        gc.collect()  # what is mapped keeps the mount busy
        _run("umount", "--lazy", str(at))


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
