"""Codes: the block layout, merging by copying, and what hostile bytes do."""

import faiss
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omnisearch_indexes import Codebook, Codes, CorruptIndexError, Kind, merge_codes
from omnisearch_indexes.codes import BLOCK_ROWS, pack_blocks, unpack_blocks

random = np.random.default_rng(5)
ROWS = random.normal(size=(3_000, 18)).astype(np.float32)
BOOKS = {kind: Codebook.train(ROWS, "l2", kind=kind) for kind in ("scan", "ivfpq")}


@pytest.fixture(params=["scan", "ivfpq"])
def book(request: pytest.FixtureRequest) -> Codebook:
    return BOOKS[request.param]


def same(one: Codes, other: Codes) -> bool:
    ordered = one.order is None or np.array_equal(one.order, other.order)  # type: ignore[arg-type]
    counted = np.array_equal(one.counts, other.counts)
    return ordered and counted and np.array_equal(one.blocks, other.blocks)


def test_blocks_are_laid_out_as_faiss_does() -> None:
    book = BOOKS["scan"]
    width, groups = book.rotation.width, len(book.groups)
    index = faiss.IndexPQFastScan(width, groups, 4, faiss.METRIC_L2, BLOCK_ROWS)
    faiss.copy_array_to_vector(book.groups.reshape(-1), index.pq.centroids)
    index.is_trained = True
    index.add(book.rotate(ROWS[:71]))
    blocks = book.encode(ROWS[:71]).blocks
    laid = faiss.rev_swig_ptr(index.codes.get(), blocks.size).reshape(blocks.shape)
    np.testing.assert_array_equal(blocks, laid)


@settings(max_examples=25, deadline=None)
@given(rows=st.integers(0, 200), pairs=st.integers(1, 9), seed=st.integers(0, 99))
def test_packing_loses_nothing(rows: int, pairs: int, seed: int) -> None:
    nibbles = np.random.default_rng(seed).integers(0, 256, (rows, pairs), np.uint8)
    np.testing.assert_array_equal(unpack_blocks(pack_blocks(nibbles))[:rows], nibbles)


def test_saving_and_loading_is_identity(book: Codebook) -> None:
    codes = book.encode(ROWS[:777])
    again = Codes.from_bytes(bytes(codes.to_bytes()), book)
    assert same(codes, again) and again.rows == 777


def test_merging_gives_what_encoding_together_gives(book: Codebook) -> None:
    keep = random.random(1_000) < 0.6
    parts = [(book.encode(ROWS[:1_000]), keep), (book.encode(ROWS[1_000:1_001]), None)]
    kept = np.concatenate([ROWS[:1_000][keep], ROWS[1_000:1_001]])
    assert same(merge_codes(parts, book), book.encode(kept))


def test_merging_nothing_is_empty(book: Codebook) -> None:
    none = np.zeros(10, np.bool_)
    assert merge_codes([(book.encode(ROWS[:10]), none)], book).rows == 0
    assert merge_codes([], book).rows == 0


def test_codes_from_before_the_lists_are_grouped_when_merged() -> None:
    old = BOOKS["scan"]
    book = old.relisted(ROWS, kind="ivfpq")
    codes = Codes.from_bytes(old.encode(ROWS[:500]).to_bytes(), book)
    merged = merge_codes([(codes, None), (book.encode(ROWS[500:600]), None)], book)
    assert len(codes.counts) == 1 and len(merged.counts) == book.lists > 1
    np.testing.assert_array_equal(merged.by_row().nibbles, old.encode(ROWS[:600]).by_row().nibbles)


def test_codes_of_another_codebook_are_refused(book: Codebook) -> None:
    other = Codebook.train(ROWS[:, :9].copy(), "l2", kind="scan")
    with pytest.raises(CorruptIndexError, match="another codebook"):
        Codes.from_bytes(other.encode(ROWS[:50, :9].copy()).to_bytes(), book)


@pytest.mark.parametrize("kind", ["scan", "ivfpq"])
def test_every_truncation_and_many_flips_never_crash(kind: Kind) -> None:
    book = BOOKS[kind]
    data = bytes(book.encode(ROWS[:40]).to_bytes())
    for length in range(0, len(data), 7):
        with pytest.raises(CorruptIndexError):
            Codes.from_bytes(data[:length], book)
    for place in range(0, min(len(data), 1_500)):
        broken = bytearray(data)
        broken[place] ^= 0xFF
        try:
            codes = Codes.from_bytes(broken, book)
        except CorruptIndexError:
            continue
        assert codes.rows == 40  # what a checksum would have told apart, but safe to search
