"""A question as retrieval takes it: parts become vectors, and words to look for.

Files are decoded by whoever calls: what may be hostile is none of this module's business.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from omnisearch.encoder.parts import Modality, Part, Row, Text
from omnisearch.errors import QueryError
from omnisearch.query.given import Given
from omnisearch.query.nearest import check_query
from omnisearch.query.voices import MOST, Voice, composed, evenly
from omnisearch.storage import batch, rows
from omnisearch.storage.wholes import segments
from omnisearch.storage.words.quotes import QUOTED

if TYPE_CHECKING:
    from omnisearch.encoder.encoder import Encoder
    from omnisearch.query.options import Wish
    from omnisearch.storage.generation import Generation

Floats = npt.NDArray[np.float32]
# Weights of hits that are pointed at, beside words of weight 1. On 128 questions in words the first
# right hit and the first wrong one raise the share of the other right ones among ten from 44 to 72
# in 100; 0.5 for the wrong one gives the same there, and without a right one 23 in place of 40.
MORE, LESS = 1.0, 0.25
_JOINED = "give one medium and words without weights, or leave combine out"


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a part holds, perhaps in several windows, and what a person should know of it."""

    windows: tuple[Part, ...]
    remarks: tuple[str, ...] = ()


Decode = Callable[[Part], Decoded]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked for.

    `vectors` (n, d) have unit length where cosines count; none for mode="words". Several are
    `windows` of what is long, or with a weight each the parts of combine="rank". `modality` is
    the one whose calibration counts: of a medium that was read with words, if `joint`. `words` are
    for BM25; items of `leave_out` are no answers; `remarks` are for a person; `parts` are what the
    question holds, decoded, of what is long its first window.

    Of a question that was expanded, `also` are further words with their weights, and `before` is
    what was asked, which tells how sure hits are. Hits are held against `references`. `spelling`
    has words that nothing says, with those that may be meant. `state` is the name that cursors have
    for what was asked of; empty where that is a number.
    """

    vectors: Floats
    weights: Floats
    modality: Modality
    words: str | None
    leave_out: frozenset[str] = frozenset()
    remarks: tuple[str, ...] = ()
    windows: bool = False
    joint: bool = False
    parts: tuple[Part, ...] = field(default=(), kw_only=True)
    also: tuple[tuple[str, float], ...] = field(default=(), kw_only=True)
    before: Asked | None = field(default=None, kw_only=True)
    references: tuple[Reference, ...] = field(default=(), kw_only=True)
    spelling: Mapping[str, str] = field(default_factory=dict, kw_only=True)
    state: str = field(default="", kw_only=True)


@dataclass(frozen=True, slots=True)
class Reference:
    """What hits must not be near, or one of what they must be near: a question of its own.

    Near is what answers it with a confidence of `at` or more, each hit judged alone.
    """

    asked: Asked
    deny: bool
    at: float
    reason: str


@dataclass(frozen=True, slots=True)
class Asking:
    """Who answers a question: a generation, its encoder, and what opens files."""

    now: Generation
    encoder: Callable[[], Encoder]
    decode: Decode


def asked(asking: Asking, given: Given, wish: Wish, looked_for: Given | None = None) -> Asked:
    """Make vectors and words of a question; the words of another, if they are spelt otherwise."""
    stored = _Stored(asking.now, given)
    words = words_of(looked_for or given, wish.mode)
    parts, remarks = list[Decoded](), list[str]()
    voices: list[Voice] = []
    if wish.mode != "words":
        parts = [_decoded(asking.decode, part) for part in given.parts]
        remarks = [remark for one in parts for remark in one.remarks]
        beside = stored.voices()
        if given.vector is not None:
            beside.append(Voice(check_query(given.vector, asking.now), 1.0))
        voices = [*_voices(asking, parts, wish.combine, len(beside)), *beside]
    elif (
        len(given.parts) > sum(map(_says, given.parts)) or stored.items or given.vector is not None
    ):
        remarks.append(
            'mode="words" compares how words are spelt: all else of the question is left out'
        )
    settings = asking.now.sealed.manifest.settings
    found = composed(voices, settings.dim, wish.combine, unit=settings.metric == "cosine")
    modality = _modality(parts) or stored.modality or "text"
    return Asked(
        found.vectors,
        found.weights,
        modality,
        words,
        stored.items,
        tuple(remarks),
        found.windows,
        any(voice.joint for voice in voices),
        parts=tuple(one.windows[0] for one in parts),
    )


def _decoded(decode: Decode, part: Part) -> Decoded:
    return Decoded((part,)) if isinstance(part, Text) else decode(part)


def _modality(parts: Sequence[Decoded]) -> Modality | None:
    """Give the modality of the first medium that is wanted, else of words."""
    wanted = [one.windows[0] for one in parts if one.windows[0].weight > 0]
    media = [part.modality for part in wanted if not isinstance(part, Text)]
    return next(iter(media), "text" if wanted else None)


def words_of(given: Given, mode: str) -> str | None:
    """Give the words to look for: beside a medium that is wanted they say how it should differ."""
    texts = [part.text for part in given.parts if isinstance(part, Text) and _says(part)]
    media = any(map(_is_wanted_medium, given.parts))
    said = " ".join(texts)
    if mode == "words" and not said:
        raise QueryError('mode is "words" and the question has none: give a text')
    if mode == "vector" or not said or (media and mode != "words" and not QUOTED.search(said)):
        return None
    return said


def _is_wanted_medium(part: Part) -> bool:
    return not isinstance(part, Text) and part.weight > 0


def _says(part: Part) -> bool:
    return isinstance(part, Text) and part.weight > 0


def _voices(
    asking: Asking, parts: Sequence[Decoded], combine: str | None, beside: int
) -> list[Voice]:
    """Encode parts: a medium and texts of weight 1 together, if they are to be joined.

    `beside` counts what is asked with and needs no encoding, which nothing is read together with.
    """
    if not parts:
        if combine == "joint" and beside > 1:
            raise QueryError(f'combine="joint": stored ids and vectors are not read, {_JOINED}')
        return []
    encoder = asking.encoder()
    media = [one for one in parts if _is_wanted_medium(one.windows[0])]
    joint = [one for one in parts if isinstance(one.windows[0], Text) and _joins(one)]
    if combine in (None, "joint") and len(media) == 1 and joint and _joins(media[0], MOST):
        texts = [one.windows[0] for one in joint]
        together = [Row(window, *texts) for window in media[0].windows]
        if encoder.model.joins(together[0].parts):
            apart = [one for one in parts if one is not media[0] and one not in joint]
            read = encoder.encode(together, role="query")
            return [Voice(read, 1.0, joint=True), *_apart(encoder, apart)]
    if combine == "joint" and len(parts) + beside > 1:
        told = f"{encoder.name} does not read these parts together"
        raise QueryError(f'combine="joint": {told}, {_JOINED}')
    return _apart(encoder, parts)


def _joins(one: Decoded, windows: int = 1) -> bool:
    """Tell whether a part may be read together with others: a weight has no meaning there."""
    return len(one.windows) <= windows and one.windows[0].weight == 1


def _apart(encoder: Encoder, parts: Sequence[Decoded]) -> list[Voice]:
    found = []
    for one in parts:
        alone = [Row(replace(window, weight=1.0)) for window in one.windows]
        found.append(Voice(encoder.encode(alone, role="query"), one.windows[0].weight))
    return found


class _Stored:
    """What is asked for by ids."""

    def __init__(self, now: Generation, given: Given) -> None:
        self._now = now
        self._named = [
            *((name, "like", 1.0) for name in given.like),
            *((name, "more", MORE) for name in given.more),
            *((name, "less", -LESS) for name in given.less),
        ]
        found = [self._positions(name, how) for name, how, _ in self._named]
        self._seen = [rows_of_content(now, positions) for positions in found]
        self.items = frozenset(_item(now, int(positions[0])) for positions in found)

    @property
    def modality(self) -> Modality | None:
        """The modality of the first that is wanted."""
        for (_, _, weight), (_, modality) in zip(self._named, self._seen, strict=True):
            if weight > 0:
                return modality
        return None

    def voices(self) -> list[Voice]:
        """Give the stored vectors; an item with many segments has as many windows."""
        found = []
        for (_, _, weight), (positions, _) in zip(self._named, self._seen, strict=True):
            chosen = positions[evenly(len(positions))]
            stored = rows.vectors(self._now, chosen).astype(np.float32)
            found.append(Voice(stored, weight))
        return found

    def _positions(self, name: str, how: str) -> npt.NDArray[np.int64]:
        positions = segments(self._now, self._now.named([name])[0])
        if not len(positions):
            raise QueryError(f"{how}={name!r} is not a stored id: take one of a hit")
        return positions


def rows_of_content(
    now: Generation, positions: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], Modality]:
    """Choose the rows that show content, or else words, and say how they ask."""
    heads = [cells.head(row) for cells, row in map(now.locate, positions.tolist())]
    content = [at for at, head in enumerate(heads) if batch.VIEWS[head[2]] == "content"]
    if not content:
        return positions, "text"
    modality = batch.MODALITIES[heads[content[0]][3]]
    return positions[content], modality or "text"


def _item(now: Generation, position: int) -> str:
    cells, row = now.locate(position)
    name, item, _, _ = cells.head(row)
    return str(item or name)
