"""What a repair brings back, and what it says is lost."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import omnisearch as om
from omnisearch.storage import coding

DIM, SEALED, TAIL = 48, 1200, 6


def vector(number: int) -> np.ndarray:
    return np.random.default_rng(number).normal(size=DIM).astype(np.float32)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sound") / "c"
    before, coding.TRAINING_ROWS = coding.TRAINING_ROWS, 1000
    ids = [f"s{number}" for number in range(SEALED)]
    metadata = [{"n": number} for number in range(SEALED)]
    with om.open(path) as col:
        col.add_vectors(ids, np.stack([vector(n) for n in range(SEALED)]), metadata=metadata)
        col.compact()
        col.delete(["s0", "s1"])
        col.add_vectors(["x"], vector(-1 % 2**32)[None])
        col.compact()
        for number in range(TAIL):
            col.add_vectors([f"t{number}"], vector(SEALED + number)[None])
    coding.TRAINING_ROWS = before
    return path


def damage(root: Path, pattern: str, at: int = -9) -> None:
    path = sorted(root.glob(pattern))[-1]
    raw = bytearray(path.read_bytes())
    raw[at] ^= 0x10
    path.chmod(0o600)
    path.write_bytes(raw)


def remove(root: Path, pattern: str) -> None:
    sorted(root.glob(pattern))[-1].unlink()


LOSSLESS: dict[str, Callable[[Path], None]] = {
    "HEAD flipped": lambda root: damage(root, "HEAD"),
    "HEAD gone": lambda root: remove(root, "HEAD"),
    "newest manifest flipped": lambda root: damage(root, "manifests/*.json"),
    "newest manifest gone": lambda root: remove(root, "manifests/*.json"),
    "ids": lambda root: damage(root, "shards/*/ids.bin"),
    "columns": lambda root: damage(root, "shards/*/columns.bin"),
    "codes": lambda root: damage(root, "shards/*/codes.faiss"),
    "codes gone": lambda root: remove(root, "shards/*/codes.faiss"),
    "codebook": lambda root: damage(root, "codebooks/*.faiss"),
    "block sums": lambda root: damage(root, "shards/*/vectors.sum"),
    "FORMAT flipped": lambda root: damage(root, "FORMAT"),
    "FORMAT gone": lambda root: remove(root, "FORMAT"),
    "folder gone": lambda root: (root / "tmp").rmdir(),
}


@pytest.mark.parametrize("fault", LOSSLESS)
def test_what_can_be_had_back_is(sound: Path, tmp_path: Path, fault: str) -> None:
    root = Path(shutil.copytree(sound, tmp_path / "c"))
    LOSSLESS[fault](root)
    if "FORMAT" in fault:
        for opened in (lambda: om.open(root, mode="r"), lambda: om.doctor(root)):
            with pytest.raises(om.errors.CorruptCollectionError, match="FORMAT"):
                opened()
        with pytest.raises(om.errors.CorruptCollectionError, match="FORMAT"):
            om.open(root).add_vectors(["a"], vector(1)[None])
    else:
        assert not om.doctor(root).ok
    report = om.repair(root)
    assert (report.ok, report.lost_rows, report.lost_generations) == (True, 0, 0)
    with om.open(root) as col:
        assert col.count() == SEALED - 2 + 1 + TAIL
        for number in (5, SEALED - 1, SEALED + TAIL - 1):
            hit = col.search(vector(number), k=1)[0]
            assert hit.id == (f"s{number}" if number < SEALED else f"t{number - SEALED}")
        assert col.count("n < 100") == 98
        col.add_vectors(["after"], vector(7)[None])
    assert om.doctor(root).ok


def test_a_damaged_record_costs_what_follows_it(sound: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(sound, tmp_path / "c"))
    with om.open(root, mode="r") as col:
        reached = col.generation
    damage(root, "log/*.log", at=3000)
    with pytest.raises(om.errors.CorruptCollectionError, match="--repair"):
        om.open(root)
    report = om.repair(root)
    assert report.ok
    assert report.lost_generations > 0
    with om.open(root) as col:
        assert col.generation == reached
        assert SEALED - 1 <= col.count() < SEALED - 1 + TAIL
        assert col.add_vectors(["after"], vector(7)[None]) == reached + 1


def test_a_damaged_block_costs_its_rows(sound: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(sound, tmp_path / "c"))
    damage(root, "shards/*/vectors.bin", at=70_000)
    with om.open(root, mode="r") as col:
        with pytest.raises(om.errors.CorruptCollectionError, match="byte 65536"):
            col.search(vector(5), k=10, recall=1.0)
    report = om.repair(root)
    assert report.ok
    assert 0 < report.lost_rows <= 700
    with om.open(root) as col:
        assert col.count() == SEALED - 1 + TAIL - report.lost_rows
        assert col.search(vector(SEALED), k=1)[0].id == "t0"


def test_a_lost_shard_is_counted(sound: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(sound, tmp_path / "c"))
    damage(root, "shards/*/rows.arrow", at=5000)
    with pytest.raises(om.errors.CorruptCollectionError, match=r"rows\.arrow"):
        om.open(root)
    report = om.repair(root)
    assert (report.ok, report.lost_rows) == (True, SEALED - 1)
    with om.open(root) as col:
        assert col.count() == TAIL


@pytest.mark.parametrize("name", ["log", "manifests", "shards"])
def test_a_missing_folder_is_named(sound: Path, tmp_path: Path, name: str) -> None:
    root = Path(shutil.copytree(sound, tmp_path / "c"))
    shutil.rmtree(root / name)
    with pytest.raises(om.errors.CorruptCollectionError, match=name):
        om.open(root, mode="r")
    assert any(name in problem.fault for problem in om.doctor(root).problems)


def test_a_sound_collection_is_left_alone(sound: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(sound, tmp_path / "c"))
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    assert om.repair(root).mended == 0
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before
