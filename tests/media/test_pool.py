"""Whatever a decoder does costs one file; the next is decoded as if nothing had been."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from omnisearch.errors import DecoderError, EmptyError, MediaError, UnsupportedTypeError
from omnisearch.media.pool.ask import Ask
from omnisearch.media.pool.limits import Limits
from omnisearch.media.pool.piece import Piece
from omnisearch.media.pool.pool import Pool
from tests.media.families import children_of

ROOT = Path(__file__).parents[2]
MISCONDUCT = "tests.media.misconduct:pieces"
SHORT = Limits(piece_s=2.0, pieces=500, memory_bytes=160 << 20, piece_bytes=8 << 20)
ALIVE = {"good": 2}


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with Pool(MISCONDUCT, workers=2, limits=SHORT) as found:
        found.layers()
        yield found


def decode(pool: Pool, wish: str | dict[str, Any]) -> list[Piece]:
    with Path(__file__).open("rb") as file:
        name = wish if isinstance(wish, str) else json.dumps(wish)
        return list(pool.decode(file.fileno(), Ask(name)))


def test_pieces_come_as_they_were_made(pool: Pool) -> None:
    found = decode(pool, {"good": 5, "size": 1000})
    assert [one.fields for one in found] == [{"n": number} for number in range(5)]
    for number, one in enumerate(found):
        np.testing.assert_array_equal(one.arrays["sound"], np.full(1000, number, np.float32))
        assert one.arrays["sound"].flags.owndata


ENDS = {
    "spin": "gave nothing for 2 s",
    "sleep": "gave nothing for 2 s",
    "trickle": "gave nothing for 2 s",
    "hoard": "needs more than 160 MiB of memory",
    "hoard_beneath": "needs more than 160 MiB of memory",
    "open_much": "failed (PermissionError",
    "recurse": "failed (RecursionError",
    "crash": "crashed (SIGSEGV)",
    "abort": "crashed (SIGABRT)",
    "terminate": "crashed (SIGTERM)",
    "leave": "ended before the file did",
    "exit_": "failed (SystemExit: 3)",
    "fail": "failed (ZeroDivisionError: division by zero)",
    "flood": "told what cannot be (it does not listen)",
    "endless": "more than 500 pieces",
    "flood_unasked": "told what cannot be (a message of 4,294,967,295 bytes)",
}


@pytest.mark.parametrize("how", ENDS)
def test_who_goes_wrong_costs_one_file(pool: Pool, how: str) -> None:
    with pytest.raises(DecoderError) as caught:
        decode(pool, how)
    assert len(decode(pool, ALIVE)) == 2
    assert str(caught.value).startswith(f"{how} was given up: what decoded it ")
    assert ENDS[how] in str(caught.value)


def test_who_hangs_up_and_stays_is_killed(pool: Pool) -> None:
    with pytest.raises(DecoderError, match="given up"):
        decode(pool, "close")
    assert len(decode(pool, ALIVE)) == 2


def array(**changes: object) -> dict[str, Any]:
    """Lie about an array."""
    claim = {"name": "a", "dtype": "uint8", "shape": [4, 4, 3], "at": 0} | changes
    return {"kind": "piece", "fields": {}, "arrays": [claim]}


LIES: list[dict[str, Any]] = [
    array(shape=[1 << 20, 1 << 20, 3]),
    array(shape=[16 << 20], at=1),
    array(shape=[1] * 5),
    array(shape=[]),
    array(shape=[0, 4]),
    array(shape=[-4, -4]),
    array(shape=[4.0, 4]),
    array(shape=[True, 4]),
    array(shape=[1 << 62, 1 << 62]),
    array(shape="44"),
    array(at=-1),
    array(at=1 << 63),
    array(at=None),
    array(dtype="object"),
    array(dtype="float64"),
    array(dtype=["uint8"]),
    array(dtype={"uint8": 1}),
    array(name=""),
    array(name=7),
    array(name="\udc80"),
    array(name="x" * 1000),
    {"kind": "piece", "fields": {}, "arrays": [array()["arrays"][0]] * 2},
    {"kind": "piece", "fields": {}, "arrays": [{}] * 100},
    {"kind": "piece", "fields": {}, "arrays": "none"},
    {"kind": "piece", "fields": [1, 2]},
    {"kind": "piece", "fields": {"a": 1 << 70}},
    {"kind": "piece", "fields": {"a": "\ud800"}},
    {"kind": "piece", "fields": {"a": [[[[[[[[[[1]]]]]]]]]]}},
    {"kind": "piece", "fields": {"a": [0] * 200_000}},
    {"kind": "piece", "of": 0},
    {"kind": "piece", "of": 10**6},
    {"kind": "other"},
    {"kind": ["piece"]},
    {},
    {"kind": "refused", "words": 7},
    {"kind": "refused", "error": {"a": 1}},
]


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: json.dumps(lie)[:60])
def test_what_cannot_be_is_not_believed(pool: Pool, lie: dict[str, Any]) -> None:
    with pytest.raises(DecoderError, match="told what cannot be"):
        decode(pool, {"say": lie})
    assert len(decode(pool, ALIVE)) == 2


GARBAGE = {
    "ffffffff": "a message of 4,294,967,295 bytes",
    "0000000141": "a message of 16,777,216 bytes",
    "0400000041424344": "a message that is no JSON",
    "04000000ff424344": "a message that is no JSON",
    "020000005b5d": "a message of no known form",
    "0400000066616c73": "a message that is no JSON",
    "00000000": "a message of no known form",
    "030000004e614e": "a message that is no JSON",
    "a0860100" + "5b" * 100_000: "a message that is no JSON",
    "06000000" + b"1e9999".hex(): "a message of no known form",
}


@pytest.mark.parametrize("raw", GARBAGE, ids=lambda raw: str(raw)[:20])
def test_garbage_is_no_message(pool: Pool, raw: str) -> None:
    with pytest.raises(DecoderError) as caught:
        decode(pool, {"raw": raw})
    assert f"told what cannot be ({GARBAGE[raw]})" in str(caught.value)
    assert len(decode(pool, ALIVE)) == 2


def test_a_refusal_comes_as_the_extractor_made_it(pool: Pool) -> None:
    for how, kind, words in (
        ("refuse", MediaError, "the file is damaged: copy it again"),
        ("unsupported", UnsupportedTypeError, "a program: leave it out"),
        ("empty", EmptyError, "no words  [31m in it"),  # nothing that a terminal would obey
    ):
        with pytest.raises(MediaError) as caught:
            decode(pool, how)
        assert (type(caught.value), str(caught.value)) == (kind, words)


def test_what_comes_before_a_refusal_is_given(pool: Pool) -> None:
    with Path(__file__).open("rb") as file:
        coming = pool.decode(file.fileno(), Ask("refuse"))
        assert next(coming).fields == {"n": 1}
        with pytest.raises(MediaError, match="damaged"):
            next(coming)


def test_a_name_is_harmless_in_a_message(pool: Pool) -> None:
    with pytest.raises(DecoderError) as caught:
        decode(pool, '{"say": {}, "\x1b[31m\n": "\\udc80"}')
    assert "\x1b" not in str(caught.value) and "\n" not in str(caught.value)


def test_a_file_comes_from_its_first_byte_and_as_much_as_wanted() -> None:
    with Pool("tests.media.readers:whole", workers=1) as pool, Path(__file__).open("rb") as file:
        file.seek(100)
        os.lseek(file.fileno(), 100, os.SEEK_SET)
        (piece,) = pool.decode(file.fileno(), Ask("x"))
    assert piece.fields == {"text": Path(__file__).read_text()}


def test_a_descriptor_that_could_be_written_to_is_refused(pool: Pool, tmp_path: Path) -> None:
    with (tmp_path / "x").open("w+b") as file, pytest.raises(ValueError, match="written to"):
        pool.decode(file.fileno(), Ask("x"))
    ours, theirs = os.pipe()
    with os.fdopen(ours, "rb"), os.fdopen(theirs, "wb"), pytest.raises(ValueError, match="regular"):
        pool.decode(ours, Ask("x"))
    copy = os.memfd_create("copy", os.MFD_ALLOW_SEALING)
    with os.fdopen(copy, "wb") as file:
        file.write(b"x")
        file.flush()
        with pytest.raises(ValueError, match="written to"):
            pool.decode(copy, Ask("x"))
        fcntl.fcntl(copy, fcntl.F_ADD_SEALS, fcntl.F_SEAL_WRITE)
        assert len(list(pool.decode(copy, Ask(json.dumps(ALIVE))))) == 2


@pytest.mark.slow
def test_a_hung_decoder_is_killed_10_s_after_its_last_piece() -> None:
    with Pool(MISCONDUCT, workers=1) as pool, Path(__file__).open("rb") as file:
        coming = pool.decode(file.fileno(), Ask("sleep"))
        next(coming)
        since_s = time.monotonic()
        with pytest.raises(DecoderError, match="gave nothing for 10 s"):
            next(coming)
        assert time.monotonic() - since_s > 9.9
        assert len(decode(pool, ALIVE)) == 2


def test_what_has_come_is_taken_however_late(pool: Pool) -> None:
    with Path(__file__).open("rb") as file:
        coming = pool.decode(file.fileno(), Ask(json.dumps({"good": 4})))
        assert next(coming).fields == {"n": 0}
        time.sleep(2.5)  # longer than a piece may take
        assert [one.fields["n"] for one in coming] == [1, 2, 3]


def test_a_file_may_take_so_long_in_all() -> None:
    limits = Limits(item_s=2.0)
    with Pool(MISCONDUCT, workers=1, limits=limits) as pool:
        with pytest.raises(DecoderError, match=r"took more than 2 s"):
            decode(pool, "sleep")
        assert len(decode(pool, ALIVE)) == 2


def test_more_threads_than_workers_take_turns(pool: Pool) -> None:
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda n: decode(pool, {"good": n, "size": 500}), range(40)))
    assert [len(one) for one in found] == list(range(40))
    assert all(len(children_of(one)) <= 2 for one in children_of(os.getpid()))


def test_who_wants_no_more_gives_the_worker_back(pool: Pool) -> None:
    for _ in range(5):  # more than there are workers
        with Path(__file__).open("rb") as file:
            coming = pool.decode(file.fileno(), Ask("endless"))
            assert len(list(islice(coming, 3))) == 3
            coming.close()  # type: ignore[attr-defined]
    assert len(decode(pool, ALIVE)) == 2


def test_a_worn_worker_is_replaced() -> None:
    with Pool("tests.media.readers:process", workers=1, limits=Limits(items=3)) as pool:
        found = [decode(pool, "x")[0].fields["process"] for _ in range(9)]
    assert [found.count(one) for one in dict.fromkeys(found)] == [3, 3, 3]
