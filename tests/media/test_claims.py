"""Whatever a worker says is either within bounds or no message; nothing else can happen."""

from __future__ import annotations

import json
import os
import socket
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omnisearch.media.pool import claims, ring
from omnisearch.media.pool.channel import Channel, ChannelError, EndedError, GarbledError, LateError

NUMBERS = st.integers() | st.floats() | st.sampled_from([0, 1, -1, 63, 64, 1 << 31, 1 << 62])
PLAIN = st.none() | st.booleans() | NUMBERS | st.text() | st.sampled_from(["uint8", "float32"])
ANYTHING = st.recursive(PLAIN, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
ARRAYS = st.fixed_dictionaries(
    {
        "name": st.text() | ANYTHING,
        "dtype": st.sampled_from(["uint8", "float32", "object"]) | ANYTHING,
        "shape": st.lists(NUMBERS, max_size=5) | ANYTHING,
        "at": st.integers(-8, 300) | ANYTHING,
    }
)
MESSAGES = ANYTHING | st.fixed_dictionaries(
    {"of": st.just(1) | ANYTHING, "kind": st.sampled_from(claims.KINDS) | ANYTHING},
    optional={
        "fields": ANYTHING,
        "arrays": st.lists(ARRAYS, max_size=10) | ANYTHING,
        "words": ANYTHING,
        "error": ANYTHING,
    },
)


@settings(max_examples=200, deadline=None)
@given(MESSAGES)
def test_a_claim_is_within_bounds_or_is_none(message: object) -> None:
    with ring.made(4096) as (shared, _):
        try:
            claim = claims.read(message, 1)
            taken = [shared.take(one) for one in claim.arrays]
        except GarbledError:
            taken = []
        else:
            json.dumps(claim.fields, allow_nan=False).encode("ascii")
            str(claim.fields).encode("utf-8")
            assert claim.words.isprintable()
        assert all(0 < one.nbytes <= 2 * 4096 and one.flags.owndata for one in taken)
        shared.close()


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=64), st.integers(0, 80), st.booleans())
def test_bytes_are_a_message_or_an_error_of_the_channel(
    body: bytes, length: int, ends: bool
) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(struct.pack("<I", length) + body)
        if ends:
            theirs.shutdown(socket.SHUT_WR)
        channel = Channel(ours, 64)
        try:
            channel.receive(lambda: 0)  # what is there is taken, and nothing is waited for
        except ChannelError as error:
            assert isinstance(error, EndedError | LateError | GarbledError)


def test_what_does_not_fit_is_not_put() -> None:
    with ring.made(1 << 12) as (shared, memory):
        mine = ring.Ring.joined(memory, 1 << 12)
        for wrong, error in (
            (np.zeros(5000, np.uint8), ValueError),
            (np.zeros(4, np.float64), TypeError),
        ):
            with pytest.raises(error):
                mine.put(0, {"a": wrong})  # type: ignore[dict-item]
        turned = np.arange(12, dtype=np.float32).reshape(3, 4).T
        claim = mine.put(1, {"a": turned, "b": np.full((2, 2), 9, np.uint8)})
        fields: dict[str, Any] = {"of": 1, "kind": "piece", "arrays": claim}
        first, second = (shared.take(one) for one in claims.read(fields, 1).arrays)
        np.testing.assert_array_equal(first, turned)
        np.testing.assert_array_equal(second, [[9, 9], [9, 9]])
        mine.put(1, {"a": np.array([np.nan], np.float32)})
        with pytest.raises(GarbledError, match="not finite"):
            shared.take(claims.read(fields, 1).arrays[0])
        mine.close()
        shared.close()


def test_shared_memory_keeps_its_size() -> None:
    with ring.made(1 << 12) as (shared, memory):
        for size in (0, 1 << 20):
            with pytest.raises(PermissionError):
                os.ftruncate(memory, size)
        with pytest.raises(TypeError):
            shared._memory[0] = 1  # the parent only reads
        shared.close()
