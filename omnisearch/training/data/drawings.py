"""What every source of pictures gives: drawings with a title, before they are rendered."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Source:
    """One source of pictures, a line of `pictures.json`."""

    name: str
    reader: Literal["iconify", "emoji3d", "openclipart", "tango"]
    package: tuple[Literal["pip", "npm", "debian"], str]
    kind: Literal["emoji", "clipart", "icon", "mono"]
    style: str
    phrase: str  # how one would say the style: "a flat emoji"
    variants: dict[str, tuple[str, str]] = field(default_factory=dict)  # suffix → style, phrase
    tones: tuple[str, ...] = ()  # skin tones to take
    pairs: int = 0  # take only this many that come in two variants, and no others
    limit: int = 0  # take only this many
    skip: str = ""  # a pattern of names to leave out


@dataclass(frozen=True)
class Drawing:
    """One drawing of a source."""

    name: str
    title: str
    style: str
    phrase: str
    content: str | bytes  # SVG, or an encoded picture
    keywords: tuple[str, ...] = ()
    codepoint: str | None = None
    attributes: dict[str, str] = field(default_factory=dict)
