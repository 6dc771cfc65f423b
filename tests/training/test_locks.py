"""Who may work in a laboratory at once; two of class `Lab` stand for two processes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from omnisearch.training import lanes
from omnisearch.training.lab import Lab, LabBusyError, LabStorageError, Options
from omnisearch.training.locks import alone


@pytest.mark.parametrize(
    ("first", "second"), [(None, None), (None, "b0"), ("b0", None), ("b0", "b0")]
)
def test_two_do_not_work_on_the_same(tmp_path: Path, first: str | None, second: str | None) -> None:
    with (
        alone(Lab(tmp_path), first),
        pytest.raises(LabBusyError, match="another run works in this laboratory"),
        alone(Lab(tmp_path), second),
    ):
        pass
    with alone(Lab(tmp_path), second):
        pass


def test_other_seeds_and_variants_work_beside_each_other(tmp_path: Path) -> None:
    with alone(Lab(tmp_path), "b0"), alone(Lab(tmp_path), "b1"), alone(Lab(tmp_path), "a0"):
        pass


def test_one_run_enters_again_and_leaves_once(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    with alone(lab, None):
        with alone(lab, "b0"):
            pass
        with pytest.raises(LabBusyError), alone(Lab(tmp_path), None):
            pass
    assert lab.held == ()


def test_a_place_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(LabStorageError, match=r"cannot be used .*: .* or name another place"),
        alone(Lab(tmp_path / "file" / "lab"), None),
    ):
        pass


def holds(lab: Lab, options: Options, name: str) -> None:
    """Leave whether this process has the lock open."""
    wanted, found = (lab.root / ".lock").stat().st_ino, False
    for descriptor in range(3, 256):
        try:
            found |= os.fstat(descriptor).st_ino == wanted
        except OSError:
            continue
    (lab.models / name).write_text(str(found))


def test_processes_of_a_run_hold_its_locks(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    with alone(lab, None):
        lanes.each(holds, lab, Options(threads=2), ["a", "b"], "heads")
    assert [(lab.models / name).read_text() for name in "ab"] == ["True", "True"]
    with alone(Lab(tmp_path), None):  # and let go of them
        pass
