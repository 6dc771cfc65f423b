"""Encoders behind HTTP that speak as OpenAI's do: POST {"model", "input"} to .../embeddings.

What is encoded leaves this program, so nothing here is ever used unless its address was given by
the user: an address that lies in a collection is not followed. Texts only; that is all the
protocol has.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from omnisearch.encoder.endpoint import Answer, Endpoint
from omnisearch.encoder.parts import Modality, Part, Row, Text
from omnisearch.encoder.protocol import Asked
from omnisearch.encoder.space import Space
from omnisearch.encoder.text import check, passages
from omnisearch.errors import EncoderServerError, EncodingError, OmnisearchError, PartError

if TYPE_CHECKING:
    from omnisearch.encoder.protocol import Vector

_TOO_MUCH = frozenset({400, 413, 422})  # of a batch: some text in it may be what is wrong
_MOVED = "it has moved, and is not followed: give its new address"
_REFUSED = {
    301: _MOVED,
    302: _MOVED,
    307: _MOVED,
    308: _MOVED,
    401: "it wants a key, or another one",
    403: "the key may not use this model",
    404: "check the address and the model's name",
}


@dataclass(frozen=True, slots=True)
class Settings:
    """How a server is asked."""

    key: str | None = field(default=None, repr=False)  # sent as a bearer token, never logged
    dim: int | None = None  # None: as long as the first answer
    batch: int = 64  # texts in a request; servers refuse more than some hundreds
    letters: int = 200_000  # in a request: some servers count tokens of all texts together
    passage: int = 1_500  # letters: about 350 tokens, which every model reads
    timeout_s: float = 60.0  # of one request; models on a CPU take their time
    tries: int = 5
    wait_s: float = 0.5  # before the second try, twice as long before each further one
    query_prompt: str = ""  # put before texts, for models that want it
    document_prompt: str = ""

    def __post_init__(self) -> None:
        for name in ("batch", "letters", "passage", "tries"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}: 1 or more")
        if self.key is not None and not re.fullmatch(r"[!-~]+", self.key):
            raise ValueError("the key holds blanks or letters that no key has: copy it again")
        if not self.timeout_s > 0 or not self.wait_s >= 0:
            raise ValueError("timeout_s is above 0, wait_s at least 0")


DEFAULTS = Settings()


def open(address: str, *, settings: Settings = DEFAULTS) -> HttpModel:
    """Open `http://host:port/v1#model`; nothing is sent before something is asked of it."""
    endpoint = Endpoint.parse(address, settings.key, settings.timeout_s)
    return HttpModel(endpoint, settings)


class HttpModel:
    """Texts in, vectors out, from a server."""

    modalities: tuple[Modality, ...] = ("text",)
    leaves_machine = True  # also for 127.0.0.1: what listens there may pass it on

    def __init__(self, endpoint: Endpoint, settings: Settings = DEFAULTS) -> None:
        self.endpoint, self.settings = endpoint, settings
        self._dim = settings.dim

    @property
    def name(self) -> str:
        """Its address, with the model behind `#`; never with the key."""
        return self.endpoint.address

    @property
    def destination(self) -> str:
        """Say where texts go, for people to read."""
        return f"every text is sent to {self.endpoint.origin}, out of omnisearch's hands"

    @property
    def dim(self) -> int:
        """How long its vectors are; learnt from one short text where it was not stated."""
        if self._dim is None:
            self._dim = len(self._ask(["a"])[0])
        return self._dim

    @property
    def dims(self) -> tuple[int, ...]:
        """Name one length: a server tells of no other that it was trained for."""
        return (self.dim,)

    @property
    def space(self) -> Space:
        """Which vectors may be compared with its own.

        A server does not show its weights, so only address, model, prompts and length stand for
        them; canaries find a model that was replaced.
        """
        how = [self.name, self.settings.query_prompt, self.settings.document_prompt, self.dim]
        told = hashlib.blake2b(json.dumps(how).encode(), digest_size=16)
        return Space(self.name, told.hexdigest(), self.dim)

    def joins(self, parts: Sequence[Part]) -> bool:
        """Read one text at a time."""
        return False

    def passages(self, text: str) -> list[tuple[int, int]]:
        """Cut a text into spans of so many letters, since tokens are the server's business."""
        check(text)
        return passages(text, _letters, self.settings.passage)

    def known(self) -> dict[str, Vector]:
        """Know no vectors beforehand."""
        return {}

    def embed(self, rows: Sequence[Row], asked: Asked) -> list[Vector | OmnisearchError]:
        """Give for each row a vector or what is wrong with it."""
        query = asked.role == "query"
        prompt = self.settings.query_prompt if query else self.settings.document_prompt
        checked = [_checked(row) for row in rows]
        texts = [prompt + one for one in checked if isinstance(one, str)]
        answers = [
            one for start, end in self._batches(texts) for one in self._each(texts[start:end])
        ]
        given = iter(answers)
        return [next(given) if isinstance(one, str) else one for one in checked]

    def _batches(self, texts: Sequence[str]) -> list[tuple[int, int]]:
        """Cut so that no request holds too many texts, or too many letters."""
        cuts, letters = [0], 0
        for place, text in enumerate(texts):
            letters += len(text)
            full = place - cuts[-1] >= self.settings.batch or letters > self.settings.letters
            if full and place > cuts[-1]:
                cuts.append(place)
                letters = len(text)
        return list(zip(cuts, [*cuts[1:], len(texts)], strict=True)) if texts else []

    def _each(self, texts: Sequence[str]) -> list[Vector | OmnisearchError]:
        """Ask for all; where a request is refused for what is in it, for each half."""
        try:
            return list(self._ask(texts))
        except EncoderServerError as error:
            if error.code not in _TOO_MUCH:
                raise
            if len(texts) == 1:
                return [EncodingError(f"{error}: leave this text out, or shorten it")]
        half = len(texts) // 2
        return self._each(texts[:half]) + self._each(texts[half:])

    def _ask(self, texts: Sequence[str]) -> list[Vector]:
        asked = {"model": self.endpoint.model, "input": list(texts), "encoding_format": "float"}
        most = 65_536 + len(texts) * (self._dim or 65_536) * 32  # a number has 26 letters at most
        for attempt in range(self.settings.tries):
            self.endpoint.wait(attempt, self.settings.wait_s)
            answer = self.endpoint.post(asked, most)
            if not answer.worth_another_try:
                break
        if answer.code != 200:
            raise _refusal(self.endpoint.origin, answer)
        return _vectors(self.endpoint.origin, answer, len(texts), self._dim)


def _letters(text: str) -> list[tuple[int, int]]:
    return [(at, at + 1) for at in range(len(text))]


def _checked(row: Row) -> str | PartError:
    """Give the text of a row, or what is wrong with it."""
    (part,) = row.parts
    if not isinstance(part, Text):
        return PartError(f"a server reads texts only, no {part.modality}: take another encoder")
    try:
        check(part.text)
    except PartError as error:
        return error
    if not part.text.strip():
        return PartError("the text is empty: give words, or leave the part out")
    return part.text


def _vectors(origin: str, answer: Answer, count: int, dim: int | None) -> list[Vector]:
    """Read the vectors of an answer in the order of the texts, each of the same length."""
    try:
        told = json.loads(answer.body)
        places = {int(one["index"]): _numbers(one["embedding"]) for one in told["data"]}
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _nonsense(origin, f"no embeddings ({type(error).__name__}: {error})") from error
    if sorted(places) != list(range(count)):
        raise _nonsense(origin, f"{len(places)} vectors for {count} texts")
    vectors = [places[place] for place in range(count)]
    dim = dim or vectors[0].size
    for vector in vectors:
        if vector.shape != (dim,) or not dim:
            raise _nonsense(origin, f"a vector of shape {vector.shape}, not ({dim},)")
    return vectors


def _numbers(given: Any) -> Vector:  # noqa: ANN401 - from outside
    """Take a list of numbers; some servers send base64 of little-endian floats regardless."""
    if isinstance(given, str):
        import base64

        return np.frombuffer(base64.b64decode(given, validate=True), "<f4")
    with np.errstate(over="ignore"):  # what does not fit becomes infinite, and that is refused
        return np.array(given, np.float32)


def _refusal(origin: str, answer: Answer) -> EncoderServerError:
    if not answer.code:
        fault = f"{origin} does not answer ({answer.words})"
        return EncoderServerError(f"{fault}: does it run, and is the address right?")
    remedy = _REFUSED.get(answer.code, "look at its log, or try again later")
    fault = f"{origin} answers {answer.code} ({answer.words})"
    return EncoderServerError(f"{fault}: {remedy}", answer.code)


def _nonsense(origin: str, fault: str) -> EncoderServerError:
    remedy = "is it a server of embeddings, and is the model the same as before?"
    return EncoderServerError(f"{origin} answers with {fault}: {remedy}", 200)
