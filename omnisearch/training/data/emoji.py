"""Names and keywords of emoji, by code point, from emojibase."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from omnisearch.training.data import packages
from omnisearch.training.lab import Lab

TONES = {
    "1F3FB": "light",
    "1F3FC": "medium-light",
    "1F3FD": "medium",
    "1F3FE": "medium-dark",
    "1F3FF": "dark",
}
_PRESENTATION = {"FE0F", "FE0E"}
_SHORTCODES = ("emojibase", "emojibase-legacy", "github", "iamcal")
_FOLDER = "package/en/"


@dataclass(frozen=True)
class Entry:
    """What is known of one emoji."""

    label: str
    tags: tuple[str, ...]
    subgroup: str  # animal-mammal, food-fruit …
    tones: tuple[str, ...]


def plain(codepoints: str) -> str:
    """Leave marks of presentation out of a sequence like 1f44b-fe0f."""
    return "-".join(part for part in codepoints.upper().split("-") if part not in _PRESENTATION)


def bare(codepoints: str) -> str:
    """Leave skin tones out as well."""
    parts = plain(codepoints).split("-")
    return "-".join(part for part in parts if part not in TONES) or "-".join(parts)


def natural(label: str) -> str:
    """Write a label as one would say it: "flag: France" is the flag of France."""
    head, colon, rest = label.partition(": ")
    if not colon:
        return label
    if head == "flag":
        return f"flag of {rest}"
    if head == "keycap":
        return f"{head} {rest}"
    parts = rest.split(", ")
    listed = " and ".join(part for part in (", ".join(parts[:-1]), parts[-1]) if part)
    return f"{head} with {listed}"


def _squash(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


@dataclass(frozen=True)
class Emoji:
    """All emoji, by their code points without marks of presentation."""

    known: Mapping[str, Entry]
    shortcodes: Mapping[str, str]  # another name → code points

    @classmethod
    def load(cls, lab: Lab) -> Emoji:
        """Read them from their package."""
        archive = packages.obtain(lab, "npm", "emojibase-data")
        wanted = {f"{_FOLDER}{name}.json" for name in ("data", "messages")}
        wanted |= {f"{_FOLDER}shortcodes/{name}.json" for name in _SHORTCODES}
        texts = {"package/meta/groups.json": b""} | dict.fromkeys(wanted, b"")
        texts.update(packages.members(archive, texts.__contains__))
        read = {name: json.loads(text) for name, text in texts.items()}
        groups = read["package/meta/groups.json"]["subgroups"]
        known = dict(_entries(read[f"{_FOLDER}data.json"], groups))
        names: dict[str, str] = {}
        for short in _SHORTCODES:
            for code, given in read[f"{_FOLDER}shortcodes/{short}.json"].items():
                for name in [given] if isinstance(given, str) else given:
                    names.setdefault(_squash(name), plain(code))
        return cls(known, names)

    @cached_property
    def _labels(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for code, entry in self.known.items():
            found.setdefault(_squash(entry.label.replace(" with ", " ")), code)
            found.setdefault(_squash(entry.label), code)
        return found

    def find(self, name: str) -> str | None:
        """Find the code points of an emoji by the name that a set gives it."""
        for wanted in (_squash(name), f"{_squash(name)}skintone"):
            code = self._labels.get(wanted) or self.shortcodes.get(wanted)
            if code in self.known:
                return code
        return None


def _entries(
    data: Iterable[Mapping[str, object]], groups: Mapping[str, str]
) -> Iterable[tuple[str, Entry]]:
    for one in data:
        if "group" not in one:  # regional indicators, which show nothing alone
            continue
        skins = one.get("skins", [])
        assert isinstance(skins, list)
        tags = one.get("tags", [])
        assert isinstance(tags, list)
        subgroup = groups[str(one["subgroup"])]
        for each in (one, *skins):
            code = plain(str(each["hexcode"]))
            tones = tuple(TONES[part] for part in code.split("-") if part in TONES)
            yield code, Entry(natural(str(each["label"])), tuple(tags), subgroup, tones)
