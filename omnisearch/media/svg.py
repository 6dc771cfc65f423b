"""Drawings in SVG: written anew without what leads outside, then drawn, and the words in them.

What stays are elements with their attributes. Links lead inside the drawing or hold a picture of
dots themselves; scripts, pages in it, document types and entities are left out or refused. How much
is drawn is counted first, since what is used again may use others again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from omnisearch.errors import MediaError, MissingReaderError
from omnisearch.media import extras
from omnisearch.media.image import RGB
from omnisearch.media.source import File, named, opened

BYTES = 16 << 20
SIDE = 1_024  # pixels of the longer side
_ELEMENTS = 50_000  # that are drawn: a map of the world has 20,000
_DEPTH = 100
_WORDS = 10_000  # characters
_SAYS = frozenset(("title", "desc", "text", "tspan", "textPath"))
_UNSEEN = frozenset(("script", "foreignObject", "iframe", "audio", "video", "handler", "listener"))
_INSIDE = re.compile(r"\s*(?:#|data:image/(?:png|jpe?g|gif|webp)[;,])", re.IGNORECASE)
_ELSEWHERE = re.compile(r"""(?i)@import[^;]*;?|url\(\s*["']?(?!["']?#)[^)]*\)""")
_REFERS = re.compile(r"url\(\s*[\"']?#([^)\"']{1,200})")


@dataclass(frozen=True, slots=True, eq=False)
class Drawing:
    """How a drawing looks on white, and what it says."""

    rgb: RGB
    words: str
    width: int
    height: int


def read(source: File) -> Drawing:
    """Draw an SVG."""
    if (lacking := extras.lacking("svg")) is not None:
        raise MissingReaderError(f"{named(source)}: {lacking}")
    import resvg_py
    from PIL import Image

    clean = _cleaned(source)
    if clean.drawn() > _ELEMENTS:
        raise MediaError(f"{named(source)} draws more than {_ELEMENTS:,} things: make it simpler")
    try:
        dots = resvg_py.svg_to_bytes(
            svg_string="".join(clean.out),
            background="#ffffff",
            skip_system_fonts=True,
            width=SIDE,
            height=SIDE,
        )
    except ValueError as error:
        fault = f"{named(source)} is no drawing that can be shown ({error})"
        raise MediaError(f"{fault}: save it anew") from error
    rgb = np.asarray(Image.open(BytesIO(bytes(dots)), formats=("PNG",)).convert("RGB"))
    words = " ".join(" ".join(clean.said).split())[:_WORDS]
    return Drawing(rgb, words, rgb.shape[1], rgb.shape[0])


def _cleaned(source: File) -> _Cleaning:
    with opened(source) as file:
        content = file.read(BYTES + 1)
    if len(content) > BYTES:
        raise MediaError(f"{named(source)} has more than {BYTES:,} bytes: make it simpler")
    found = _Cleaning(named(source))
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = found.start
    parser.EndElementHandler = found.end
    parser.CharacterDataHandler = found.text
    parser.EntityDeclHandler = found.refuse
    parser.ExternalEntityRefHandler = found.refuse
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        fault = f"{named(source)} is no SVG as it should be (line {error.lineno})"
        raise MediaError(f"{fault}: save it anew") from error
    except LookupError as error:
        raise MediaError(f"{named(source)} is in no encoding that is read: save it anew") from error
    return found


@dataclass(slots=True)
class _Part:
    """What has a name: how many elements it is, and the names that it uses."""

    size: int = 0
    uses: list[str] = field(default_factory=list)


class _Cleaning:
    """A drawing that is written anew."""

    def __init__(self, name: str) -> None:
        self.out: list[str] = []
        self.said: list[str] = []
        self._name = name
        self._hidden = self._depth = 0
        self._says: list[bool] = []
        self._open: list[str | None] = []  # names of the elements that are open
        self._parts: dict[str, _Part] = {"": _Part()}  # that of all of it is empty

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._depth += 1
        if self._depth > _DEPTH:
            raise MediaError(f"{self._name} is nested more than {_DEPTH} deep: save it anew")
        local = name.rpartition(":")[2]
        if self._hidden or local in _UNSEEN:
            self._hidden += 1
            return
        kept = {key: said for key, said in map(_kept, attributes.items()) if said is not None}
        self._count(kept)
        self._says.append(local in _SAYS)
        written = "".join(f" {key}={quoteattr(said)}" for key, said in kept.items())
        self.out.append(f"<{name}{written}>")

    def end(self, name: str) -> None:
        self._depth -= 1
        if self._hidden:
            self._hidden -= 1
            return
        self._open.pop()
        self._says.pop()
        self.said.append(" ")
        self.out.append(f"</{name}>")

    def text(self, data: str) -> None:
        if self._hidden:
            return
        if self._says and self._says[-1]:
            self.said.append(data)
        self.out.append(escape(_ELSEWHERE.sub("", data)))

    def refuse(self, *declared: object) -> int:
        raise MediaError(f"{self._name} declares entities, which no drawing needs: leave it out")

    def drawn(self) -> int:
        """Count what is drawn, with all that is used again; never much more than is allowed."""
        sizes: dict[str, int] = {}
        return self._size("", sizes, 0)

    def _size(self, name: str, sizes: dict[str, int], depth: int) -> int:
        if name in sizes or depth > _DEPTH or name not in self._parts:
            return sizes.get(name, 0)
        sizes[name] = 0  # what uses itself is drawn once
        part = self._parts[name]
        total = part.size
        for used in part.uses:
            total += self._size(used, sizes, depth + 1)
            if total > _ELEMENTS:
                break
        sizes[name] = total
        return total

    def _count(self, attributes: Mapping[str, str]) -> None:
        """Note an element for everything that holds it."""
        called = attributes.get("id")
        if called is not None:
            self._parts.setdefault(called, _Part())
        self._open.append(called)
        links = (attributes.get(key, "") for key in ("href", "xlink:href"))
        used = [link.strip()[1:] for link in links if link.strip().startswith("#")]
        used += [one for said in attributes.values() for one in _REFERS.findall(said)]
        if self._parts[""].size >= _ELEMENTS:
            raise MediaError(f"{self._name} draws more than {_ELEMENTS:,} things: make it simpler")
        for holder in dict.fromkeys(["", *(one for one in self._open if one is not None)]):
            part = self._parts[holder]
            part.size += 1
            part.uses += used


def _kept(pair: tuple[str, str]) -> tuple[str, str | None]:
    """Leave out what leads elsewhere, and what would run."""
    key, said = pair
    local = key.rpartition(":")[2].lower()
    if local in ("href", "src") and not _INSIDE.match(said):
        return key, None
    if local.startswith("on") or key.lower() == "xml:base":
        return key, None
    return key, said if key.startswith("xmlns") else _ELSEWHERE.sub("", said)
