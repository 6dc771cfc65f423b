"""A hub on 127.0.0.1 with the routes that huggingface_hub asks, serving folders as repositories."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub:
    """Repositories by id; `seen` has the path of every request."""

    def __init__(self, repositories: dict[str, Path], gated: str = "") -> None:
        self.repositories, self.gated = repositories, gated
        self.seen: list[str] = []
        self.address = ""

    def answer(self, method: str, path: str) -> tuple[int, dict[str, str], bytes]:
        """Answer one request: about a model, its files, or one of them."""
        self.seen.append(f"{method} {path}")
        words = path.strip("/").split("/")
        api = words[0] == "api"
        model, rest = "/".join(words[2:4] if api else words[:2]), words[4 if api else 2 :]
        if model == self.gated:
            return 403, {"X-Error-Code": "GatedRepo"}, b"{}"
        folder = self.repositories.get(model)
        if folder is None:
            return 404, {"X-Error-Code": "RepoNotFound"}, b"{}"
        if len(rest) > 1 and rest[1] not in (COMMIT, "main", "v1"):
            return 404, {"X-Error-Code": "RevisionNotFound"}, b"{}"
        if not api:
            return self._file(folder, "/".join(rest[2:]))
        told: Any = self._model(model, folder)
        if rest and rest[0] == "tree":
            told = [self._entry(folder, path) for path in _files(folder)]
        return 200, {}, json.dumps(told).encode()

    def _model(self, model: str, folder: Path) -> dict[str, Any]:
        sizes = {path: (folder / path).stat().st_size for path in _files(folder)}
        siblings = [{"rfilename": path, "size": size} for path, size in sizes.items()]
        card = {"license": "other", "license_name": "tiny-terms", "license_link": "https://x.y/z"}
        return {"id": model, "sha": COMMIT, "siblings": siblings, "cardData": card}

    def _entry(self, folder: Path, path: str) -> dict[str, Any]:
        content = (folder / path).read_bytes()
        entry: dict[str, Any] = {"type": "file", "path": path, "size": len(content)}
        entry["oid"] = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
        if path.endswith(".safetensors"):
            oid = hashlib.sha256(content).hexdigest()
            entry["lfs"] = {"oid": oid, "size": len(content), "pointerSize": 134}
        return entry

    def _file(self, folder: Path, path: str) -> tuple[int, dict[str, str], bytes]:
        if not (folder / path).is_file():
            return 404, {"X-Error-Code": "EntryNotFound"}, b"{}"
        entry = self._entry(folder, path)
        etag = entry["lfs"]["oid"] if "lfs" in entry else entry["oid"]
        headers = {"ETag": f'"{etag}"', "X-Repo-Commit": COMMIT, "X-Linked-Etag": f'"{etag}"'}
        return 200, headers, (folder / path).read_bytes()


@contextmanager
def serving(hub: Hub) -> Iterator[Hub]:
    """Serve while the block runs."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            code, headers, body = hub.answer(self.command, urlsplit(self.path).path)
            self.send_response(code)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        do_HEAD = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _files(folder: Path) -> list[str]:
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    )
