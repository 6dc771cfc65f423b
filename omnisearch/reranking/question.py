"""What a reranker is given: the question, and hits as candidates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from omnisearch.records import Hit, Modality

if TYPE_CHECKING:
    from omnisearch.encoder.parts import Part
    from omnisearch.media.image import RGB


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: its wanted words as one text, and its parts as they were given.

    `words_only` is False where media, ids, a vector or something unwanted belong to it.
    """

    text: str
    parts: tuple[Part, ...] = ()
    words_only: bool = True

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Candidate:
    """A hit, all that its segment says, and how it looks, if somebody looks."""

    hit: Hit
    words: str
    look: Callable[[Hit], RGB | None]

    @property
    def modality(self) -> Modality | None:
        """The modality of its segment."""
        return self.hit.modality

    def picture(self) -> RGB | None:
        """Read the picture, frame or page again (h, w, 3); None where there is none to be had."""
        return self.look(self.hit)
