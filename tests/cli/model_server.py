"""A server of answers on this machine that does as the first part of its path says."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SAID = "It leaves at ten"


def event(text: str | None, finish: str | None = None) -> bytes:
    tree = {"choices": [{"delta": {"content": text}, "finish_reason": finish}]}
    return b"data: " + json.dumps(tree).encode() + b"\n\n"


@dataclass
class Asked:
    """One request."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]


@dataclass
class ModelServer:
    """Where it is, and what it was asked."""

    port: int
    asked: list[Asked] = field(default_factory=list)
    answer: str = f"{SAID} [1]."

    def at(self, way: str = "good") -> str:
        return f"http://127.0.0.1:{self.port}/{way}/v1"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    known: ModelServer

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self.do_POST()

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        body = json.loads(self.rfile.read(length) or b"{}")
        self.known.asked.append(Asked(self.path, dict(self.headers), body))
        way = self.path.split("/")[1]
        try:
            getattr(self, f"_{way}")()
        except (BrokenPipeError, ConnectionResetError):
            pass  # whoever asked has gone
        self.close_connection = True

    def _begin(self, code: int = 200, kind: str = "text/event-stream", **headers: str) -> None:
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Connection", "close")
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _good(self) -> None:
        self._begin()
        self.wfile.write(b": hello\n\n" + event(None))
        for at in range(0, len(self.known.answer), 3):
            self.wfile.write(event(self.known.answer[at : at + 3]))
        self.wfile.write(event(None, "stop") + b"data: [DONE]\n\n")

    def _whole(self) -> None:
        self._begin(kind="application/json; charset=utf-8")
        tree = {"choices": [{"message": {"content": self.known.answer}}]}
        self.wfile.write(json.dumps(tree).encode())

    def _silent(self) -> None:
        time.sleep(3)

    def _stalling(self) -> None:
        self._begin()
        self.wfile.write(event(SAID))
        time.sleep(3)

    def _waiting(self) -> None:
        self._begin()
        self.wfile.write(event(f"{SAID}, "))
        time.sleep(20)

    def _redirecting(self) -> None:
        self._begin(307, Location=self.known.at("good") + "/chat/completions")

    def _locked(self) -> None:
        self._begin(401, kind="application/json")
        self.wfile.write(b'{"error": {"message": "no\x1b[31m key"}}')

    def _page(self) -> None:
        self._begin(kind="text/html")
        self.wfile.write(b"<html><body>Welcome</body></html>\n")

    def _rubbish(self) -> None:
        self._begin()
        self.wfile.write(event(SAID) + b"data: {not json}\n\n")

    def _other(self) -> None:
        self._begin()
        self.wfile.write(b'data: ["choices"]\n\n')

    def _shapeless(self) -> None:
        self._begin()
        self.wfile.write(b'data: {"choices": [{"delta": {"content": 7}}]}\n\n')

    def _messageless(self) -> None:
        self._begin(kind="application/json")
        self.wfile.write(b'{"choices": []}')

    def _empty(self) -> None:
        self._begin()
        self.wfile.write(b"data: [DONE]\n\n")

    def _broken(self) -> None:
        self._begin()
        self.wfile.write(event(SAID))

    def _failing(self) -> None:
        self._begin()
        self.wfile.write(event(SAID) + b'data: {"error": {"message": "out of memory"}}\n\n')

    def _endless(self) -> None:
        self._begin()
        while True:
            self.wfile.write(event("and so on " * 1_000))

    def _unended(self) -> None:
        self._begin()
        while True:
            self.wfile.write(b"data: " + b"x" * 65_536)


@contextmanager
def serving() -> Iterator[ModelServer]:
    """Listen on any free port until the block ends."""
    handler: type[_Handler] = type("Handler", (_Handler,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    handler.known = ModelServer(server.server_address[1])
    run: Callable[..., None] = server.serve_forever
    thread = threading.Thread(target=run, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield handler.known
    finally:
        server.shutdown()
        server.server_close()
