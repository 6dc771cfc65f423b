"""A server of embeddings on 127.0.0.1 that the tests start; it does what each test tells it to."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest

from omnisearch.encoder import http
from omnisearch.encoder.encoder import Encoder
from omnisearch.encoder.endpoint import Endpoint
from omnisearch.encoder.http import Settings
from omnisearch.encoder.parts import Image, Row
from omnisearch.encoder.protocol import Asked
from omnisearch.errors import (
    EncoderNotFoundError,
    EncoderServerError,
    EncodingError,
    PartError,
)

DIM = 8
Reply = tuple[int, dict[str, str], bytes]


def vector(text: str) -> list[float]:
    return [float(len(text)), *(float(ord(letter)) for letter in text[:7].ljust(7))]


def embeddings(question: dict[str, Any]) -> dict[str, Any]:
    texts = question["input"]
    data = [{"index": at, "embedding": vector(text)} for at, text in enumerate(texts)]
    return {"object": "list", "data": data[::-1], "model": question["model"]}


def good(question: dict[str, Any]) -> Reply:
    return 200, {}, json.dumps(embeddings(question)).encode()


@dataclass
class Script:
    """What the server was asked, and what it answers: the replies in turn, the last for good."""

    replies: list[Callable[[dict[str, Any]], Reply]] = field(default_factory=lambda: [good])
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    connections: set[Any] = field(default_factory=set)
    address: str = ""

    def reply(self, question: dict[str, Any]) -> Reply:
        self.asked.append(question)
        turn = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        return turn(question)


def answering(code: int, body: bytes = b"no", **headers: str) -> Callable[[Any], Reply]:
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda question: (code, told, body)


@pytest.fixture
def script() -> Iterator[Script]:
    found = Script()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            found.connections.add(self.client_address)
            found.paths.append(self.path)
            found.headers.append(dict(self.headers))
            question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            code, headers, body = found.reply(question)
            self.send_response(code)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    found.address = f"http://127.0.0.1:{server.server_port}/v1#tiny"
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


def opened(script: Script, **told: Any) -> Encoder:
    return Encoder(http.open(script.address, settings=Settings(**{"wait_s": 0.001, **told})))


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


def changed(**told: Any) -> Callable[[dict[str, Any]], Reply]:
    """Answer well but for the first vector."""

    def reply(question: dict[str, Any]) -> Reply:
        found = embeddings(question)
        found["data"][0].update(told)
        return 200, {}, json.dumps(found).encode()

    return reply


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
    encoder = opened(script, timeout_s=0.05, tries=2)
    silence = threading.Event()

    def silent(question: dict[str, Any]) -> Reply:
        silence.wait(1)
        return good(question)

    script.replies = [silent]
    with pytest.raises(EncoderServerError, match=r"answers 0 .*[Tt]ime") as caught:
        encoder.encode(["dog"])
    silence.set()
    assert caught.value.code == 0


def test_nobody_at_the_address_is_an_error() -> None:
    model = http.open("http://127.0.0.1:9/v1#tiny", settings=Settings(tries=2, wait_s=0))
    with pytest.raises(EncoderServerError, match="ConnectionRefusedError"):
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


def test_long_texts_are_cut_where_sentences_end(script: Script) -> None:
    encoder = opened(script, passage=30)
    text = "The dog ran far away. The cat did not follow it."
    assert [text[start:end] for start, end in encoder.passages(text)] == [
        "The dog ran far away.",
        "The cat did not follow it.",
    ]
