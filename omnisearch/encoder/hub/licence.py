"""The licence of a model, as its card says; shown to people before a model is used first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

CARD = "README.md"


@dataclass(frozen=True, slots=True)
class Licence:
    """What a model card says of rights; `name` is None where it says nothing."""

    name: str | None
    link: str | None = None

    def __str__(self) -> str:
        name = self.name or "not stated: ask its authors before you use it"
        return f"{name} ({self.link})" if self.link else name


def of_card(told: Mapping[str, Any]) -> Licence:
    """Read the metadata at the head of a card; `other` gives way to the name beside it."""
    names = told.get("license")
    if isinstance(names, list):
        names = ", ".join(str(name) for name in names)
    name = _words(names)
    if name in (None, "other"):
        name = _words(told.get("license_name")) or name
    return Licence(name, _words(told.get("license_link")))


def of_folder(folder: Path) -> Licence:
    """Read the card that lies in a folder; a card without metadata says nothing."""
    from huggingface_hub import ModelCard

    yaml: Any = import_module("yaml")  # of huggingface_hub; it has no types
    try:
        text = (folder / CARD).read_text("utf-8")
        card: Any = ModelCard(text, ignore_metadata_errors=True)
    except (OSError, ValueError, RecursionError, yaml.YAMLError):
        return Licence(None)
    return of_card(card.data.to_dict())


def _words(value: object) -> str | None:
    return value.strip() or None if isinstance(value, str) else None
