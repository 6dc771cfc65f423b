"""Servers that answer nonsense, too much, too late or never; addresses that must not be used."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from omnisearch.encoder import http
from omnisearch.encoder.encoder import Encoder
from omnisearch.encoder.endpoint import Endpoint
from omnisearch.encoder.http import Settings
from omnisearch.errors import EncoderNotFoundError, EncoderServerError, EncodingError
from tests.encoder.embedding_server import (
    DIM,
    Reply,
    Script,
    answering,
    changed,
    good,
    opened,
    serving,
)


@pytest.fixture
def script() -> Iterator[Script]:
    with serving() as found:
        yield found


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (changed(embedding=[1.0] * 9), r"shape \(9,\), not \(8,\)"),
        (changed(embedding=[]), "shape"),
        (changed(embedding=[[1.0] * 8]), "shape"),
        (changed(embedding="***"), "no embeddings"),
        (changed(index=7), "2 vectors for 2 texts"),
        (changed(index=0), "1 vectors for 2 texts"),
        (answering(200, b"<html>"), "no embeddings"),
        (answering(200, b'{"data": 3}'), "no embeddings"),
        (answering(200, b"[" * 50_000), "no embeddings"),
        (answering(200, b"\xff\xfe"), "no embeddings"),
    ],
)
def test_nonsense_is_an_error(script: Script, reply: Any, words: str) -> None:
    encoder = opened(script)
    script.replies = [reply]
    with pytest.raises(EncoderServerError, match=words):
        encoder.encode(["dog", "cat"])


@pytest.mark.parametrize("wrong", [5, [], [[1.0]], None, {}])
def test_nonsense_in_the_first_answer_is_an_error(script: Script, wrong: object) -> None:
    script.replies = [changed(embedding=wrong)]
    with pytest.raises(EncoderServerError, match="answers with"):
        opened(script)


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), 1e39, 0.0])
def test_vectors_of_no_direction_are_errors(script: Script, wrong: float) -> None:
    encoder = opened(script)
    script.replies = [changed(embedding=[wrong] * DIM)]
    first, second = encoder.encode_each(["dog", "cat"])
    assert isinstance(first, np.ndarray)
    assert isinstance(second, EncodingError)  # the server answers in reverse


def test_a_model_of_another_length_than_stated_is_refused(script: Script) -> None:
    encoder = opened(script, dim=384)
    with pytest.raises(EncoderServerError, match=r"shape \(8,\), not \(384,\)"):
        encoder.encode(["dog"])


def test_an_endless_answer_is_cut(script: Script) -> None:
    encoder = opened(script)
    script.replies = [answering(200, b" " * 400_000)]
    with pytest.raises(EncoderServerError, match="more than 65,792 bytes"):
        encoder.encode(["dog"])


def test_a_silent_server_times_out(script: Script) -> None:
    encoder = opened(script, timeout_s=1.0, tries=2)
    silence = threading.Event()

    def silent(question: dict[str, Any]) -> Reply:
        silence.wait(300)
        return good(question)

    script.replies = [silent]
    with pytest.raises(EncoderServerError, match=r"does not answer \(.*[Tt]ime") as caught:
        encoder.encode(["dog"])
    silence.set()
    assert caught.value.code == 0


def test_nobody_at_the_address_is_an_error() -> None:
    model = http.open("http://127.0.0.1:9/v1#tiny", settings=Settings(tries=2, wait_s=0))
    with pytest.raises(EncoderServerError, match=r"does not answer \(ConnectionRefusedError"):
        Encoder(model)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("ftp://host/v1#m", "no address"),
        ("http:///v1#m", "no address"),
        ("http://host:99999/v1#m", "no address"),
        ("http://host/v1", "names no model"),
        ("https://me:pass@host/v1#m", "holds a name"),
        ("https://host/v1?key=1#m", "holds a name"),
        ("http://example.org/v1#m", "use https|with https"),
        ("http://127.example.org/v1#m", "with https"),
    ],
)
def test_addresses_that_are_wrong_or_would_show_the_key(address: str, words: str) -> None:
    with pytest.raises(EncoderNotFoundError, match=words) as caught:
        Endpoint.parse(address, "secret-key")
    assert "secret-key" not in str(caught.value)
    assert "pass" not in str(caught.value).replace("a password", "")


@pytest.mark.parametrize("address", ["http://localhost:1/v1#m", "http://[::1]:1/v1#m"])
def test_a_key_may_go_to_this_machine(address: str) -> None:
    assert Endpoint.parse(address, "secret-key").address == address


def test_a_key_with_a_line_break_is_refused_without_showing_it() -> None:
    with pytest.raises(ValueError, match="copy it again") as caught:
        Settings(key="secret\nX-Other: 1")
    assert "secret" not in str(caught.value)
