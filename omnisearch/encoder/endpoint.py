"""One address that JSON is posted to: kept open, timed, bounded, and never followed elsewhere.

It is asked directly: no proxy of the environment stands between.
"""

from __future__ import annotations

import http.client
import ipaddress
import json
import random
import re
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from omnisearch.errors import EncoderNotFoundError, EncoderServerError

_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
_LONGEST_WAIT_S = 60.0
_WORDS = 300  # of an error's body that are shown


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; code 0 where nothing did."""

    code: int
    body: bytes
    wait_s: float | None = None  # as long as the server asks to wait

    @property
    def worth_another_try(self) -> bool:
        """Tell whether the same question may be answered later."""
        return self.code == 0 or self.code in _AGAIN

    @property
    def words(self) -> str:
        """Give the beginning of what it says, on one line, without what steers a terminal."""
        text = self.body[: 4 * _WORDS].decode("utf-8", "replace")
        return re.sub(r"[\x00-\x20\x7f-\x9f]+", " ", text).strip()[:_WORDS] or "no words"


class Endpoint:
    """A server of embeddings at `scheme://host:port/path`, and the model that is asked there."""

    _connection: http.client.HTTPConnection | None = None

    def __init__(self, address: str, model: str, key: str | None, timeout_s: float) -> None:
        parts = urlsplit(address)
        assert parts.hostname is not None
        self.model, self._key, self._timeout_s = model, key, timeout_s
        self._host, self._port, self._secure = parts.hostname, parts.port, parts.scheme == "https"
        self._path = parts.path.rstrip("/")
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self.address = f"{self.origin}{parts.path.rstrip('/')}#{model}"
        self._told_to_wait_s: float | None = None
        self._asking = threading.Lock()

    @classmethod
    def parse(cls, address: str, key: str | None = None, timeout_s: float = 60.0) -> Endpoint:
        """Read `http://host:port/v1#model`; a key goes over https or to this machine only."""
        parts = urlsplit(address)
        try:
            port_is_good = parts.port != 0
        except ValueError:
            port_is_good = False
        if parts.scheme not in ("http", "https") or not parts.hostname or not port_is_good:
            fault = f"{address!r} is no address of a server"
            raise EncoderNotFoundError(f"{fault}: give http://host:port/v1#model")
        if parts.username is not None or parts.password is not None or parts.query:
            raise EncoderNotFoundError(
                f"the address of {parts.hostname} holds a name, a password or a question: give "
                "the key apart from it"
            )
        if not parts.fragment:
            fault = f"{address} names no model"
            raise EncoderNotFoundError(f"{fault}: add it behind a #, as in {address}#model")
        if key is not None and parts.scheme == "http" and not _is_here(parts.hostname):
            fault = f"a key would be readable on its way to {parts.netloc}"
            raise EncoderNotFoundError(f"{fault}: give an address with https")
        return cls(address, parts.fragment, key, timeout_s)

    def wait(self, attempt: int, wait_s: float) -> None:
        """Wait before another try: longer each time, or as long as the server asked for."""
        if attempt:
            backoff_s = wait_s * 2 ** (attempt - 1) * random.uniform(0.8, 1.2)
            told_s = self._told_to_wait_s
            time.sleep(min(backoff_s if told_s is None else told_s, _LONGEST_WAIT_S))

    def post(self, question: Mapping[str, Any], most: int) -> Answer:
        """Post JSON and read an answer of at most so many bytes; one request at a time."""
        body = json.dumps(dict(question)).encode()
        with self._asking:
            try:
                answer = self._post(body, most)
            except (OSError, http.client.HTTPException) as error:
                self.close()
                answer = Answer(0, f"{type(error).__name__}: {error}".encode())
            self._told_to_wait_s = answer.wait_s
            return answer

    @contextmanager
    def streaming(
        self, resource: str, question: Mapping[str, Any]
    ) -> Iterator[http.client.HTTPResponse]:
        """Post JSON to what lies beside the embeddings; gives the answer while it is coming."""
        headers = {**self._headers(), "Accept": "text/event-stream, application/json"}
        body = json.dumps(dict(question)).encode()
        with self._asking:
            self.close()  # one that was idle may be half gone
            try:
                self._connected().request("POST", f"{self._path}/{resource}", body, headers)
                yield self._connected().getresponse()
            finally:
                self.close()

    def __del__(self) -> None:
        """Close what nobody can ask any more."""
        self.close()

    def close(self) -> None:
        """Let go of the connection; another request makes a new one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _post(self, body: bytes, most: int) -> Answer:
        connection, path = self._connected(), f"{self._path}/embeddings"
        try:
            connection.request("POST", path, body, self._headers())
            response = connection.getresponse()
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            self.close()  # it was idle for too long; what was sent was not read
            connection = self._connected()
            connection.request("POST", path, body, self._headers())
            response = connection.getresponse()
        given = self._read(response, most)
        if response.will_close:
            self.close()
        return Answer(response.status, given, _seconds(response.getheader("Retry-After")))

    def _read(self, response: http.client.HTTPResponse, most: int) -> bytes:
        """Read a body that is neither too long nor given too slowly."""
        given, until_s = bytearray(), time.monotonic() + self._timeout_s
        while piece := response.read1(65_536):
            given += piece
            if len(given) > most:
                self.close()
                raise EncoderServerError(
                    f"{self.origin} answers with more than {most:,} bytes: it is no server of "
                    "embeddings, or its vectors are longer than before",
                    response.status,
                )
            if time.monotonic() > until_s:
                raise TimeoutError(f"an answer was not complete after {self._timeout_s:g} s")
        response.close()  # all of it was read, so the connection may be used again
        return bytes(given)

    def _connected(self) -> http.client.HTTPConnection:
        if self._connection is None:
            if self._secure:
                context = ssl.create_default_context()
                self._connection = http.client.HTTPSConnection(
                    self._host, self._port, timeout=self._timeout_s, context=context
                )
            else:
                self._connection = http.client.HTTPConnection(
                    self._host, self._port, timeout=self._timeout_s
                )
        return self._connection

    def _headers(self) -> dict[str, str]:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        return headers if self._key is None else {**headers, "Authorization": f"Bearer {self._key}"}


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _seconds(told: str | None) -> float | None:
    """Read Retry-After in seconds; a date in it is not believed."""
    try:
        return max(0.0, float(told)) if told is not None else None
    except ValueError:
        return None
