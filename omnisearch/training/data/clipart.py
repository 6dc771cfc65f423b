"""Clip art of Open Clip Art and icons of Tango: their titles need cleaning."""

from __future__ import annotations

import html
import json
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from importlib import resources
from pathlib import Path, PurePosixPath

from omnisearch.training.data.archives import members
from omnisearch.training.data.drawings import Drawing, Source
from omnisearch.training.data.wordnet import WordNet

_ROOT = "usr/share/openclipart/svg/"
_GENERATED = ("shapes/stars/", "special/", "unsorted/duplicates/")
_DC = "http://purl.org/dc/elements/1.1/"
_SUITS = {"c": "clubs", "d": "diamonds", "h": "hearts", "s": "spades"}
_RANKS = {
    "1": "ace",
    "a": "ace",
    "j": "jack",
    "q": "queen",
    "k": "king",
    "11": "jack",
    "12": "queen",
    "13": "king",
}
_CARD = re.compile(r"/cards/\w+/\w+_([cdhs])_(\w+)\.svg$")
_EMPTY = {
    "hash",
    "clipart",
    "clip art",
    "svg",
    "png",
    "sign",
    "symbol",
    "unsorted",
    "icon",
    "icons",
}
_EMPTY |= {"theme", "computer", "shape", "shapes", "contributor", "image", "media", "public domain"}
_NOISE = re.compile(r"\b(rpg map elements?|aiga|clip ?art|illustration|various)\b")
_COMMON = 5  # a title that more files bear names their collection
_BEFORE = ("white", "black", "red", "yellow", "green", "gray", "orange", "pregnant", "geometric")
_TANGO = "usr/share/icons/Tango/scalable/"


def openclipart(archive: Path, source: Source, wordnet: WordNet) -> Iterator[Drawing]:
    """Give the drawings that are public domain by their own word and whose title says something."""
    found = {
        name.removeprefix(_ROOT): content.decode("utf-8", "replace")
        for name, content in members(archive, _is_drawing)
    }
    titles = {name: _title(svg) for name, svg in found.items()}
    common = {title for title, number in Counter(titles.values()).items() if number > _COMMON}
    for name, svg in sorted(found.items()):
        if not _is_free(svg):
            continue
        keywords = _keywords(svg)
        stated = "" if titles[name] in common else titles[name]
        title = _name(name, stated, _creators(svg), wordnet)
        if title:
            about = (source.style, source.phrase, svg, tuple(keywords))
            group = {"group": str(PurePosixPath(name).parent)}
            yield Drawing(name.removesuffix(".svg"), title, *about, attributes=group)


def _is_drawing(name: str) -> bool:
    inside = name.removeprefix(_ROOT)
    return name.startswith(_ROOT) and name.endswith(".svg") and not inside.startswith(_GENERATED)


def _is_free(svg: str) -> bool:
    """Each file states its own licence; a few are not in the public domain after all."""
    stated = set(re.findall(r'<cc:license\s[^>]*rdf:resource="([^"]*)"', svg, re.IGNORECASE))
    return bool(stated) and all("publicdomain" in one.lower() for one in stated)


def _title(svg: str) -> str:
    found = re.search(r"<dc:title[^>]*>([^<]*)</dc:title>", svg)
    text = html.unescape(found[1]).strip() if found else ""
    text = re.sub(r"^clip ?art by [^-]* - ", "", text, flags=re.IGNORECASE)
    return re.sub(r"[_\s]+", " ", text).strip()


def _creators(svg: str) -> set[str]:
    names = re.findall(r"<cc:Agent[^>]*>\s*<dc:title[^>]*>([^<]*)<", svg)
    return {word for name in names for word in re.findall(r"\w+", name.lower())}


def _keywords(svg: str) -> list[str]:
    bags = re.findall(r"<rdf:li>([^<]*)</rdf:li>", svg)
    words = [html.unescape(bag).strip().lower().replace("_", " ") for bag in bags]
    return [
        word
        for word in dict.fromkeys(words)
        if re.fullmatch(r"[a-z][a-z \-]{2,}", word) and word not in _EMPTY
    ]


def _name(name: str, stated: str, creators: set[str], wordnet: WordNet) -> str:
    """Choose a title: as stated, or from the file's name; empty if neither is good."""
    card = _CARD.search(name)
    if card:
        return f"{_RANKS.get(card[2], card[2])} of {_SUITS[card[1]]} playing card"
    country = re.match(r"signs_and_symbols/flags/(?:africa|america|asia|europe|oceania)/", name)
    spelled = _clean(stated)
    if country and spelled:
        return f"flag of {spelled}"
    file = _clean(_without(PurePosixPath(name).stem, creators))
    for title in (_translate(spelled, wordnet), _translate(file, wordnet), spelled, file):
        if title and _says_something(title, wordnet):
            return title
    return ""


def _without(stem: str, creators: set[str]) -> str:
    """Cut the names of makers, often shortened, from the end of a file's name."""
    words = re.split(r"[_\-.]+", stem.lower())
    while len(words) > 1 and (
        words[-1].isdigit()
        or len(words[-1]) < 2
        or any(maker.startswith(words[-1]) for maker in creators)
    ):
        words.pop()
    return " ".join(words)


def _clean(title: str) -> str:
    title = re.sub(r"\(.*?\)|\[.*?\]|[^\w\s'-]", " ", title.lower())
    words = _NOISE.sub(" ", re.sub(r"[_\-\s]+", " ", title)).split()
    kept = [word.rstrip("0123456789") for word in words if not word.isdigit()]
    return " ".join(word for word in kept if word)


@cache
def _translations() -> dict[str, str]:
    """Read the words of other languages, run-together and misspelt ones, with their meaning."""
    text = resources.files(__package__).joinpath("translations.json").read_text("utf-8")
    found: dict[str, str] = json.loads(text)
    return found


def _translate(title: str, wordnet: WordNet) -> str:
    """Translate a title if it has a thing to translate; what stays foreign is left out."""
    known = _translations()
    words = title.split()
    if not any(known.get(word, "of") not in ("of", *_BEFORE) for word in words):
        return ""
    english = [
        known.get(word) or (word if len(word) > 3 and wordnet.senses(word) else "")
        for word in words
    ]
    kept = list(dict.fromkeys(word for word in english if word))
    kept.sort(key=lambda word: word not in _BEFORE)
    return " ".join(kept).removesuffix(" of")


def _says_something(title: str, wordnet: WordNet) -> bool:
    words = [word for word in title.split() if len(word) > 2]
    if not words or len(title.split()) > 7:
        return False
    known = [
        any(wordnet.senses(form, part) for part in "nva")
        for word in words
        for form in [wordnet.singular(word)]
    ]
    return sum(known) >= 0.6 * len(words)


def tango(archive: Path, source: Source, wordnet: WordNet) -> Iterator[Drawing]:
    """Give the icons of Tango."""
    del wordnet
    for name, content in members(archive, lambda one: one.startswith(_TANGO)):
        inside = PurePosixPath(name.removeprefix(_TANGO))
        if inside.suffix == ".svg":
            title = inside.stem.replace("-", " ")
            about = (source.style, source.phrase, content.decode())
            yield Drawing(str(inside.with_suffix("")), title, *about)
