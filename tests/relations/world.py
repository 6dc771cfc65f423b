"""A small collection whose relations are known: themes, items of several segments, twins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

import omnisearch as om
from omnisearch.locations import Root
from omnisearch.records import Modality, View
from omnisearch.storage import changes
from omnisearch.storage.batch import WORDS_MARK, Segments
from omnisearch.storage.handle import Handle, Options
from omnisearch.storage.ledger import Ledger
from omnisearch.storage.origin import Origin

DIM = 32
THEMES = ("harbour", "mountain", "kitchen")
SPACE = "toy aaaa 32"


@dataclass
class One:
    """A segment to be stored."""

    id: str
    theme: str
    modality: Modality = "text"
    item: str | None = None
    said: str | None = None
    metadata: Mapping[str, object] = field(default_factory=dict)
    vector: npt.NDArray[np.float32] | None = None  # None: drawn around its theme


def drawn(name: str, theme: str, modality: Modality) -> npt.NDArray[np.float32]:
    """Draw a vector around a theme and a modality; of the same names always the same."""
    seeds = (f"theme {theme}", f"modality {modality}", f"own {name}")
    weights = (1.0, 0.5, 0.5)
    total = np.zeros(DIM)
    for seed, weight in zip(seeds, weights, strict=True):
        one = np.random.default_rng(list(seed.encode())).normal(size=DIM)
        total += weight * one / np.linalg.norm(one)
    return (total / np.linalg.norm(total)).astype(np.float32)


def store(path: Path, segments: list[One]) -> None:
    """Store segments in one generation, as an encoder's."""
    handle = Handle(path, Options())
    try:
        held = handle.for_encoding(Origin(SPACE, DIM, dict))
        held.write_ledger(Ledger((Root(0, b"/home/me", 1, "folder"),)))
        held.write(changes.recording(rows_of(segments), replacing=True))
    finally:
        handle.close()


def rows_of(segments: list[One]) -> Segments:
    """Lay segments out as rows: those of media that speak have two."""
    rows: list[tuple[str, View, One]] = []
    for one in segments:
        if one.modality == "text":
            rows.append((one.id, "words", one))
        else:
            rows.append((one.id, "content", one))
            if one.said is not None:
                rows.append((one.id + WORDS_MARK, "words", one))
    vectors = [
        one.vector if one.vector is not None else drawn(name, one.theme, one.modality)
        for name, _, one in rows
    ]
    said = [{"segment.words": one.said} if one.said else {} for _, _, one in rows]
    return Segments(
        ids=[name for name, _, _ in rows],
        items=[one.item or one.id for _, _, one in rows],
        views=[view for _, view, _ in rows],
        modalities=[one.modality for _, _, one in rows],
        vectors=np.stack(vectors),
        metadata=[{**one.metadata, **words} for (_, _, one), words in zip(rows, said, strict=True)],
    )


def themed(each: int = 8) -> list[One]:
    """Give notes, pictures and sounds of every theme, as many of each."""
    found = []
    for theme in THEMES:
        for number in range(each):
            name = f"{theme}-{number}"
            words = f"notes on the {theme} and its {theme}master, page {number}"
            found.append(One(f"note-{name}", theme, said=words))
            found.append(One(f"photo-{name}", theme, "image"))
            found.append(One(f"sound-{name}", theme, "audio"))
    return found


def opened(path: Path) -> om.Collection:
    """Open it as a reader of vectors: no encoder is asked."""
    return om.open(path, create=False)
