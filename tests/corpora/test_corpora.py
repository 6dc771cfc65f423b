"""Folders for measuring: the same from the same seed, and as mixed as they say."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from benchmarks.corpora import mixed, texts
from benchmarks.corpora.made import Made

FILES = 60


def contents(folder: Path) -> dict[bytes, bytes]:
    return {os.fsencode(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.slow
def test_a_seed_gives_the_same_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for folder in ("one", "other"):
        (tmp_path / folder).mkdir()
        monkeypatch.chdir(tmp_path / folder)
        made = mixed.make(Path("made"), FILES, seed=3)
        found.append(contents(Path("made")))
        assert made.files == len(found[-1]) == FILES
        assert made.size == sum(map(len, found[-1].values()))
    assert found[0] == found[1]
    mixed.make(tmp_path / "third", 5, seed=4)
    assert not set(contents(tmp_path / "third").values()) & set(found[0].values())


@pytest.mark.slow
def test_it_is_mixed(tmp_path: Path) -> None:
    made = mixed.make(tmp_path, FILES, seed=5)
    assert set(made.kinds) == set(mixed.SHARES)
    assert made.kinds["text"] > made.kinds["image"] > made.kinds["document"]
    found = contents(tmp_path)
    assert len(set(found.values())) < len(found)  # some are there twice


def test_odd_names_are_written_as_bytes(tmp_path: Path) -> None:
    made = mixed.Folder(Made(tmp_path), seed=0)
    for number in range(150):
        made.write(number, "other")
    names = [os.path.basename(name) for name in contents(tmp_path)]  # noqa: PTH119  of bytes
    assert len(names) == 150 and max(map(len, names)) > 200
    assert any(b"\n" in name for name in names)
    assert any(b"\xff" in name for name in names)
    assert any(name.startswith(b"-") for name in names)


def test_small_texts_are_all_different(tmp_path: Path) -> None:
    made = texts.make(tmp_path, 1_100)
    found = contents(tmp_path)
    assert made.files == len(found) == len(set(found.values())) == 1_100
    assert len({os.path.dirname(name) for name in found}) == 2  # noqa: PTH120  of bytes
