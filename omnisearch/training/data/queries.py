"""Frozen query sets: what is asked, what may be found, what is right.

`queries/NAME.jsonl` holds the questions, `NAME.gallery.jsonl` the candidates. Their digests are
part of this package, so a set that changes without anybody meaning it stops the build.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib import resources
from typing import Any

from omnisearch.training.data import tables, triplets
from omnisearch.training.data.splits import rank
from omnisearch.training.data.triplets import Picture
from omnisearch.training.lab import Lab, LabError, Options, write_bytes, write_json

GALLERY = {"emoji": 500, "clipart": 400, "icon": 200, "mono": 200}
SPLITS = ("validation", "test")
_STYLE_QUERIES, _OTHER_QUERIES = 25, 60  # at most, for each family


@dataclass(frozen=True)
class Query:
    """One question: words, a picture, or both."""

    id: str
    text: str | None
    picture: str | None
    relevant: list[str]
    exclude: list[str]  # never a hit: the picture that is asked with
    groups: list[str]

    @property
    def line(self) -> bytes:
        """Write it as a line of JSON."""
        return json.dumps(vars(self), ensure_ascii=False, sort_keys=True).encode() + b"\n"


@dataclass(frozen=True)
class QuerySet:
    """Questions over one gallery; the gallery gives a group for each candidate."""

    queries: list[Query]
    gallery: dict[str, str]

    @classmethod
    def load(cls, lab: Lab, name: str) -> QuerySet:
        """Read a frozen set."""
        folder = lab.data / "queries"
        try:
            asked = (folder / f"{name}.jsonl").read_text("utf-8").splitlines()
            candidates = (folder / f"{name}.gallery.jsonl").read_text("utf-8").splitlines()
        except FileNotFoundError as error:
            raise LabError(f"{error.filename} is missing: run `omnisearch train data`") from error
        gallery = {one["id"]: one["group"] for one in map(json.loads, candidates)}
        return cls([Query(**json.loads(line)) for line in asked], gallery)

    def save(self, lab: Lab, name: str) -> dict[str, Any]:
        """Write the set; gives its size and digest."""
        asked = b"".join(query.line for query in self.queries)
        lines = [json.dumps({"id": one, "group": self.gallery[one]}) for one in self.gallery]
        candidates = "".join(f"{line}\n" for line in lines).encode()
        folder = lab.data / "queries"
        write_bytes(folder / f"{name}.jsonl", asked)
        write_bytes(folder / f"{name}.gallery.jsonl", candidates)
        digest = hashlib.sha256(asked + b"\0" + candidates).hexdigest()
        return {"sha256": digest, "queries": len(self.queries), "gallery": len(self.gallery)}


def build(lab: Lab, options: Options) -> Mapping[str, object]:
    """Write all sets and compare them with the frozen ones."""
    del options
    found = {name: one.save(lab, name) for name, one in _sets(lab).items()}
    write_json(lab.data / "queries.json", found)
    compare(found)
    return found


def compare(found: Mapping[str, Mapping[str, Any]]) -> None:
    """Raise if a set is not the frozen one of its name."""
    frozen = json.loads(resources.files(__package__).joinpath("frozen.json").read_text("utf-8"))
    for name, entry in found.items():
        if frozen.get(name) != entry["sha256"]:
            fault = f"query set {name} is not the frozen one: its sha256 is {entry['sha256']}"
            raise LabError(f"{fault}; restore the sources, or freeze it anew in frozen.json")


def _sets(lab: Lab) -> dict[str, QuerySet]:
    pictures = triplets.read(lab)
    titles = _titles(lab, {picture.source for picture in pictures})
    rows = tables.read(lab.data / "triplets.arrow").to_pylist()
    found = {}
    for split in SPLITS:
        some = [picture for picture in pictures if picture.split == split]
        found[f"pictures-{split}"] = by_text(some, titles)
        found[f"composed-{split}"] = composed(some, [one for one in rows if one["split"] == split])
    return found


def _titles(lab: Lab, names: Iterable[str]) -> dict[str, str]:
    found = {}
    for name in names:
        for row in tables.read(lab.data / f"pictures-{name}.arrow", ["id", "title"]).to_pylist():
            found[row["id"]] = row["title"]
    return found


def by_text(
    pictures: Iterable[Picture], titles: Mapping[str, str], sizes: Mapping[str, int] = GALLERY
) -> QuerySet:
    """Ask for pictures by each title in the gallery; right is what has its concept."""
    gallery: dict[str, Picture] = {}
    able = sorted(filter(_stands_for_itself, pictures), key=lambda one: rank(one.id))
    for kind, size in sizes.items():
        gallery |= {one.id: one for one in [one for one in able if one.kind == kind][:size]}
    short = sum(sizes.values()) - len(gallery)  # a kind has too few: others fill the gallery
    others = [one for one in able if one.id not in gallery and one.kind != "mono"]
    gallery |= {one.id: one for one in others[:short]}
    by_concept: dict[str, list[Picture]] = defaultdict(list)
    for picture in gallery.values():
        by_concept[picture.concept].append(picture)
    asked: dict[str, str] = {}
    for picture in gallery.values():
        asked.setdefault(titles[picture.id], picture.concept)
    queries = []
    for title, concept in asked.items():
        right = by_concept[concept]
        kinds = sorted({one.kind for one in right})
        queries.append(Query(title, title, None, [one.id for one in right], [], kinds))
    return QuerySet(queries, {one.id: one.kind for one in gallery.values()})


def _stands_for_itself(picture: Picture) -> bool:
    grey = picture.kind == "icon" and "grey" in picture.attributes
    return picture.kind in GALLERY and "tone" not in picture.attributes and not grey


def composed(pictures: Iterable[Picture], rows: Iterable[Mapping[str, str]]) -> QuerySet:
    """Ask for a change of a picture, among its subject in all forms and others in the same form."""
    by_id = {picture.id: picture for picture in pictures}
    families: dict[str, list[Mapping[str, str]]] = defaultdict(list)
    for row in sorted(rows, key=lambda one: rank(one["id"])):
        families[row["family"]].append(row)
    chosen = [row for name in sorted(families) for row in families[name][: _most(name)]]
    subjects = {_subject(by_id[row[end]]) for row in chosen for end in _ENDS}
    gallery = {one.id: one for one in by_id.values() if _subject(one) in subjects}
    forms: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for one in gallery.values():
        forms[_form(one)].append(one.id)
    right = partial(_right, by_id, forms)
    queries = [
        Query(
            row["id"],
            row["instruction"],
            row["source_picture"],
            right(row["target_picture"], row["source_picture"]),
            [row["source_picture"]],
            [row["family"], row["family"].partition(":")[0]],
        )
        for row in chosen
    ]
    return QuerySet(queries, {one.id: one.kind for one in gallery.values()})


_ENDS = ("source_picture", "target_picture")


def _most(family: str) -> int:
    return _STYLE_QUERIES if family.startswith("style:") else _OTHER_QUERIES


def _subject(picture: Picture) -> str:
    return picture.attributes.get("subject", picture.concept)


def _form(picture: Picture) -> tuple[str, ...]:
    """Tell apart what an instruction can ask for."""
    how = [picture.attributes.get(name, "") for name in ("tone", "number", "colour")]
    return (_subject(picture), picture.style, *how)


def _right(
    by_id: Mapping[str, Picture],
    forms: Mapping[tuple[str, ...], list[str]],
    target: str,
    source: str,
) -> list[str]:
    return [one for one in forms[_form(by_id[target])] if one != source]
