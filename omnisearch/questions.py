"""Questions to a collection: here encoder, decoding of files and retrieval come together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any, cast

from omnisearch.errors import QueryError
from omnisearch.query import cursor
from omnisearch.query.answer import answer
from omnisearch.query.asked import Asking, Decode, Decoded, asked
from omnisearch.query.explaining import Stages
from omnisearch.query.given import Named, given
from omnisearch.query.hits import Batch, Hits
from omnisearch.query.options import QueryOptions, Wish
from omnisearch.storage.origin import OWN_VECTORS

if TYPE_CHECKING:
    from omnisearch.decoding import Decoding
    from omnisearch.encoder.calibration.calibrator import Calibrator
    from omnisearch.encoder.encoder import Encoder
    from omnisearch.encoder.parts import Part
    from omnisearch.storage.generation import Generation


class Asks(Named, QueryOptions, total=False):
    """Parts by name, and options: what `Collection.query` takes."""


class Decoder:
    """Opens the files of questions; nothing is loaded or started before the first."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._decoding: Decoding | None = None

    def __call__(self, part: Part) -> Decoded:
        """Give what a part holds."""
        from omnisearch.decoding import Decoding

        with self._lock:
            if self._decoding is None:
                self._decoding = Decoding()
        return self._decoding(part)

    def close(self) -> None:
        """End what decodes; the next file starts it again."""
        if self._decoding is not None:
            self._decoding.close()


@dataclass(frozen=True, slots=True)
class Asker:
    """What a collection lends to those who ask it."""

    now: Generation
    encoder: Callable[[], Encoder]
    decode: Decode
    held: MutableMapping[int, Generation]  # of hits that somebody still holds, for their cursors

    def query(self, parts: object, question: Asks) -> Hits:
        """Answer one question."""
        named = {name: question.pop(name) for name in Named.__annotations__ if name in question}  # type: ignore[misc]
        wish = Wish.of(cast(QueryOptions, question))
        now, stages = self.now, Stages()
        if wish.cursor is not None:
            now = cursor.generation(wish.cursor, now, self.held)
        asking = Asking(now, lambda: self._encoder(now), self.decode)
        found = asked(asking, given(parts, **named), wish)
        calibrator = self._calibrator(now)
        stages.end("encoding")
        self.held[now.number] = now
        return answer(now, found, wish, calibrator, stages)

    def query_batch(self, questions: Sequence[Mapping[str, Any]], options: Asks) -> Batch:
        """Answer many questions in one generation, each with its own parts and options."""
        answers = []
        for one in questions:
            whole = {**options, **one}
            answers.append(self.query(whole.pop("parts", None), cast(Asks, whole)))
        return Batch(answers)

    def _encoder(self, now: Generation) -> Encoder:
        if now.sealed.manifest.space == OWN_VECTORS:
            raise QueryError(
                "this collection holds vectors of your own, and no encoder made them: ask with "
                "vector= (one of the same model) or like= (a stored id)"
            )
        return self.encoder()

    def _calibrator(self, now: Generation) -> Calibrator | None:
        if now.sealed.manifest.space == OWN_VECTORS:
            return None
        from omnisearch.encoder.calibration.calibrator import Calibrator

        return Calibrator(self.encoder().prior())
