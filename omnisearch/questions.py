"""Questions to a collection: here encoder, decoding of files and retrieval come together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakValueDictionary

from omnisearch.encoder.parts import Text
from omnisearch.errors import PoolError, QueryError
from omnisearch.query import cursor, paths
from omnisearch.query.answer import answer
from omnisearch.query.asked import Asked, Asking, Decoded, asked
from omnisearch.query.cursor import States
from omnisearch.query.explaining import Stages
from omnisearch.query.given import Given, Named, given
from omnisearch.query.hits import Answers, Batch, Hits
from omnisearch.query.options import QueryOptions, Wish
from omnisearch.query.reranked import Rerank, Reranked, candidates
from omnisearch.reranking.rerankers import Judgement, Rerankers, Task
from omnisearch.rewriting import expansion
from omnisearch.rewriting.beside import Beside, Rewrites
from omnisearch.rewriting.references import References, said_of
from omnisearch.rewriting.spelling import respelt
from omnisearch.storage.generation import Generation
from omnisearch.storage.origin import OWN_VECTORS
from omnisearch.storage.words import asking as words
from omnisearch.storage.words.quotes import QUOTED

if TYPE_CHECKING:
    from omnisearch.calibrating import Calibrating
    from omnisearch.context.context import Context
    from omnisearch.context.parts import Room
    from omnisearch.decoding import Decoding
    from omnisearch.encoder.encoder import Encoder
    from omnisearch.encoder.parts import Part
    from omnisearch.media.pool.lending import Lender
    from omnisearch.storage.handle import Handle


_UNQUOTED = 'mode is "vector", which looks for no words: what is in quotes need not be there'
_UNSAID = "what stands in quotes is said nowhere, word behind word: ask without the quotes"
_EMPTY = "nothing is stored yet: take in a folder with ingest, or records with add"


class Asks(Named, Rewrites, QueryOptions, total=False):
    """Parts by name, and options: what `Collection.query` takes."""


class Decoder:
    """Opens the files of questions; nothing is loaded or started before the first."""

    def __init__(self, lender: Lender | None = None) -> None:
        self._lock, self._lender = Lock(), lender
        self._decoding: Decoding | None = None
        self._closed = False

    def __call__(self, part: Part) -> Decoded:
        """Give what a part holds; a PoolError once it is closed, also by another thread."""
        from omnisearch.decoding import Decoding

        with self._lock:
            if self._closed:
                raise PoolError("what opens files of questions was closed: make another")
            if self._decoding is None:
                self._decoding = Decoding(self._lender)
        return self._decoding(part)

    @property
    def started(self) -> bool:
        """Tell whether a file was opened."""
        return self._decoding is not None and self._decoding.started

    def close(self) -> None:
        """End what decodes, for good."""
        with self._lock:
            self._closed = True
        if self._decoding is not None:
            self._decoding.close()


def _check_names(question: Mapping[str, object]) -> None:
    """Refuse what is neither a part nor an option."""
    kinds = (Named, QueryOptions, Rewrites)
    known = [name for kind in kinds for name in kind.__annotations__]
    for name in question:
        if name not in known:
            near = get_close_matches(name, known, 1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
            raise TypeError(f"query has no option {name!r}: {hint}")


def _remarks(now: Generation, whole: Given, wish: Wish) -> Iterator[str]:
    """Say what of a question is of no effect."""
    texts = [part.text for part in whole.parts if isinstance(part, Text)]
    if wish.mode == "vector" and any(map(QUOTED.search, texts)):
        yield _UNQUOTED
    if wish.path and (strays := paths.strays(now, wish.path)) is not None:
        yield strays
    for one in wish.understood:
        yield f'{one} (route "none" takes words as they are)'


def _is_unsaid(now: Generation, asked: Asked) -> bool:
    """Tell whether a question has quotes, and no row says all that stands in them."""
    phrases = words.Asked(phrases=words.ask(asked.words or "").phrases)
    return bool(phrases.phrases) and not now.words.totals(phrases, now.shown).scores.any()


class Asker:
    """Answers the questions to one collection."""

    def __init__(self, handle: Handle, calibrating: Calibrating, decoder: Decoder) -> None:
        self._handle, self._calibrating, self._decoder = handle, calibrating, decoder
        self._states = States()
        self._lists = WeakValueDictionary[str, Reranked]()
        self._rerankers = Rerankers()
        self._references = References()

    def query(self, parts: object, question: Asks) -> Hits:
        """Answer one question."""
        return self._answered(self._handle.need().reading(), parts, question)

    def query_batch(self, questions: Sequence[str | Mapping[str, Any]], options: Asks) -> Batch:
        """Answer many questions in one generation, each with its own parts and options."""
        if isinstance(questions, str | Mapping) or not isinstance(questions, Sequence):
            raise TypeError("questions is no list: give one, of texts and of dicts as query takes")
        now, answers = self._handle.need().reading(), []
        for number, one in enumerate(questions):
            if not isinstance(one, str | Mapping):
                raise TypeError(f"question {number} is {type(one).__name__}: a text, or a dict")
            whole = {**options, **({"parts": one} if isinstance(one, str) else one)}
            try:
                answers.append(self._answered(now, whole.pop("parts", None), cast(Asks, whole)))
            except (TypeError, ValueError) as error:
                error.args = (f"question {number}: {error}",)
                raise
        return Batch(answers)

    def context(self, parts: object, question: Asks, room: Room) -> Context:
        """Find what a language model should read to answer a question."""
        from omnisearch.context.context import made

        named = {name: question[name] for name in Named.__annotations__ if name in question}  # type: ignore[literal-required]
        texts = [one for one in given(parts, **named).parts if isinstance(one, Text)]
        said = " ".join(one.text for one in texts if one.weight > 0)
        hits = self.query(parts, {"k": room.candidates, "group_by": "none", **question})
        return made(hits, room.counting(self._counter(hits)), said or None)

    def _counter(self, hits: Hits) -> Callable[[str], int]:
        """Give what counts tokens: the encoder; without one, bytes, as no tokenizer has more."""
        now, found = hits.rows
        if not len(found) or now.sealed.manifest.space == OWN_VECTORS:
            return lambda text: len(text.encode("utf-8", "surrogatepass"))
        return self._encoder(now).tokens

    def close(self) -> None:
        """End what decodes files, and let rerankers go."""
        self._decoder.close()
        self._rerankers.close()

    def _answered(self, now: Generation, parts: object, question: Asks) -> Hits:
        _check_names(question)
        named = {name: question.pop(name) for name in Named.__annotations__ if name in question}  # type: ignore[misc]
        beside = Beside.taken(cast(dict[str, Any], question))
        wish, stages = Wish.of(cast(QueryOptions, question)), Stages()
        whole, rewritten = beside.rewritten(given(parts, **named))
        now, state = self._state(now, wish.cursor)
        if not now.live:
            return Hits(now, Answers.none(_EMPTY))
        if wish.route == "auto":
            from omnisearch.routing.applying import applied

            whole, wish = applied(now, whole, cast(QueryOptions, question))
            stages.end("routing")
        asking = Asking(now, lambda: self._encoder(now), self._decoded)
        spelt = respelt(asking, whole, wish)
        whole = spelt.question
        found = asked(asking, whole, wish, spelt.looked_for)
        remarks = (*rewritten, *spelt.remarks, *found.remarks, *_remarks(now, whole, wish))
        references = self._references.of(asking, beside.rules)
        remarks = (*remarks, *said_of(references))
        learnt = self._calibrating.of(now, cursor.learnt(wish.cursor))
        calibrator, number = (None, None) if learnt is None else learnt
        found = replace(
            found,
            remarks=remarks,
            spelling=spelt.words,
            references=references,
            state=cursor.stated(state, number),
        )
        stages.end("encoding")
        if wish.expand:
            looked_at = partial(answer, now, found, expansion.first(wish), calibrator)
            found = expansion.expanded(now, found, wish.expand, looked_at)
            stages.end("expanding")
        rerank = self._rerank(now, whole, found, wish, stages) if wish.rerank else None
        hits = answer(now, found, wish, calibrator, stages, rerank)
        if not len(hits) and _is_unsaid(now, found):
            hits.remarks = (*hits.remarks, _UNSAID)
        return hits

    def _decoded(self, part: Part) -> Decoded:
        """Open a file of a question; where the collection was closed meanwhile, say that."""
        try:
            return self._decoder(part)
        except PoolError:
            self._handle.need()
            raise

    def _state(self, now: Generation, behind: str | None) -> tuple[Generation, str]:
        """Give the state that is asked, with its name: the newest, or that of a cursor."""
        acknowledged = self._handle.need().is_acknowledged(now)
        name = self._states.name(now, acknowledged=acknowledged)
        return (now, name) if behind is None else self._states.of(behind, now)

    def _rerank(
        self, now: Generation, whole: Given, found: Asked, wish: Wish, stages: Stages
    ) -> Rerank:
        """Say how the best hits of a question are judged once more."""
        assert wish.rerank is not None
        task = Task(
            wish.rerank,
            whole.question(),
            found.parts,
            lambda: self._encoder(now),
            wish.rerank_deadline,
        )

        def judge(hits: Hits) -> Judgement:
            judged = candidates(hits, self._rerankers.album.picture)
            return self._rerankers.judged(task, judged, lambda: stages.end("loading"))

        return Rerank(judge, self._lists)

    def _encoder(self, now: Generation) -> Encoder:
        if now.sealed.manifest.space == OWN_VECTORS:
            raise QueryError(
                "this collection holds vectors of your own, and no encoder made them: ask with "
                "vector= (one of the same model) or like= (a stored id)"
            )
        return self._calibrating.encoder(now)
