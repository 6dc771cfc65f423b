"""A language model behind HTTP that speaks as OpenAI's do: POST .../chat/completions, streamed.

Everything that is asked leaves this program, so nothing here is used unless the user gave the
address. What comes back is strange: it is bounded in size and time, and believed in nothing.
"""

from __future__ import annotations

import http.client
import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from omnisearch.encoder.endpoint import Answer, Endpoint
from omnisearch.errors import AnswerServerError, QueryError

_MOST = 16 << 20  # bytes of an answer with all that stands around its words
_LONGEST_LINE = 1 << 20
_LONGEST_ANSWER = 200_000  # characters
_LONGEST_S = 900.0
_PIECE = 65_536
_SHOWN = 4_096  # bytes of an error
_KEY = re.compile(r"[!-~]+")
_MOVED = "it has moved, and is not followed: give its new address"
_REMEDIES = {
    **dict.fromkeys((301, 302, 303, 307, 308), _MOVED),
    400: "does the model take messages like these, and pictures? try it without (max_media 0)",
    401: "it wants a key, or another one",
    403: "the key may not use this model",
    404: "check the address and the name of the model",
    413: "ask with a smaller budget of tokens",
    429: "it is busy, or your limit is reached: try again later",
}


class Chat:
    """A model at an address, which is asked with messages and answers in pieces."""

    def __init__(self, endpoint: Endpoint, timeout_s: float) -> None:
        self._endpoint, self._timeout_s = endpoint, timeout_s
        self.origin, self.model = endpoint.origin, endpoint.model
        self.address = endpoint.address.rpartition("#")[0]

    @classmethod
    def at(
        cls,
        address: str,
        model: str | None = None,
        *,
        key: str | None = None,
        timeout_s: float = 60.0,
    ) -> Chat:
        """Name a server as `http://host:port/v1`; the model stands behind a # or apart from it.

        A key is sent over https, or to this machine. `timeout_s` is waited for each piece.
        """
        if key is not None and not _KEY.fullmatch(key):
            raise QueryError("the key holds blanks or letters that no key has: copy it again")
        if not timeout_s > 0:
            raise QueryError(f"timeout_s is {timeout_s:g}: above 0")
        plain, _, named = address.partition("#")
        if not (model or named):
            raise QueryError(f"no model is named: give one, as in {plain}#model")
        return cls(Endpoint.parse(f"{plain}#{model or named}", key, timeout_s), timeout_s)

    def stream(self, messages: Sequence[Mapping[str, Any]]) -> Iterator[str]:
        """Ask, and give the answer as it comes; whatever goes wrong is an AnswerServerError."""
        asked = {"model": self.model, "messages": list(messages), "stream": True}
        try:
            with self._endpoint.streaming("chat/completions", asked) as response:
                yield from self._answer(response)
        except TimeoutError as error:
            fault = f"{self.origin} was silent for {self._timeout_s:g} s"
            raise AnswerServerError(
                f"{fault}: is it overloaded, or the model very slow?"
            ) from error
        except http.client.IncompleteRead as error:
            raise self._broken() from error
        except (OSError, http.client.HTTPException) as error:
            fault = f"{self.origin} does not answer ({type(error).__name__}: {error})"
            raise AnswerServerError(f"{fault}: does it run, and is the address right?") from error

    def _answer(self, response: http.client.HTTPResponse) -> Iterator[str]:
        if response.status != 200:
            answer = Answer(response.status, response.read1(_SHOWN))
            remedy = _REMEDIES.get(answer.code, "look at its log, or try again later")
            fault = f"{self.origin} answers {answer.code} ({answer.words})"
            raise AnswerServerError(f"{fault}: {remedy}", answer.code)
        letters, kind = 0, response.getheader("Content-Type", "")
        pieces = self._at_once(response) if "application/json" in kind else self._events(response)
        for piece in pieces:
            letters += len(piece)
            if letters > _LONGEST_ANSWER:
                raise self._nonsense(f"more than {_LONGEST_ANSWER:,} characters")
            yield piece
        if not letters:
            raise self._nonsense("no words")

    def _at_once(self, response: http.client.HTTPResponse) -> Iterator[str]:
        """Read the answer of a server that does not stream."""
        tree = self._tree(b"".join(self._bytes(response)))
        self._check_error(tree)
        try:
            found = tree["choices"][0]["message"]["content"]
        except (LookupError, TypeError) as error:
            raise self._nonsense("no message") from error
        if not isinstance(found, str):
            raise self._nonsense("no words")
        yield found

    def _events(self, response: http.client.HTTPResponse) -> Iterator[str]:
        """Read server-sent events; without an end, what was read is no answer."""
        ended = False
        for line in self._lines(response):
            if not line or line.startswith((b":", b"event:", b"id:", b"retry:")):
                continue
            if not line.startswith(b"data:"):
                raise self._nonsense(f"a line that is no event ({Answer(0, line).words})")
            data = line.removeprefix(b"data:").strip()
            if data == b"[DONE]":
                return
            tree = self._tree(data)
            self._check_error(tree)
            piece, last = self._delta(tree)
            ended = ended or last
            if piece:
                yield piece
        if not ended:
            raise self._broken()

    def _delta(self, tree: Mapping[str, Any]) -> tuple[str, bool]:
        """Take the words of an event, and whether they are the last."""
        choices = tree.get("choices")
        if not isinstance(choices, list):
            raise self._nonsense("an event without choices")
        if not choices:  # figures of use, at the end
            return "", False
        try:
            content = choices[0].get("delta", {}).get("content")
            ended = choices[0].get("finish_reason") is not None
        except AttributeError as error:
            raise self._nonsense("an event of another form") from error
        if not isinstance(content, str | None):
            raise self._nonsense("an event without words")
        return content or "", ended

    def _lines(self, response: http.client.HTTPResponse) -> Iterator[bytes]:
        rest = b""
        for piece in self._bytes(response):
            *lines, rest = (rest + piece).split(b"\n")
            yield from (line.rstrip(b"\r") for line in lines)
            if len(rest) > _LONGEST_LINE:
                raise self._nonsense(f"a line of more than {_LONGEST_LINE:,} bytes")
        if rest.strip():
            yield rest.rstrip(b"\r")

    def _bytes(self, response: http.client.HTTPResponse) -> Iterator[bytes]:
        """Read what comes, neither too much nor for too long."""
        total, until_s = 0, time.monotonic() + _LONGEST_S
        while piece := response.read1(_PIECE):
            total += len(piece)
            if total > _MOST:
                raise self._nonsense(f"more than {_MOST:,} bytes")
            if time.monotonic() > until_s:
                raise self._nonsense(f"an answer that is not complete after {_LONGEST_S:g} s")
            yield piece

    def _tree(self, data: bytes) -> dict[str, Any]:
        try:
            found = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise self._nonsense(f"what is no JSON ({Answer(0, data).words})") from error
        if not isinstance(found, dict):
            raise self._nonsense(f"JSON of another form ({Answer(0, data).words})")
        return found

    def _check_error(self, tree: Mapping[str, Any]) -> None:
        if error := tree.get("error"):
            told = error.get("message", error) if isinstance(error, dict) else error
            words = Answer(0, str(told).encode("utf-8", "replace")).words
            raise AnswerServerError(f"{self.origin} fails ({words}): look at its log", 200)

    def _broken(self) -> AnswerServerError:
        fault = f"{self.origin} broke off in the middle of its answer"
        return AnswerServerError(f"{fault}: ask again, or look at its log", 200)

    def _nonsense(self, fault: str) -> AnswerServerError:
        remedy = "is it a server of chats in OpenAI's form?"
        return AnswerServerError(f"{self.origin} answers with {fault}: {remedy}", 200)
