"""A server of embeddings on 127.0.0.1; it does what each test tells it to."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from omnisearch.encoder import http
from omnisearch.encoder.encoder import Encoder
from omnisearch.encoder.http import Settings

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


@contextmanager
def serving() -> Iterator[Script]:
    """Serve while the block runs."""
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
    try:
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def opened(script: Script, **told: Any) -> Encoder:
    return Encoder(http.open(script.address, settings=Settings(**{"wait_s": 0.001, **told})))


def changed(**told: Any) -> Callable[[dict[str, Any]], Reply]:
    """Answer well but for the first vector."""

    def reply(question: dict[str, Any]) -> Reply:
        found = embeddings(question)
        found["data"][0].update(told)
        return 200, {}, json.dumps(found).encode()

    return reply
