"""The corpus of a laboratory as pairs: what is asked with which texts, what is the right answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from omnisearch.training.data import tables
from omnisearch.training.lab import Lab, LabError
from omnisearch.training.lessons.pairs import Channel, Pairs, Rows, Side, Stacked
from omnisearch.training.losses import CODES
from omnisearch.training.towers import features

KINDS = ("text", "image", "audio", "video", "document")
CHANNELS: Mapping[str, Channel] = {
    "image": "visual",
    "video": "visual",
    "document": "visual",
    "audio": "audio",
}
_STEMS = {
    "text": "texts-*",
    "image": "pictures-*",
    "audio": "sounds-*",
    "video": "videos-*",
    "document": "pages-*",
}


class Columns:
    """Columns of all Arrow files of one kind, one after the other, of the rows of one split."""

    def __init__(self, lab: Lab, kind: str, split: str, names: Sequence[str]) -> None:
        self.stems = sorted(path.stem for path in lab.data.glob(f"{_STEMS[kind]}.arrow"))
        if not self.stems:
            raise LabError(f"{lab.data} has no {_STEMS[kind]}.arrow: run `omnisearch train data`")
        read = [tables.read(lab.data / f"{stem}.arrow", [*names, "split"]) for stem in self.stems]
        whole = {name: [x for part in read for x in part[name].to_pylist()] for name in names}
        splits = np.concatenate([np.asarray(part["split"].to_pylist()) for part in read])
        self.places: Rows = np.flatnonzero(splits == split)
        self._columns = {name: [column[at] for at in self.places] for name, column in whole.items()}

    def __getitem__(self, name: str) -> list[str]:
        return self._columns[name]

    def lists(self, name: str) -> list[list[str]]:
        """Read a column of lists of texts."""
        return [list(texts) for texts in self._columns[name]]


@dataclass(frozen=True)
class Unopened:
    """Features of several files, opened when they are looked at: some need only texts and bytes."""

    lab: Lab
    stems: Sequence[str]

    @property
    def shape(self) -> tuple[int, ...]:
        """Their shape."""
        return self._opened.shape

    def __getitem__(self, rows: Rows) -> NDArray[np.floating]:
        """Read some rows."""
        return self._opened[rows]

    @cached_property
    def _opened(self) -> Stacked:
        return Stacked([features.load(self.lab, stem) for stem in self.stems])


def load(lab: Lab, kind: str, split: str) -> Pairs:
    """Read the pairs of one kind and split: text, image, audio, video, document or composed."""
    return _LOADERS[kind](lab, split)


@dataclass(frozen=True)
class Pictures:
    """All pictures of a laboratory, whatever their split."""

    features: Stacked
    places: Mapping[str, int]  # of each id
    concepts: Sequence[str]  # of each place

    @classmethod
    def load(cls, lab: Lab) -> Pictures:
        """Open them."""
        stems = sorted(path.stem for path in lab.data.glob(f"{_STEMS['image']}.arrow"))
        rows = [tables.read(lab.data / f"{stem}.arrow", ["id", "concept"]) for stem in stems]
        ids, concepts = ([x for part in rows for x in part[k].to_pylist()] for k in _NAMES)
        places = {id_: place for place, id_ in enumerate(ids)}
        return cls(Stacked([features.load(lab, stem) for stem in stems]), places, concepts)

    def side(self, ids: Iterable[str]) -> Side:
        """Give pictures by their ids."""
        places = np.array([self.places[one] for one in ids], dtype=np.int64)
        return Side("visual", self.features, places)


_NAMES = ("id", "concept")


def every(lab: Lab, split: str, limit: int | None = None, seed: int = 0) -> dict[str, Pairs]:
    """Read the pairs of all five modalities, at most `limit` rows of each."""
    found = {kind: load(lab, kind, split) for kind in KINDS}
    return found if limit is None else {k: p.sample(limit, seed) for k, p in found.items()}


def _text(lab: Lab, split: str) -> Pairs:
    rows = Columns(lab, "text", split, ["id", "concept", "query", "passage"])
    concepts = [concept or id_ for concept, id_ in zip(rows["concept"], rows["id"], strict=True)]
    query, passage = ([[text] for text in rows[name]] for name in ("query", "passage"))
    return Pairs("text", Side(texts=query), Side(texts=passage), concepts, CODES["text"])


def _media(kind: str) -> Callable[[Lab, str], Pairs]:
    def loader(lab: Lab, split: str) -> Pairs:
        rows = Columns(lab, kind, split, ["concept", "captions"])
        query = Side(texts=rows.lists("captions"))
        return Pairs(kind, query, _side(lab, kind, rows), rows["concept"], CODES[kind])

    return loader


def _document(lab: Lab, split: str) -> Pairs:
    """Ask for the words or the layout of a page; a page is read with its words.

    Pages of one subject are right answers to its words; their layouts are told apart by twins.
    """
    names = ["concept", "words", "queries_layout", "queries_words"]
    rows = Columns(lab, "document", split, names)
    both = zip(rows.lists("queries_words"), rows.lists("queries_layout"), strict=True)
    queries = [words + layouts for words, layouts in both]
    candidate = replace(_side(lab, "document", rows), texts=[[text] for text in rows["words"]])
    return Pairs("document", Side(texts=queries), candidate, rows["concept"], CODES["document"])


def _composed(lab: Lab, split: str) -> Pairs:
    """Ask with a picture and an instruction for a picture."""
    table = tables.read(
        lab.data / "triplets.arrow", ["source_picture", "instruction", "target_picture", "split"]
    )
    kept = [row for row in table.to_pylist() if row["split"] == split]
    every = Pictures.load(lab)
    source, target = (
        every.side(row[name] for row in kept) for name in ("source_picture", "target_picture")
    )
    query = replace(source, texts=[[row["instruction"]] for row in kept])
    concepts = [row["target_picture"] for row in kept]
    assert source.places is not None and target.places is not None
    rivals = _alike(source.places, target.places)
    return Pairs("composed", query, target, concepts, CODES["image"], rivals)


def _alike(sources: Rows, targets: Rows) -> list[Rows]:
    """Give of each row those which ask for another picture of the same subject."""
    subjects: dict[int, list[int]] = {}
    for row, source in enumerate(sources):
        subjects.setdefault(int(source), []).append(row)
    every = {source: np.array(rows) for source, rows in subjects.items()}
    several = (every[int(source)] for source in sources)
    return [rows[targets[rows] != target] for rows, target in zip(several, targets, strict=True)]


def _side(lab: Lab, kind: str, rows: Columns) -> Side:
    return Side(CHANNELS[kind], Unopened(lab, rows.stems), rows.places)


_LOADERS: dict[str, Callable[[Lab, str], Pairs]] = {
    "text": _text,
    "image": _media("image"),
    "audio": _media("audio"),
    "video": _media("video"),
    "document": _document,
    "composed": _composed,
}
