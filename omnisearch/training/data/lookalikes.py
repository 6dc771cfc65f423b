"""What the splits let through: titles and pictures of two splits that are nearly the same.

Concepts are named, and `concepts.leaks` looks, by the same folds; so what these folds do not know
is found by neither. Here titles are folded by other and cruder means, and pictures are compared as
they look from afar. Nothing is moved or refused by it: it counts what the splits are worth.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from omnisearch.training.data import tables
from omnisearch.training.data.concepts import NAMED, named, normalise
from omnisearch.training.lab import Lab

Pixels = NDArray[np.uint8]

SIDE = 16
NEAR = 5.0  # mean squared difference of values from 0 to 255: what is not seen from afar
_MANY = 1024  # pictures compared at a time
_TOLD = ("captions", "query", "passage")


def _plural(title: str) -> str:
    return " ".join(_singular(word) for word in normalise(title).split())


def _singular(word: str) -> str:
    if len(word) < 4 or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies"):
        return f"{word[:-3]}y"
    return re.sub(r"(?<=[sxz])es$|(?<=[cs]h)es$|s$", "", word)


def _spelling(title: str) -> str:
    return normalise(title).replace(" ", "")


def _order(title: str) -> str:
    return " ".join(sorted(normalise(title).split()))


FOLDS: Mapping[str, Callable[[str], str]] = {
    "plural": _plural,  # of any word
    "spelling": _spelling,  # in one word or two
    "order": _order,
}


def titles(lab: Lab) -> set[tuple[str, str]]:
    """Give all titles of one thing each, with their splits."""
    paths = [*lab.data.glob("pictures-*.arrow"), *lab.data.glob("sounds-*.arrow")]
    return {(row["title"], row["split"]) for path in paths for row in named(path)}


def shared(titled: Iterable[tuple[str, str]]) -> dict[str, int]:
    """Count what becomes the same name in two splits, by each fold; titles come with a split."""
    titled, found = [*titled], {}
    for way, fold in FOLDS.items():
        splits: dict[str, set[str]] = {}
        for title, split in titled:
            splits.setdefault(fold(title), set()).add(split)
        found[way] = sum(len(some) > 1 for some in splits.values())
    return found


def known(asked: Iterable[str], taught: Iterable[str]) -> dict[str, set[str]]:
    """Find the questions that become the same name as a title that was taught, by each fold."""
    asked, taught = [*asked], [*taught]
    found = {}
    for way, fold in FOLDS.items():
        names = {fold(title) for title in taught}
        found[way] = {one for one in asked if fold(one) in names}
    return found


def told(lab: Lab, asked: Iterable[str]) -> set[str]:
    """Find the questions that are, word for word, a caption or a text of the split train."""
    wanted: dict[str, set[str]] = {}
    for one in asked:
        wanted.setdefault(normalise(one), set()).add(one)
    met = {text for text in _texts(lab) if text in wanted}
    return {one for text in met for one in wanted[text]}


def _texts(lab: Lab) -> Iterator[str]:
    for path in sorted(lab.data.glob("*.arrow")):
        table = tables.read(path)
        columns = [name for name in _TOLD if name in table.column_names]
        for row in table.select(["split", *columns]).to_pylist() if columns else ():
            if row["split"] == "train":
                for name in columns:
                    texts = row[name] if isinstance(row[name], list) else [row[name]]
                    yield from map(normalise, texts)


@dataclass(frozen=True)
class Held:
    """The pictures of a split: how many, and the ids of those that look like one of train."""

    all: int
    near: Set[str]


def pictures(lab: Lab) -> dict[str, Held]:
    """Compare the pictures of one thing each that are held out, split by split, with train."""
    names: dict[str, list[str]] = {}
    seen: dict[str, list[Pixels]] = {}
    for path in sorted(lab.data.glob("pictures-*.arrow")):
        for row in tables.read(path, ["id", "kind", "split", "image"]).to_pylist():
            if row["kind"] in NAMED:
                names.setdefault(row["split"], []).append(row["id"])
                seen.setdefault(row["split"], []).append(small(row["image"]))
    taught = np.stack(seen.pop("train"))
    found = {}
    for split, some in seen.items():
        near = np.flatnonzero(nearest(np.stack(some), taught) < NEAR)
        found[split] = Held(len(some), {names[split][place] for place in near})
    return found


def small(encoded: bytes) -> Pixels:
    """Give a picture as it looks from afar, (SIDE * SIDE * 3,)."""
    with Image.open(io.BytesIO(encoded)) as opened:
        shrunk = opened.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BOX)
    return np.asarray(shrunk).reshape(-1)


def nearest(some: Pixels, others: Pixels) -> NDArray[np.float32]:
    """Give the mean squared difference of each picture to the nearest of the others, (some,)."""
    right = others.astype(np.float32)
    length = (right**2).mean(1)
    found = np.empty(len(some), np.float32)
    for at in range(0, len(some), _MANY):
        left = some[at : at + _MANY].astype(np.float32)
        apart = (left**2).mean(1)[:, None] + length - 2 * (left @ right.T) / left.shape[1]
        found[at : at + _MANY] = apart.min(1)
    return found
