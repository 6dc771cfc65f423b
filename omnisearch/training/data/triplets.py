"""Composed triplets: a picture, what to change, and the picture with that change.

A family is one change, like the style that is asked for. Families in HELD_OUT never occur in
training; of the others, the concepts that are held out are.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import permutations

from omnisearch.training.data import tables
from omnisearch.training.data.pictures import sources
from omnisearch.training.data.splits import rank
from omnisearch.training.data.variants import COLOURS, ITEM, NUMBERS
from omnisearch.training.lab import Lab, LabError, Options

HELD_OUT = frozenset(
    {
        "style:blob",
        "style:cyber",
        "style:park",
        "fill:mdi",
        "skin:medium",
        "number:5",
        "colour:orange",
    }
)
_TARGETS = {"emoji": 1}  # for each picture; emoji come in nine styles
_OTHER_TARGETS = 2
_STYLE = ("the same as {}", "make it {}", "this, but as {}", "the same thing, drawn as {}")
_FILLED = ("filled in", "the same, but filled", "make it solid", "the solid version of this icon")
_OUTLINE = ("only the outline", "the same, but outlined", "draw only its lines", "not filled")
_SKIN = ("with {} skin", "the same with {} skin tone", "make the skin {}", "change the skin to {}")
_NUMBER = ("{} of them", "the same thing {} times", "show {} of these", "not one but {}")
_COLOUR = ("in {}", "the same in {}", "make it {}", "change its colour to {}")


@dataclass(frozen=True)
class Picture:
    """What a triplet needs to know of a picture."""

    id: str
    concept: str
    kind: str
    source: str
    style: str
    split: str
    attributes: Mapping[str, str]


def read(lab: Lab) -> list[Picture]:
    """Read all pictures of packages, and what was made from them, without their pixels."""
    names = [f"pictures-{source.name}" for source in sources()]
    columns = ["id", "concept", "kind", "source", "style", "split", "attributes"]
    found = []
    for name in (*names, ITEM):
        for row in tables.read(lab.data / f"{name}.arrow", columns).to_pylist():
            found.append(Picture(**{**row, "attributes": json.loads(row["attributes"] or "{}")}))
    return found


def build(lab: Lab, options: Options) -> Mapping[str, object]:
    """Write all triplets; gives the number of each split and family."""
    del options
    found = read(lab)
    rows = list(rows_of(found))
    splits = {picture.id: picture.split for picture in found}
    for row in rows:
        if not row["split"] == splits[row["source_picture"]] == splits[row["target_picture"]]:
            raise LabError(f"triplet {row['id']} mixes splits")
    tables.write(lab.data / "triplets.arrow", tables.TRIPLETS, rows)
    counts: dict[str, dict[str, int]] = {"split": {}, "family": {}}
    for row in rows:
        for column, number in counts.items():
            number[row[column]] = number.get(row[column], 0) + 1
    return counts


def rows_of(pictures: Iterable[Picture]) -> Iterator[dict[str, str]]:
    """Give the rows of all triplets, each once; held-out families only where they may test."""
    found = list(pictures)
    seen: set[str] = set()
    for change in (_styles, _fills, _skins, _numbers, _colours):
        for source, target, family, instruction in change(found):
            name = f"{source.id}>{target.id}"
            if name in seen or (family in HELD_OUT and source.split == "train"):
                continue
            seen.add(name)
            yield {
                "id": name,
                "source_picture": source.id,
                "instruction": instruction,
                "target_picture": target.id,
                "family": family,
                "split": source.split,
            }


Change = Iterator[tuple[Picture, Picture, str, str]]


def _say(phrases: Iterable[str], source: Picture, target: Picture, word: str = "") -> str:
    chosen = min(phrases, key=lambda phrase: rank(f"{source.id}>{target.id} {phrase}"))
    return chosen.format(word)


def _styles(pictures: list[Picture]) -> Change:
    phrases = {one.style: one.phrase for one in sources()}
    phrases |= {style: phrase for one in sources() for style, phrase in one.variants.values()}
    groups: dict[str, list[Picture]] = defaultdict(list)
    for picture in pictures:
        if picture.kind != "scene" and "tone" not in picture.attributes:
            groups[picture.concept].append(picture)
    for group in groups.values():
        by_style: dict[str, list[Picture]] = defaultdict(list)
        for picture in group:
            by_style[picture.style].append(picture)
        single = [found[0] for found in by_style.values() if len(found) == 1]
        for source in group:
            others = [one for one in single if one.style != source.style]
            others.sort(key=lambda one: rank(f"{source.id}>{one.id}"))
            for target in others[: _TARGETS.get(source.kind, _OTHER_TARGETS)]:
                wish = _say(_STYLE, source, target, phrases[target.style])
                yield source, target, f"style:{target.style}", wish


def _fills(pictures: list[Picture]) -> Change:
    pairs: dict[tuple[str, str], list[Picture]] = defaultdict(list)
    for picture in pictures:
        if picture.style in ("filled", "outline"):
            stem = picture.id.removesuffix("-fill").removesuffix("-filled").removesuffix("-outline")
            pairs[picture.source, stem].append(picture)
    for (name, _), pair in pairs.items():
        for source, target in permutations(pair, 2):
            wishes = _FILLED if target.style == "filled" else _OUTLINE
            yield source, target, f"fill:{name}", _say(wishes, source, target)


def _skins(pictures: list[Picture]) -> Change:
    groups: dict[tuple[str, str], list[Picture]] = defaultdict(list)
    for picture in pictures:
        if picture.kind == "emoji":
            groups[picture.source, picture.concept].append(picture)
    for group in groups.values():
        for source, target in permutations(group, 2):
            tone = target.attributes.get("tone")
            if tone is not None and tone != source.attributes.get("tone"):
                yield source, target, f"skin:{tone}", _say(_SKIN, source, target, tone)


def _numbers(pictures: list[Picture]) -> Change:
    for source, target in _made_of_one(pictures, "number"):
        number = target.attributes.get("number")
        if number is not None:
            wish = _say(_NUMBER, source, target, NUMBERS[int(number)])
            yield source, target, f"number:{number}", wish


def _colours(pictures: list[Picture]) -> Change:
    for source, target in _made_of_one(pictures, "colour"):
        colour = target.attributes.get("colour")
        if colour in COLOURS:
            yield source, target, f"colour:{colour}", _say(_COLOUR, source, target, colour)


def _made_of_one(pictures: list[Picture], change: str) -> Iterator[tuple[Picture, Picture]]:
    """Pair a picture and those that were made of it by a change."""
    by_id = {picture.id: picture for picture in pictures}
    groups: dict[str, list[Picture]] = defaultdict(list)
    for picture in pictures:
        if change in picture.attributes:
            groups[picture.attributes["of"]].append(picture)
    for one, group in groups.items():
        yield from permutations([by_id[one], *group], 2)
