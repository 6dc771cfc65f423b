"""The catalog forgets when it must, and is never wrong, never an error, never the end."""

import logging
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omnisearch.storage import catalog as catalogs
from omnisearch.storage import sightings
from omnisearch.storage.catalog import Catalog, folder_of
from omnisearch.storage.sightings import Sighting

OWNER = uuid.UUID(int=11)
SEEN = Sighting(5, 10**18, 10**18 + 1, 77, 10**18 + 2, "stored", "0a" * 16, 3)


def name(number: int) -> bytes:
    return b"folder %d/picture %d.jpg" % (number // 50, number)


def sight(number: int) -> Sighting:
    return SEEN._replace(size=number, reason="" if number % 3 else "it cannot be read")


def fill(folder: Path, count: int) -> None:
    with Catalog(folder, OWNER) as catalog:
        for number in range(count):
            catalog.put(0, name(number), sight(number))


def known(catalog: Catalog, count: int) -> int:
    """Count what is remembered; what is remembered is right."""
    found = {number: catalog.get(0, name(number)) for number in range(count)}
    kept = {number: seen for number, seen in found.items() if seen is not None}
    assert kept == {number: sight(number) for number in kept}
    return len(kept)


def test_what_is_put_is_there_when_it_is_opened_again(tmp_path: Path) -> None:
    fill(tmp_path / "c", 10_000)
    with Catalog(tmp_path / "c", OWNER) as catalog:
        assert catalog.remembers
        assert known(catalog, 10_000) == 10_000
        assert catalog.get(1, name(0)) is None
        catalog.put(0, name(0), SEEN)
        catalog.forget(0, [name(1), b"never"])
        assert catalog.get(0, name(0)) == SEEN
        assert catalog.get(0, name(1)) is None
    with Catalog(tmp_path / "c", OWNER) as catalog:
        assert catalog.get(0, name(0)) == SEEN
        assert catalog.get(0, name(1)) is None
        assert known(catalog, 0) == 0


def test_paths_of_a_root_in_pages_while_others_write(tmp_path: Path) -> None:
    names = sorted(name(number) for number in range(9_000))
    long = [bytes([65 + number]) * 3_000 for number in range(3)]
    with Catalog(tmp_path / "c", OWNER) as catalog:
        for path in (*names, *long, b"\xff\xff", b""):
            catalog.put(7, path, SEEN)
        catalog.put(6, b"other", SEEN)
        catalog.put(8, b"other", SEEN)
        found = catalog.paths(7)
        first = next(found)
        catalog.forget(7, names[:100])
        catalog.commit()
        assert sorted([first, *found]) == sorted([*names, *long, b"\xff\xff", b""])
        assert list(catalog.paths(6)) == [b"other"]
        assert list(catalog.paths(9)) == []


TIMES = st.integers(1 - 2**63, 2**63 - 1)


@settings(deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.binary(max_size=600).filter(lambda path: b"\0" not in path),
    st.builds(
        Sighting,
        size=st.integers(0, 2**63),
        mtime_ns=TIMES,
        ctime_ns=TIMES,
        inode=st.integers(0, 2**64 - 1),
        read_at_ns=TIMES,
        outcome=st.sampled_from(["stored", "failed", "skipped"]),
        item=st.sampled_from(["", "00" * 15 + "01", "ff" * 16]),
        extractor=st.integers(0, 2**32 - 1),
        reason=st.text(max_size=30).filter(lambda text: text.isprintable()),
    ),
)
def test_a_sighting_comes_back_whole_or_not_at_all(root: int, path: bytes, seen: Sighting) -> None:
    key = sightings.key_of(root, path)
    value = sightings.value_of(key, path, seen)
    assert len(key) <= sightings.KEY_BYTES
    assert sightings.sighting_of(key, value) == seen
    assert sightings.path_of(key, value) == path
    assert sightings.sighting_of(key + b"x", value) is None
    for length in range(len(value)):
        assert sightings.sighting_of(key, value[:length]) is None
    flipped = bytearray(value)
    for place in range(len(value)):
        flipped[place] ^= 1 << place % 8
        assert sightings.sighting_of(key, bytes(flipped)) is None
        assert sightings.path_of(key, bytes(flipped)) is None
        flipped[place] = value[place]


def test_times_beyond_64_bits_are_no_error(tmp_path: Path) -> None:
    with Catalog(tmp_path / "c", OWNER) as catalog:
        catalog.put(0, b"a", SEEN._replace(mtime_ns=2**64 + 5))
        seen = catalog.get(0, b"a")
    assert seen is not None
    assert seen.mtime_ns != 2**64 + 5


def test_long_paths_stay_apart(tmp_path: Path) -> None:
    paths = [b"d/" * 400 + b"%d" % number for number in range(20)]
    with Catalog(tmp_path / "c", OWNER) as catalog:
        for number, path in enumerate(paths):
            catalog.put(0, path, sight(number))
    with Catalog(tmp_path / "c", OWNER) as catalog:
        assert [catalog.get(0, path) for path in paths] == [sight(number) for number in range(20)]
        assert sorted(catalog.paths(0)) == sorted(paths)


def test_several_threads_write_and_read(tmp_path: Path) -> None:
    with Catalog(tmp_path / "c", OWNER) as catalog:

        def work(start: int) -> None:
            for number in range(start, start + 3_000):
                catalog.put(0, name(number), sight(number))
                assert catalog.get(0, name(number)) == sight(number)

        threads = [threading.Thread(target=work, args=(start,)) for start in (0, 3_000, 6_000)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert known(catalog, 9_000) == 9_000
        assert len(list(catalog.paths(0))) == 9_000


def test_the_cache_of_another_collection_is_emptied(tmp_path: Path) -> None:
    fill(tmp_path / "c", 100)
    with Catalog(tmp_path / "c", uuid.UUID(int=12)) as catalog:
        assert catalog.remembers
        assert known(catalog, 100) == 0
    with Catalog(tmp_path / "c", OWNER) as catalog:
        assert known(catalog, 100) == 0


def test_a_second_opener_remembers_nothing_and_harms_nothing(tmp_path: Path) -> None:
    with Catalog(tmp_path / "c", OWNER) as catalog:
        catalog.put(0, name(0), sight(0))
        with Catalog(tmp_path / "c", OWNER) as second:
            assert not second.remembers
            second.put(0, name(1), sight(1))
            second.forget(0, [name(0)])
            assert second.get(0, name(0)) is None
            assert list(second.paths(0)) == []
    with Catalog(tmp_path / "c", OWNER) as catalog:
        assert known(catalog, 2) == 1


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


def test_its_folder_is_private_and_known_to_a_walk(tmp_path: Path) -> None:
    fill(tmp_path / "a" / "c", 1)
    assert (tmp_path / "a" / "c").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "a" / "c" / "data.mdb").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "a" / "c" / "FORMAT").read_bytes().startswith(b"omnisearch ")
    assert sorted(os.listdir(tmp_path / "a" / "c")) == ["FORMAT", "LOCK", "SEAL", "data.mdb"]  # noqa: PTH208


def test_what_was_not_changed_is_not_written(tmp_path: Path) -> None:
    fill(tmp_path / "c", 10)
    before = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "c").iterdir()}
    with Catalog(tmp_path / "c", OWNER) as catalog:
        assert known(catalog, 10) == 10
    assert {path.name: path.stat().st_mtime_ns for path in (tmp_path / "c").iterdir()} == before


@pytest.mark.slow
def test_many_lookups_are_quick_and_light(tmp_path: Path) -> None:
    count = 200_000
    started = time.process_time()
    fill(tmp_path / "c", count)
    written = time.process_time() - started
    with Catalog(tmp_path / "c", OWNER) as catalog:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        started = time.process_time()
        for number in range(count):
            assert catalog.get(0, name(number)) is not None
        looked_up = time.process_time() - started
        assert sum(1 for _ in catalog.paths(0)) == count
    grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert count / written >= 50_000
    assert count / looked_up >= 50_000
    assert grown_kib <= 100 << 10  # pages of the file, which the kernel may drop
