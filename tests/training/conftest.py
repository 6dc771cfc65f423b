from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from omnisearch.training import stages
from omnisearch.training.lab import Lab, Options

if TYPE_CHECKING:
    from tests.training.toy import Decoupled

REAL = Path(__file__).parents[2] / "lab"


@pytest.fixture(scope="session")
def world() -> Decoupled:
    """Specialists of a toy world and their average; made once, never changed."""
    torch = pytest.importorskip("torch")
    from tests.training import toy

    torch.set_num_threads(1)
    return toy.decoupled(0)


def _once(factory: pytest.TempPathFactory, name: str, make: Callable[[Lab], None]) -> Lab:
    """Give a laboratory that one process makes for all those that test side by side."""
    torch = pytest.importorskip("torch")

    torch.set_num_threads(1)
    base = factory.getbasetemp()
    base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    made, making = base / name, base / f"{name}-making"
    with (base / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            shutil.rmtree(making, ignore_errors=True)
            make(Lab(making))
            making.rename(made)
    return Lab(made)


@pytest.fixture(scope="session")
def tiny_lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """A tiny laboratory up to heads and inverse head, made once; read only."""

    def make(lab: Lab) -> None:
        for name in ("data", "towers", "features", "heads", "inverse"):
            stages.run(name, lab, Options(tiny=True))

    return _once(tmp_path_factory, "tiny-lab", make)


@pytest.fixture(scope="session")
def real_lab() -> Lab:
    """The laboratory with the released towers; without it, tests of these are skipped."""
    pytest.importorskip("torch")

    if not (REAL / "models" / "towers" / "text.onnx").exists():
        pytest.skip(f"no released towers in {REAL}: run `omnisearch train towers`")
    return Lab(REAL)


@pytest.fixture(scope="session")
def tiny(tiny_lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """A tiny laboratory after `train recover` of variant a; made once, never changed."""
    names = "specialists", "fuse", "recover"
    return _once(tmp_path_factory, "tiny", lambda lab: _carry_on(tiny_lab, lab, *names))


@pytest.fixture(scope="session")
def shippable(tiny: Lab, tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """A tiny laboratory after `train export` of variant a; made once, never changed."""
    names = "phases", "calibrate", "export"
    return _once(tmp_path_factory, "shippable", lambda lab: _carry_on(tiny, lab, *names))


def carried_on(before: Lab, folder: Path, *names: str) -> Lab:
    """Run stages of variant a in a copy of a laboratory."""
    lab = Lab(folder / "lab")
    _carry_on(before, lab, *names)
    return lab


def _carry_on(before: Lab, lab: Lab, *names: str) -> None:
    shutil.copytree(before.root, lab.root, dirs_exist_ok=True)
    for stage in names:
        stages.run(stage, lab, Options(tiny=True, variant="a"))
