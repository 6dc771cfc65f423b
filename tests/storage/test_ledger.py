"""What a collection knows of files besides its rows: kept, checked, copied, mended and purged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

import omnisearch as om
from omnisearch.errors import CorruptCollectionError
from omnisearch.locations import Root
from omnisearch.storage import changes, gc, ledger, maintenance
from omnisearch.storage import files as storage_files
from omnisearch.storage.batch import Segments
from omnisearch.storage.handle import Handle, Options
from omnisearch.storage.ledger import Failure, Ledger, LeftOut
from omnisearch.storage.origin import Origin
from omnisearch.storage.store import Store

AT = datetime(2026, 5, 1, 12, 30, 0, 5, tzinfo=UTC)
BROKEN = "0:in/%FF.jpg"
ROOTS = (Root(0, b"/home/m\xfc", 2049, "folder"), Root(7, b"/tmp/a b.pdf", 2, "file"))
BOOKS = Ledger(
    ROOTS,
    frozenset(["0:drafts"]),
    {BROKEN: Failure(BROKEN, "decode", "is cut short", "ab" * 16, 9, 10**18, AT)},
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "c"


@pytest.fixture
def store(root: Path) -> Iterator[Store]:
    handle = Handle(root, Options())
    yield handle.for_encoding(Origin("toy 0 4", 4, dict))
    handle.drop()


def found(root: Path) -> Ledger:
    handle = Handle(root, Options(writable=False, create=False))
    try:
        return handle.need().read_ledger()
    finally:
        handle.drop()


def files(root: Path) -> list[Path]:
    return sorted(root.glob("ledger/*"))


def test_regions_are_a_line_only_while_they_are_asked_for(store: Store, root: Path) -> None:
    store.write_ledger(BOOKS)
    before = files(root)[-1].read_bytes()
    store.write_ledger(replace(BOOKS, regions=True))
    assert found(root) == replace(BOOKS, regions=True)
    assert b'{"regions": true}\n' in files(root)[-1].read_bytes()
    store.write_ledger(BOOKS)
    assert found(root) == BOOKS and b"regions" not in before
    assert b"regions" not in files(root)[-1].read_bytes()


def test_a_ledger_is_there_before_anything_is_stored(store: Store, root: Path) -> None:
    assert store.read_ledger() == Ledger()
    store.write_ledger(BOOKS)
    assert store.read_ledger() == BOOKS
    assert store.reading().number == 0
    with om.open(root, mode="r") as col:
        assert (col.generation, col.count(), col.verify().ok) == (0, 0, True)
        assert col.stats()["failures"] == 1


def test_the_bytes_are_these(store: Store, root: Path) -> None:
    store.write_ledger(BOOKS)
    (path,) = files(root)
    lines = path.read_text().splitlines()
    uuid = str(store.identity.collection)
    assert lines[:-1] == [
        f'{{"collection": "{uuid}", "format": 1, "number": 1}}',
        '{"device": 2049, "kind": "folder", "path": "/home/m%FC", "root": 0}',
        '{"device": 2, "kind": "file", "path": "/tmp/a%20b.pdf", "root": 7}',
        '{"ignored": "0:drafts"}',
        '{"at": 1777638600000005, "digest": "abababababababababababababababab", '
        '"failure": "0:in/%FF.jpg", "mtime_ns": 1000000000000000000, '
        '"reason": "is cut short", "size": 9, "stage": "decode"}',
    ]
    assert path.name == "000000000001.jsonl"
    assert len(lines[-1]) == 32


def test_the_newest_counts_and_old_ones_go(store: Store, root: Path) -> None:
    for number in range(5):
        store.write_ledger(Ledger(ROOTS[:1], frozenset([f"0:{number}"])))
    assert [path.name[:12] for path in files(root)] == ["000000000004", "000000000005"]
    store.write_ledger(Ledger(ROOTS[:1], frozenset(["0:4"])))
    assert len(files(root)) == 2
    maintenance.purge_deleted(store)
    assert [path.name[:12] for path in files(root)] == ["000000000005"]
    assert store.read_ledger().ignored == {"0:4"}


def test_what_a_space_goes_without_is_a_line_each(store: Store, root: Path) -> None:
    lines = (
        LeftOut("b", "toy 0 4", None, "it is a sound"),
        LeftOut("a", "toy 0 4", BROKEN, "its file is gone"),
        LeftOut("a", "other 1 8", BROKEN, "its file is gone"),
    )
    store.write_ledger(replace(BOOKS, left_out=lines))
    assert found(root).left_out == tuple(sorted(lines))
    last = files(root)[-1].read_text().splitlines()[-4:-1]
    assert last[-1] == (
        '{"left_out": "b", "location": null, "reason": "it is a sound", "space": "toy 0 4"}'
    )
    assert last[1].startswith('{"left_out": "a", "location": "0:in/%FF.jpg", ')
    store.write_ledger(replace(BOOKS, left_out=(*lines, replace(lines[0], reason="again"))))
    assert [one.reason for one in found(root).left_out if one.item == "b"] == ["again"]


def test_a_ledger_is_written_while_old_states_go(
    store: Store, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    collected: list[str] = []

    def beside(kind: str, path: Path, detail: object = None) -> None:
        if path.suffix == ".jsonl" and kind == "sync_file":  # written, and not yet published
            gc.collect(root, store.identity)
            collected.append(path.name)

    monkeypatch.setattr(storage_files, "observer", beside)
    store.write_ledger(BOOKS)
    monkeypatch.undo()
    assert collected and found(root) == BOOKS
    left = root / "tmp" / collected[0]
    left.write_bytes(b"of a process that was killed")
    store.close()
    assert om.reclaim(root) > 0 and not left.exists()


def test_another_process_sees_a_new_ledger(store: Store, root: Path) -> None:
    store.write_ledger(BOOKS)
    reader = Store(root, store.identity)
    assert reader.read_ledger() == BOOKS
    for number in range(4):
        store.write_ledger(Ledger(ROOTS, frozenset([f"0:{number}"])))
    assert reader.read_ledger().ignored == {"0:3"}
    reader.close()


def test_a_snapshot_has_it(store: Store, root: Path, tmp_path: Path) -> None:
    store.write_ledger(Ledger())
    store.write_ledger(BOOKS)
    with om.open(root) as col:
        col.snapshot(tmp_path / "copy")
    assert found(tmp_path / "copy") == BOOKS
    assert om.doctor(tmp_path / "copy").ok


DAMAGES = ("flip", "short", "gone", "of another number")


def harm(path: Path, fault: str) -> None:
    path.chmod(0o600)
    data = path.read_bytes()
    match fault:
        case "flip":
            path.write_bytes(data[:50] + bytes([data[50] ^ 4]) + data[51:])
        case "short":
            path.write_bytes(data[: len(data) // 2])
        case "gone":
            path.unlink()
        case _:
            path.write_bytes(path.with_name("000000000001.jsonl").read_bytes())


@pytest.mark.parametrize("fault", DAMAGES)
def test_a_damaged_ledger_is_found_and_mended_by_the_one_before(root: Path, fault: str) -> None:
    handle = Handle(root, Options())
    store = handle.for_encoding(Origin("toy 0 4", 4, dict))
    store.write_ledger(BOOKS)
    metadata = [{"file.locations": ["3:x"]}]
    row = Segments(["a#0"], ["a"], ["content"], ["image"], np.ones((1, 4), "f4"), metadata)
    store.write(changes.keeping(row))
    store.write_ledger(Ledger((*ROOTS, Root(3, b"/three", 1, "folder"))))
    handle.drop()
    path = files(root)[-1]
    harm(path, fault)
    problems = om.doctor(root).problems
    assert [problem.path for problem in problems] == [str(path)]
    with pytest.raises(CorruptCollectionError, match="--repair"):
        found(root)
    assert om.repair(root).ok
    again = found(root)
    assert again.failures == BOOKS.failures
    assert again.roots == (ROOTS[0], Root(3, b"", 0, "folder"), ROOTS[1])
    assert again.uri("3:x") is None
    assert again.uri("0:a%20b") == "file:///home/m%FC/a%20b"


def test_a_hit_of_a_damaged_ledger_is_no_guess(store: Store, root: Path) -> None:
    store.write_ledger(BOOKS)
    metadata = [{"file.locations": ["0:x"]}]
    row = Segments(["a#0"], ["a"], ["content"], ["image"], np.ones((1, 4), "f4"), metadata)
    store.write(changes.keeping(row))
    harm(files(root)[0], "flip")
    with om.open(root, mode="r") as col:
        assert col.count() == 1
        hits = col.search(np.ones(4), k=1)
        store.place.ledgers._known = (0, Ledger())
        with pytest.raises(CorruptCollectionError, match="damaged"):
            hits[0]


@pytest.mark.parametrize(
    "line",
    [
        b'{"root": 0}',
        b'{"device": 1, "kind": "link", "path": "/a", "root": 3}',
        b'{"device": 1, "kind": "file", "path": "/a", "root": 0}',
        b'{"device": 1, "kind": "file", "path": "/\xc3\xa9", "root": 3}',
        b'{"ignored": "x"}',
        b'{"failure": "0:a"}',
        b"[]",
        b"{",
    ],
)
def test_a_line_of_another_form_is_damage(store: Store, line: bytes) -> None:
    import xxhash

    path = store.root / "ledger" / "000000000001.jsonl"
    body = ledger.encode(BOOKS, 1, store.identity)[:-33] + line + b"\n"
    raw = body + f"{xxhash.xxh3_128_hexdigest(body)}\n".encode()
    with pytest.raises(CorruptCollectionError, match="does not read"):
        ledger.decode(raw, path, store.identity)


def test_an_older_collection_has_none_and_gets_one(store: Store, root: Path) -> None:
    handle = Handle(root, Options())
    (root / "ledger").rmdir()
    assert om.doctor(root).ok
    assert store.read_ledger() == Ledger()
    handle.drop()


def test_what_is_switched_off_or_on_is_kept(store: Store) -> None:
    told = Ledger(ROOTS, regions=True, whole=False)
    store.write_ledger(told)
    assert store.read_ledger() == told
    store.write_ledger(Ledger(ROOTS))
    assert store.read_ledger() == Ledger(ROOTS)
