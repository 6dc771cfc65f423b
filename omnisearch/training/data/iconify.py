"""Icon sets in Iconify's form: one JSON file with the bodies of all drawings."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from omnisearch.training.data.archives import members
from omnisearch.training.data.drawings import Drawing, Source
from omnisearch.training.data.emoji import Emoji, plain
from omnisearch.training.data.splits import rank

_SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
    'width="{w}" height="{h}" viewBox="{x} {y} {w} {h}" color="#222222">{body}</svg>'
)
_NUMBER = re.compile(r"-\d+$")
_COUNTRY = re.compile(r"^[a-z]{2}$")
_FLAG = re.compile("^flag-for-(flag-)?")
_REGIONAL = 0x1F1E6


def drawings(archive: Path, source: Source, emoji: Emoji) -> Iterator[Drawing]:
    """Give the drawings of a set that its line in the table asks for."""
    files = {"package/icons.json": b"", "package/chars.json": b"{}"}
    files.update(members(archive, files.__contains__))
    icons = json.loads(files["package/icons.json"])
    codes = {name: plain(code) for code, name in json.loads(files["package/chars.json"]).items()}
    skipped = re.compile(source.skip) if source.skip else None
    names = [name for name in icons["icons"] if not (skipped and skipped.search(name))]
    for name in _chosen(names, source):
        svg = _svg(icons, name)
        if source.kind == "emoji":
            drawing = _emoji(name, svg, source, emoji, codes.get(name))
        elif source.name == "circle-flags":
            drawing = _flag(name, svg, source, emoji)
        else:
            drawing = _icon(name, svg, source)
        if drawing is not None:
            yield drawing


def _svg(icons: dict[str, Any], name: str) -> str:
    icon = icons["icons"][name]
    sizes = {key: icon.get(key, icons.get(key, 0)) for key in ("left", "top")}
    w, h = (icon.get(key, icons.get(key, 16)) for key in ("width", "height"))
    return _SVG.format(w=w, h=h, x=sizes["left"], y=sizes["top"], body=icon["body"])


def _chosen(names: list[str], source: Source) -> list[str]:
    """Take a share that looks random and stays the same."""
    if source.name == "fluent-color":  # one icon in several sizes
        largest: dict[str, str] = {}
        for name in sorted(names, key=lambda one: int(one.rpartition("-")[2])):
            largest[name.rpartition("-")[0]] = name
        return sorted(largest.values())
    if source.pairs:
        suffix = next(iter(source.variants))
        both = [name for name in names if f"{name}{suffix}" in set(names)]
        first = sorted(both, key=rank)[: source.pairs]
        return sorted([*first, *(f"{name}{suffix}" for name in first)])
    if source.limit:
        return sorted(sorted(names, key=rank)[: source.limit])
    return names


def _variant(name: str, source: Source) -> tuple[str, str, str]:
    """Split a name into its stem, its style, and how the style is said."""
    for suffix, (style, phrase) in source.variants.items():
        if name.endswith(suffix):
            return name.removesuffix(suffix), style, phrase
    return name, source.style, source.phrase


def _icon(name: str, svg: str, source: Source) -> Drawing | None:
    stem, style, phrase = _variant(name, source)
    title = _NUMBER.sub("", stem).replace("-", " ").replace("_", " ").strip().lower()
    if not re.search(r"[a-z]{2}", title):
        return None
    return Drawing(name, title, style, phrase, svg)


def _flag(name: str, svg: str, source: Source, emoji: Emoji) -> Drawing | None:
    if not _COUNTRY.match(name):
        return None
    code = "-".join(f"{_REGIONAL + ord(letter) - ord('a'):X}" for letter in name)
    entry = emoji.known.get(code)
    if entry is None:
        return None
    return Drawing(name, entry.label, source.style, source.phrase, svg, entry.tags, code)


def _emoji(name: str, svg: str, source: Source, emoji: Emoji, code: str | None) -> Drawing | None:
    code = code if code in emoji.known else emoji.find(name)
    if code is None:
        code = emoji.find(_FLAG.sub("flag-of-", _NUMBER.sub("", name)))
    if code is None:
        return _nameless(name, svg, source)
    return of_code(name, svg, source, emoji, code)


def _nameless(name: str, svg: str, source: Source) -> Drawing | None:
    """Take an emoji that Unicode does not have by its name, if that says anything."""
    drawing = _icon(_FLAG.sub("flag-of-", name), svg, source)
    toned = "skin-tone" in name or name.endswith(("-light", "-medium", "-dark"))
    return None if toned or drawing is None or " " not in drawing.title else drawing


def of_code(
    name: str, content: str | bytes, source: Source, emoji: Emoji, code: str
) -> Drawing | None:
    """Describe an emoji by its code points, unless its skin tones are not asked for."""
    entry = emoji.known[code]
    if not _asked(entry.tones, source.tones):
        return None
    attributes = {"subgroup": entry.subgroup}
    if entry.tones:
        attributes["tone"] = entry.tones[0]
    about = (source.style, source.phrase, content, entry.tags, code)
    return Drawing(name, entry.label, *about, attributes=attributes)


def _asked(tones: Iterable[str], wanted: Iterable[str]) -> bool:
    found = set(tones)
    return not found or (len(found) == 1 and found <= set(wanted))
