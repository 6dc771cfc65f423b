from __future__ import annotations

import shutil
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


@pytest.fixture(scope="session")
def tiny_lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """A tiny laboratory up to heads and inverse head, made once; read only."""
    torch = pytest.importorskip("torch")

    torch.set_num_threads(1)
    lab = Lab(tmp_path_factory.mktemp("tiny-lab"))
    for name in ("data", "towers", "features", "heads", "inverse"):
        stages.run(name, lab, Options(tiny=True))
    return lab


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
    return carried_on(tiny_lab, tmp_path_factory.mktemp("tiny"), "specialists", "fuse", "recover")


@pytest.fixture(scope="session")
def shippable(tiny: Lab, tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """A tiny laboratory after `train export` of variant a; made once, never changed."""
    return carried_on(tiny, tmp_path_factory.mktemp("shippable"), "phases", "calibrate", "export")


def carried_on(before: Lab, folder: Path, *names: str) -> Lab:
    """Run stages of variant a in a copy of a laboratory."""
    lab = Lab(folder / "lab")
    shutil.copytree(before.root, lab.root)
    for stage in names:
        stages.run(stage, lab, Options(tiny=True, variant="a"))
    return lab
