"""The catalog forgets when it must, and is never wrong, never an error, never the end."""

import os
import resource
import threading
import time
import uuid
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omnisearch.storage import sightings
from omnisearch.storage.catalog import Catalog
from omnisearch.storage.sightings import Sighting
from tests.storage.seen import OWNER, SEEN, fill, known, name, sight


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
@pytest.mark.alone
def test_many_lookups_are_quick_and_light(tmp_path: Path) -> None:
    count = 60_000
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
    assert count / written >= 5_000
    assert count / looked_up >= 5_000
    assert grown_kib <= 100 << 10  # pages of the file, which the kernel may drop
