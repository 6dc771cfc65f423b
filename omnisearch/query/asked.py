"""A question as retrieval takes it: parts become vectors, and words to look for.

Files are decoded by whoever calls: what may be hostile is none of this module's business.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from omnisearch.encoder.parts import Modality, Part, Row, Text
from omnisearch.errors import QueryError
from omnisearch.query.given import Given
from omnisearch.query.nearest import check_query
from omnisearch.storage import batch, rows

if TYPE_CHECKING:
    from omnisearch.encoder.encoder import Encoder
    from omnisearch.query.options import Wish
    from omnisearch.storage.generation import Generation
    from omnisearch.storage.manifest import Settings

Floats = npt.NDArray[np.float32]
MORE, LESS = 1.0, 0.5  # weights of what is stored, beside parts of weight 1
_NOTHING = 1e-6  # a length that is only rounding


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a part holds, perhaps in several windows, and what a person should know of it."""

    windows: tuple[Part, ...]
    remarks: tuple[str, ...] = ()


Decode = Callable[[Part], Decoded]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked for.

    `vectors` (n, d) have unit length where cosines count; several, with a weight each, only for
    combine="rank", and none for mode="words". `modality` is the one whose calibration counts.
    `words` are for BM25; items of `leave_out` are no answers; `remarks` are for a person.
    """

    vectors: Floats
    weights: Floats
    modality: Modality
    words: str | None
    leave_out: frozenset[str] = frozenset()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Asking:
    """Who answers a question: a generation, its encoder, and what opens files."""

    now: Generation
    encoder: Callable[[], Encoder]
    decode: Decode


@dataclass(frozen=True, slots=True)
class _Voice:
    """One side of a question: where it points to, and how much it counts."""

    vector: Floats
    weight: float


def asked(asking: Asking, given: Given, wish: Wish) -> Asked:
    """Make vectors and words of a question."""
    parts, remarks = _decoded(asking.decode, given)
    stored = _Stored(asking.now, given)
    words = _words(given, wish.mode)
    voices = [] if wish.mode == "words" else _voices(asking, parts, wish.combine)
    if wish.mode != "words":
        voices += stored.voices()
        if given.vector is not None:
            voices.append(_Voice(check_query(given.vector, asking.now)[0], 1.0))
    vectors, weights = _composed(voices, asking.now.sealed.manifest.settings, wish.combine)
    modality = _modality(parts) or stored.modality or "text"
    return Asked(vectors, weights, modality, words, stored.items, remarks)


def _decoded(decode: Decode, given: Given) -> tuple[list[Decoded], tuple[str, ...]]:
    found = [Decoded((p,)) if isinstance(p, Text) else decode(p) for p in given.parts]
    return found, tuple(remark for one in found for remark in one.remarks)


def _modality(parts: Sequence[Decoded]) -> Modality | None:
    """Give the modality of the first medium that is wanted, else of words."""
    wanted = [one.windows[0] for one in parts if one.windows[0].weight > 0]
    media = [part.modality for part in wanted if not isinstance(part, Text)]
    return next(iter(media), "text" if wanted else None)


def _words(given: Given, mode: str) -> str | None:
    """Give the words to look for: beside a medium they say how it should differ."""
    texts = [part.text for part in given.parts if isinstance(part, Text) and part.weight > 0]
    media = any(not isinstance(part, Text) for part in given.parts)
    said = " ".join(texts)
    if mode == "words" and not said:
        raise QueryError('mode is "words" and the question has none: give a text')
    if mode == "vector" or not said or (media and mode != "words" and '"' not in said):
        return None
    return said


def _voices(asking: Asking, parts: Sequence[Decoded], combine: str | None) -> list[_Voice]:
    """Encode parts: a medium and texts of weight 1 together, if they are to be joined."""
    if not parts:
        return []
    encoder = asking.encoder()
    media = [one for one in parts if not isinstance(one.windows[0], Text)]
    plain = [one.windows[0] for one in parts if isinstance(one.windows[0], Text)]
    joint = [part for part in plain if part.weight == 1]
    joins = combine in (None, "joint") and len(media) == 1 and bool(joint)
    if (
        joins
        and media[0].windows[0].weight == 1
        and encoder.model.joins([*media[0].windows[:1], *joint])
    ):
        together = [Row(window, *joint) for window in media[0].windows]
        apart = [one for one in parts if one is not media[0] and one.windows[0] not in joint]
        return [_Voice(_mean(encoder, together), 1.0), *_apart(encoder, apart)]
    return _apart(encoder, parts)


def _apart(encoder: Encoder, parts: Sequence[Decoded]) -> list[_Voice]:
    found = []
    for one in parts:
        weight = one.windows[0].weight
        alone = [Row(replace(window, weight=1.0)) for window in one.windows]
        found.append(_Voice(_mean(encoder, alone), weight))
    return found


def _mean(encoder: Encoder, windows: Sequence[Row]) -> Floats:
    return _unit(encoder.encode(windows, role="query").mean(axis=0))


def _composed(
    voices: Sequence[_Voice], settings: Settings, combine: str | None
) -> tuple[Floats, Floats]:
    """Add what is wanted and take away what is not; for "rank" each wanted one stays apart."""
    if not voices:
        return np.zeros((0, settings.dim), np.float32), np.zeros(0, np.float32)
    away = [voice for voice in voices if voice.weight < 0]
    wanted = [voice for voice in voices if voice.weight > 0]
    groups = [[voice] for voice in wanted] if combine == "rank" else [wanted]
    vectors = [_sum([*group, *away]) for group in groups]
    if settings.metric == "cosine":
        vectors = [_unit(vector) for vector in vectors]
    weights = [group[0].weight if combine == "rank" else 1.0 for group in groups]
    return np.array(vectors, np.float32), np.array(weights, np.float32)


def _sum(voices: Sequence[_Voice]) -> Floats:
    """Add vectors by their weights; one alone stays as it is."""
    largest = max(abs(voice.weight) for voice in voices)
    total = sum(voice.weight / largest * voice.vector.astype(np.float64) for voice in voices)
    return np.asarray(total, np.float32)


def _unit(vector: Floats) -> Floats:
    length = float(np.linalg.norm(vector))
    if length < _NOTHING:
        raise QueryError("the parts of the question take each other away: change a weight")
    return np.asarray(vector / length, np.float32)


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

    def voices(self) -> list[_Voice]:
        """Give the stored vectors; of an item with many segments their mean."""
        found = []
        for (_, _, weight), (positions, _) in zip(self._named, self._seen, strict=True):
            stored = rows.vectors(self._now, positions).astype(np.float32)
            found.append(_Voice(stored.mean(axis=0), weight))
        return found

    def _positions(self, name: str, how: str) -> npt.NDArray[np.int64]:
        positions = self._now.named([name])[0]
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
