"""An export that is put elsewhere, and what may not be lost by it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from omnisearch.training.export.places import copy
from omnisearch.training.lab import LabError, LabStorageError
from tests.cli.place import ROOT

PARTS = {"model.json": "{}", "text.onnx": "t", "NOTICE": "n", "MODEL_CARD.md": "c"}


@pytest.fixture
def export(tmp_path: Path) -> Path:
    folder = tmp_path / "lab" / "export" / "b0"
    folder.mkdir(parents=True)
    for name, content in PARTS.items():
        (folder / name).write_text(content)
    listed: dict[str, object] = {name: {} for name in ("model.json", "text.onnx")}
    (folder / "files.json").write_text(json.dumps(listed))
    return folder


@pytest.fixture
def out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where exports are to go, and where the command runs."""
    folder = tmp_path / "out"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_an_export_is_copied_and_replaced(export: Path, out: Path) -> None:
    for content in ("t", "other"):
        (export / "text.onnx").write_text(content)
        copy(export, out / "deep" / "mine")
        assert names(out / "deep" / "mine") == {*PARTS, "files.json"}
        assert (out / "deep" / "mine" / "text.onnx").read_text() == content
    assert names(out / "deep") == {"mine"}
    assert (out / "deep" / "mine").stat().st_mode & 0o777 == export.stat().st_mode & 0o777


def test_what_stands_beside_is_left(export: Path, out: Path) -> None:
    (out / "mine.new").mkdir()
    (out / "mine.new" / "notes.txt").write_text("precious")
    copy(export, out / "mine")
    assert (out / "mine.new" / "notes.txt").read_text() == "precious"


@pytest.mark.parametrize("name", ["thesis.txt", "sub/thesis.txt", "NOTICE/thesis.txt"])
def test_a_folder_with_more_than_an_export_is_refused(export: Path, out: Path, name: str) -> None:
    shutil.copytree(export, out / "mine")
    kept = out / "mine" / name
    if kept.parent.exists() and not kept.parent.is_dir():
        kept.parent.unlink()
    kept.parent.mkdir(exist_ok=True)
    kept.write_text("x")
    first = name.partition("/")[0]
    with pytest.raises(LabError, match=f"holds {first}, which is not of an export: name another"):
        copy(export, out / "mine")
    assert kept.read_text() == "x" and names(out) == {"mine"}


def test_a_folder_that_only_has_a_model_is_no_export(export: Path, out: Path) -> None:
    (out / "mine").mkdir()
    (out / "mine" / "model.json").write_text("{}")
    for listed in (None, "[]", "{", "{}"):
        if listed is not None:
            (out / "mine" / "files.json").write_text(listed)
        with pytest.raises(LabError, match="is there already and is no export"):
            copy(export, out / "mine")
    (out / "file").write_text("x")
    with pytest.raises(LabError, match="is there already and is no export"):
        copy(export, out / "file")


@pytest.mark.parametrize("target", [".", "..", ""])
def test_the_folder_that_it_runs_in_is_refused(export: Path, out: Path, target: str) -> None:
    with pytest.raises(LabError, match="is what this runs in: name another folder"):
        copy(export, Path(target))
    assert names(out) == set()


def test_the_laboratory_s_own_export_is_refused(export: Path, out: Path) -> None:
    for target in (export, export / "sub"):
        with pytest.raises(LabError, match="is the laboratory's own export"):
            copy(export, target)
    assert names(export) == {*PARTS, "files.json"}


@pytest.mark.parametrize("there", [True, False])
def test_a_link_leads_to_where_it_goes(export: Path, out: Path, there: bool) -> None:
    if there:
        copy(export, out / "real")
    (out / "link").symlink_to(out / "real")
    copy(export, out / "link")
    assert (out / "link").is_symlink() and names(out / "real") == {*PARTS, "files.json"}
    assert names(out) == {"link", "real"}


def test_a_refusal_of_the_disk_leaves_what_was_there(export: Path, out: Path) -> None:
    copy(export, out / "mine")
    (export / "data.json").mkdir()  # nothing that can be copied
    with pytest.raises(LabStorageError, match="mine cannot be used"):
        copy(export, out / "mine")
    assert names(out) == {"mine"} and names(out / "mine") == {*PARTS, "files.json"}


def test_what_ships_is_known_as_an_export(export: Path, out: Path) -> None:
    shipped = ROOT / "omnisearch" / "weights" / "omni-mini"
    for name in names(shipped):
        (out / "mine").mkdir(exist_ok=True)
        content = (shipped / name).read_bytes() if name == "files.json" else b""
        (out / "mine" / name).write_bytes(content)
    copy(export, out / "mine")
    assert names(out / "mine") == {*PARTS, "files.json"}
