"""Records of the log read back; an end that was never finished is told from damage."""

from __future__ import annotations

import uuid
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omnisearch.errors import CorruptCollectionError
from omnisearch.storage import batch, layout, log
from omnisearch.storage.batch import Batch, Change
from omnisearch.storage.identity import Identity

WHO = Identity(uuid.UUID(int=7), "link")
IDS = st.lists(st.text(min_size=1, max_size=9).filter(str.isprintable), max_size=5)


def change(deleted: list[str], added: list[str], dim: int) -> Change:
    if not added:
        return Change(tuple(deleted), None)
    user = pa.record_batch({"n": pa.array(range(len(added)), pa.int64())})
    table = batch.with_system_columns(added, user, np.ones(len(added), np.float32))
    vectors = np.arange(len(added) * dim, dtype=np.float16).reshape(len(added), dim)
    return Change(tuple(deleted), Batch(table, vectors))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(IDS, IDS), min_size=1, max_size=3), st.integers(2, 5))
def test_changes_read_back_as_they_were(pairs: list[tuple[list[str], list[str]]], dim: int) -> None:
    changes = [change(*pair, dim) for pair in pairs]
    payload = b"".join(bytes(part) for part in batch.encode(changes))
    found = batch.decode(memoryview(payload), dim, "float16")
    assert [one.deleted for one in found] == [one.deleted for one in changes]
    for one, wanted in zip(found, changes, strict=True):
        assert (one.added is None) == (wanted.added is None)
        if one.added is not None and wanted.added is not None:
            assert one.added.table.equals(wanted.added.table)
            assert np.array_equal(one.added.vectors, wanted.added.vectors)
    for cut in range(0, len(payload), 7):
        with pytest.raises(CorruptCollectionError):
            batch.decode(memoryview(payload)[:cut], dim, "float16")


def written(root: Path, sizes: list[int]) -> Path:
    (root / layout.LOG).mkdir(parents=True)
    appender = log.create(root, WHO, 1)
    for number, size in enumerate(sizes, 1):
        log.append(appender, number, [bytes([number]) * size])
    appender.close()
    return layout.log_path(root, 1)


def test_records_follow_each_other(tmp_path: Path) -> None:
    written(tmp_path, [10, 100_000, 0, 7])
    tail = log.read_tail(tmp_path, WHO, 0, 4)
    assert [(r.generation, len(r.payload)) for r in tail.records] == [
        (1, 10),
        (2, 100_000),
        (3, 0),
        (4, 7),
    ]
    assert [r.generation for r in log.read_tail(tmp_path, WHO, 2, 4).records] == [3, 4]


@pytest.mark.parametrize("keep", range(0, 230, 5))
def test_a_torn_end_is_dropped_unless_it_was_acknowledged(tmp_path: Path, keep: int) -> None:
    path = written(tmp_path, [20, 20, 20])
    path.write_bytes(path.read_bytes()[:keep])
    whole = max(0, min(3, (keep - 40) // 60))
    tail = log.read_tail(tmp_path, WHO, 0, whole)
    assert len(tail.records) == whole
    with pytest.raises(CorruptCollectionError, match=f"generation {whole + 1} was acknowledged"):
        log.read_tail(tmp_path, WHO, 0, whole + 1)


@pytest.mark.parametrize("at", range(40, 160, 3))
def test_a_flip_before_a_good_record_is_damage_without_head(tmp_path: Path, at: int) -> None:
    path = written(tmp_path, [20, 20, 20])
    raw = bytearray(path.read_bytes())
    raw[at] ^= 4
    path.write_bytes(raw)
    with pytest.raises(CorruptCollectionError, match="does not read"):
        log.read_tail(tmp_path, WHO, 0, 0)


def test_a_log_of_another_collection_is_refused(tmp_path: Path) -> None:
    written(tmp_path, [20])
    other = Identity(uuid.UUID(int=8), "link")
    with pytest.raises(CorruptCollectionError, match="another log"):
        log.read_tail(tmp_path, other, 0, 0)
