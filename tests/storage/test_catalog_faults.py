"""A catalog that is damaged, full, or where it cannot be forgets; it never ends a run."""

import logging
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from omnisearch.storage import catalog as catalogs
from omnisearch.storage.catalog import Catalog, folder_of
from tests.storage.seen import OWNER, SEEN, fill, known, name, sight

WRITER = """
import sys, uuid
from pathlib import Path
from omnisearch.storage.catalog import Catalog
from omnisearch.storage.sightings import Sighting
catalog = Catalog(Path(sys.argv[1]), uuid.UUID(int=11))
for number in range(10**9):
    seen = Sighting(number, 10**18, 10**18 + 1, 77, 10**18 + 2, "stored", "0a" * 16, 3,
                    "" if number % 3 else "it cannot be read")
    catalog.put(0, b"folder %d/picture %d.jpg" % (number // 50, number), seen)
    if number % 1000 == 0:
        print(number, flush=True)
"""


@pytest.mark.parametrize("kills", [2, pytest.param(8, marks=pytest.mark.slow)])
def test_a_kill_loses_the_last_batch_only(tmp_path: Path, kills: int) -> None:
    for number in range(kills):
        folder = tmp_path / str(number)
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(folder)], stdout=subprocess.PIPE, text=True
        ) as writer:
            assert writer.stdout is not None
            for _ in range(6 + 3 * number):
                reached = int(writer.stdout.readline())
            time.sleep(random.Random(number).random() / 50)
            writer.send_signal(signal.SIGKILL)
        with Catalog(folder, OWNER) as catalog:
            assert catalog.remembers
            assert known(catalog, reached) >= reached - 4_096


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("filled") / "c"
    fill(folder, 2_000)
    return folder


def damage(file: Path, kind: str, chance: random.Random) -> None:
    raw = bytearray(file.read_bytes())
    place = chance.randrange(len(raw)) if kind != "header" else chance.randrange(200)
    match kind:
        case "flip" | "header":
            raw[place] ^= 1 << chance.randrange(8)
        case "many":
            for _ in range(200):
                raw[chance.randrange(len(raw))] = chance.randrange(256)
        case "cut":
            del raw[place:]
        case "zeros":
            raw[place : place + 512] = bytes(len(raw[place : place + 512]))
        case "huge":
            raw[place : place + 8] = b"\xff" * len(raw[place : place + 8])
    file.write_bytes(raw)


@pytest.mark.parametrize("kind", ["flip", "header", "many", "cut", "zeros", "huge"])
@pytest.mark.parametrize("times", [2, pytest.param(20, marks=pytest.mark.slow)])
def test_damage_costs_memory_and_nothing_else(
    filled: Path, tmp_path: Path, kind: str, times: int
) -> None:
    """In this very process: if a library died of it, so would the test."""
    chance = random.Random(f"{kind} {times}")
    for number in range(times):
        folder = tmp_path / str(number)
        shutil.copytree(filled, folder)
        damage(folder / "data.mdb", kind, chance)
        with Catalog(folder, OWNER) as catalog:
            assert catalog.remembers
            known(catalog, 2_000)
            catalog.put(0, name(0), sight(0))
            assert len(list(catalog.paths(0))) >= 1
        with Catalog(folder, OWNER) as catalog:
            assert known(catalog, 1) == 1
        shutil.rmtree(folder)


@pytest.mark.parametrize("content", [b"", b"x", b"\0" * 8_192, b"omnisearch" * 10_000])
def test_a_file_that_is_no_catalog_is_replaced(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "data.mdb").write_bytes(content)
    with Catalog(tmp_path, OWNER) as catalog:
        assert catalog.remembers
        catalog.put(0, name(0), sight(0))
    with Catalog(tmp_path, OWNER) as catalog:
        assert known(catalog, 1) == 1


def test_a_lost_seal_costs_nothing(filled: Path, tmp_path: Path) -> None:
    shutil.copytree(filled, tmp_path / "c")
    (tmp_path / "c" / "SEAL").unlink()
    with Catalog(tmp_path / "c", OWNER) as catalog:
        assert known(catalog, 2_000) == 2_000
    (tmp_path / "c" / "SEAL").write_bytes(b"\xff\xfe nonsense")
    with Catalog(tmp_path / "c", OWNER) as catalog:
        assert known(catalog, 2_000) == 2_000


def test_without_a_child_nothing_is_believed(
    filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(filled, tmp_path / "c")
    (tmp_path / "c" / "SEAL").unlink()
    monkeypatch.setattr(sys, "executable", "/none/python")
    with Catalog(tmp_path / "c", OWNER) as catalog:
        assert catalog.remembers
        assert known(catalog, 2_000) == 0


def test_a_place_that_cannot_be_written_is_no_error(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    with caplog.at_level(logging.WARNING), Catalog(tmp_path / "file" / "c", OWNER) as catalog:
        assert not catalog.remembers
        catalog.put(0, b"a", SEEN)
        catalog.commit()
        assert catalog.get(0, b"a") is None
    assert "what was seen is not remembered" in caplog.text


FULL = """
import resource, signal, sys
from pathlib import Path
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
sys.path.insert(0, sys.argv[2])
from omnisearch.storage.catalog import Catalog
from omnisearch.storage.sightings import Sighting
from uuid import UUID
with Catalog(Path(sys.argv[1]), UUID(int=11)) as catalog:
    for number in range(20_000):
        catalog.put(0, b"%d" % number, Sighting(number, 1, 2, 3, 4, "stored"))
        catalog.get(0, b"%d" % number)
    print(catalog.remembers, len(list(catalog.paths(0))))
"""


def test_a_full_disk_is_no_error(tmp_path: Path) -> None:
    command = [sys.executable, "-c", FULL, str(tmp_path / "c"), str(Path.cwd())]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ran.stdout == "False 0\n"
    with Catalog(tmp_path / "c", OWNER) as catalog:
        assert catalog.remembers
        assert list(catalog.paths(0)) == []


def test_a_catalog_outgrows_its_first_map(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogs, "_FIRST_MAP", 1 << 16)
    fill(tmp_path / "c", 10_000)
    with Catalog(tmp_path / "c", OWNER) as catalog:
        assert known(catalog, 10_000) == 10_000


def test_where_it_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    found = tmp_path.stat()
    expected = tmp_path / "cache" / "omnisearch" / f"{OWNER}-{found.st_dev}-{found.st_ino}"
    assert folder_of(tmp_path, OWNER) == expected
    (tmp_path / "copy").mkdir()
    assert folder_of(tmp_path / "copy", OWNER) != expected


def test_a_cache_that_is_said_to_lie_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert folder_of(tmp_path, OWNER).parent == tmp_path / ".cache" / "omnisearch"
    monkeypatch.delenv("HOME")
    monkeypatch.setattr(Path, "home", _no_home)
    with Catalog(folder_of(tmp_path, OWNER), OWNER) as catalog:
        assert not catalog.remembers


def _no_home() -> Path:
    raise RuntimeError("Could not determine home directory.")


def test_a_folder_that_others_may_write_is_not_trusted(tmp_path: Path) -> None:
    fill(tmp_path / "c", 1)
    (tmp_path / "c").chmod(0o777)
    with Catalog(tmp_path / "c", OWNER) as catalog:
        assert not catalog.remembers
        assert known(catalog, 1) == 0
    (tmp_path / "c").chmod(0o700)
    with Catalog(tmp_path / "c", OWNER) as catalog:
        assert known(catalog, 1) == 1
