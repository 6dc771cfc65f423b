"""Texts through a server of embeddings on 127.0.0.1 that the tests start."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from omnisearch.encoder import http
from omnisearch.encoder.http import Settings
from omnisearch.encoder.parts import Image, Row
from omnisearch.encoder.protocol import Asked
from omnisearch.errors import EncoderServerError, EncodingError, PartError
from tests.encoder.embedding_server import (
    DIM,
    Reply,
    Script,
    answering,
    embeddings,
    good,
    opened,
    serving,
    vector,
)


@pytest.fixture
def script() -> Iterator[Script]:
    with serving() as found:
        yield found


def test_texts_become_unit_vectors_in_their_order(script: Script) -> None:
    encoder = opened(script)
    found = encoder.encode(["a dog", "two dogs", "x"])
    expected = np.array([vector("a dog"), vector("two dogs"), vector("x")], np.float32)
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    assert (encoder.dim, encoder.modalities) == (DIM, ("text",))
    assert np.allclose(found, expected, atol=1e-6)
    assert script.asked[-1]["model"] == "tiny"
    assert set(script.paths) == {"/v1/embeddings"}
    assert len(script.connections) == 1


def test_base64_is_read_where_a_server_insists_on_it(script: Script) -> None:
    def packed(question: dict[str, Any]) -> Reply:
        told = embeddings(question)
        for one in told["data"]:
            raw = np.array(one["embedding"], "<f4").tobytes()
            one["embedding"] = base64.b64encode(raw).decode()
        return 200, {}, json.dumps(told).encode()

    plain = opened(script).encode(["a dog"])
    script.replies = [packed]
    assert np.array_equal(opened(script).encode(["a dog"]), plain)


def test_it_is_named_as_leaving_the_machine(script: Script) -> None:
    model = http.open(script.address, settings=Settings(key="secret-key"))
    assert model.leaves_machine
    assert model.destination.startswith("every text is sent to http://127.0.0.1:")
    assert model.name == script.address
    assert script.asked == []  # nothing is sent before that was said
    assert model.dim == DIM
    assert "secret-key" not in f"{model.name}{model.space}{model.settings}{model.destination}"
    assert script.headers[-1]["Authorization"] == "Bearer secret-key"


def test_queries_and_documents_get_their_prompts_and_another_space(script: Script) -> None:
    plain = opened(script)
    encoder = opened(script, query_prompt="query: ", document_prompt="passage: ")
    encoder.encode(["dog"])
    encoder.encode(["dog"], role="query")
    assert [asked["input"] for asked in script.asked[-2:]] == [["passage: dog"], ["query: dog"]]
    assert encoder.space != plain.space
    assert opened(script).space == plain.space


def test_requests_hold_so_many_texts_and_letters(script: Script) -> None:
    encoder = opened(script, batch=3, letters=100)
    script.asked.clear()
    found = encoder.encode(["ab"] * 7 + ["c" * 90, "d" * 90])
    assert [len(asked["input"]) for asked in script.asked] == [3, 3, 2, 1]
    assert len(found) == 9


@pytest.mark.parametrize("code", [429, 500, 503])
def test_a_busy_server_is_asked_again(script: Script, code: int) -> None:
    encoder = opened(script)
    script.replies = [answering(code), answering(code, Retry_After="0"), good]
    assert encoder.encode(["dog"]).shape == (1, DIM)
    assert len(script.asked) == 4


def test_a_server_that_stays_busy_is_an_error_with_its_words(script: Script) -> None:
    encoder = opened(script, tries=3)
    script.asked.clear()
    script.replies = [answering(503, b"over\x1b[31mloaded\n\n now")]
    with pytest.raises(EncoderServerError, match=r"answers 503 \(over \[31mloaded now\)") as caught:
        encoder.encode(["dog"])
    assert caught.value.code == 503
    assert len(script.asked) == 3


@pytest.mark.parametrize(
    ("code", "remedy"), [(401, "wants a key"), (404, "check the address"), (307, "has moved")]
)
def test_a_refusal_is_not_tried_again(script: Script, code: int, remedy: str) -> None:
    encoder = opened(script)
    script.asked.clear()
    script.replies = [answering(code, Location="http://127.0.0.1:1/v1")]
    with pytest.raises(EncoderServerError, match=remedy):
        encoder.encode(["dog"])
    assert len(script.asked) == 1


def test_one_text_that_is_refused_disturbs_no_other(script: Script) -> None:
    encoder = opened(script)
    script.replies = [
        lambda question: (
            answering(400, b"too long")(question) if "bad" in question["input"] else good(question)
        )
    ]
    found = encoder.encode_each(["a", "bad", "", "\ud83dx", "b", "c"])
    kinds = [type(one) for one in found]
    assert kinds == [np.ndarray, EncodingError, PartError, PartError, np.ndarray, np.ndarray]
    assert np.array_equal(np.asarray(found[5]), encoder.encode(["c"])[0])


def test_pictures_are_not_supported(script: Script) -> None:
    encoder = opened(script)
    picture = Image(np.zeros((4, 4, 3), np.uint8))
    with pytest.raises(PartError, match="does not read image, only text"):
        encoder.encode([Row("a dog", picture)])
    found = encoder.model.embed([Row(picture)], Asked())
    assert isinstance(found[0], PartError)


def test_long_texts_are_cut_where_sentences_end(script: Script) -> None:
    encoder = opened(script, passage=30)
    text = "The dog ran far away. The cat did not follow it."
    assert [text[start:end] for start, end in encoder.passages(text)] == [
        "The dog ran far away.",
        "The cat did not follow it.",
    ]
