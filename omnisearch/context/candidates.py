"""Hits as candidates: what each segment says in full, and whether it can be seen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from omnisearch.context import quoting
from omnisearch.query.collapse import Duplicates
from omnisearch.query.hits import Hits, Positions
from omnisearch.query.rows import read_records
from omnisearch.records import Hit
from omnisearch.storage.generation import Generation
from omnisearch.storage.rows import vectors
from omnisearch.storage.sides import modality_of

_ALIKE = 8  # bits of 64 in which pictures differ that look alike, as where queries fold them
_READ = 30_000  # characters of a text: more is no passage
_SAME = 0.97  # cosine of those pictures: outlines alone may be alike where colours are not
_FILE = "file://"
_DRAWN = ("image", "video")
_HEARD_OR_SEEN = (*_DRAWN, "audio")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A segment that was found, and all that it says."""

    hit: Hit
    words: str
    telling: bool  # the words are its own, or have some of the question; else those of its name
    repeated: bool = False  # another looks like it that was found before

    @property
    def visible(self) -> bool:
        """Tell whether there is a picture of it: of a page only where it says nothing."""
        if not any(place.startswith(_FILE) for place in self.hit.locations):
            return False
        if self.hit.modality == "document":
            return not self.words and self.hit.metadata.get("file.type", "pdf") == "pdf"
        return self.hit.modality in _DRAWN


def candidates(hits: Hits) -> Iterator[Candidate]:
    """Give the segments behind hits, best first, each once; they are read as they are taken."""
    now, positions = hits.rows
    others, looks = now.sides.others, _Looks(now, positions)
    seen = set[str]()
    for (hit, record), position in zip(hits.whole(), positions.tolist(), strict=True):
        if hit.id in seen:
            continue
        seen.add(hit.id)
        other = -1 if others is None else int(others[position])
        sides = [record, *(read_records(now, np.array([other])) if other >= 0 else ())]
        said = [one.words for one in sides if one.words and one.view == "words"]
        words = said or [one.words for one in sides if one.words]
        own = bool(said) or hit.modality not in _HEARD_OR_SEEN
        text = quoting.clean(words[0][:_READ]) if words else ""
        yield Candidate(hit, text, own or "bm25" in hit.parts, looks.repeats(position))


class _Looks:
    """What of the hits can be seen, and whether it was seen before."""

    def __init__(self, now: Generation, positions: Positions) -> None:
        kinds = now.sides.kinds[positions].tolist()
        drawn = [modality_of(kind) in _DRAWN for kind in kinds]
        shown = positions[np.array(drawn, bool)]
        self._places = {position: place for place, position in enumerate(shown.tolist())}
        self._now, self._shown = now, shown
        self._alike, self._first = Duplicates(now, shown, _ALIKE), list[int]()

    def repeats(self, position: int) -> bool:
        """Tell whether a row looks like one before."""
        place = self._places.get(position)
        if place is None:
            return False
        other = self._alike.of(place)
        if other is None:
            self._first.append(place)
            return False
        pair = vectors(self._now, self._shown[[place, self._first[other]]]).astype(np.float32)
        lengths = np.linalg.norm(pair, axis=1)
        return bool(pair[0] @ pair[1] >= _SAME * lengths[0] * lengths[1])
