"""What a decoder is asked for: a file by its name, how much of it at most, perhaps which part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from omnisearch.media.caps import CAPS, Caps


@dataclass(frozen=True, slots=True)
class Ask:
    """One file: its name decides what its bytes leave open, and is never opened.

    `modality` is what it is taken for, and `span` a part of it, as `records.span_of` reads it.
    `form` is what a part is made into where it is cut out. `regions`: parts of a picture, too.
    """

    name: str
    caps: Caps = CAPS
    modality: str | None = None
    span: Mapping[str, Any] | None = None
    form: str | None = None
    regions: bool = False

    def as_json(self) -> dict[str, Any]:
        """Give what `of_json` reads."""
        return asdict(self)

    @classmethod
    def of_json(cls, value: dict[str, Any]) -> Ask:
        """Read what a parent wrote."""
        caps = Caps(**value["caps"])
        part = value.get("modality"), value.get("span"), value.get("form")
        return cls(value["name"], caps, *part, bool(value.get("regions")))
