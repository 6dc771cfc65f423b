"""Which column is what of an item: `id=sku,text=title+description,image=photo,meta=price,brand`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, TypeAlias

import numpy as np

from omnisearch.errors import InputError
from omnisearch.records import Modality
from omnisearch.schema import check_name

MEDIA: tuple[Modality, ...] = ("image", "audio", "video", "document")
ROLES = ("id", "text", *MEDIA, "meta")
REST = "*"  # as metadata: all columns that are nothing else
AUTO = "auto"
_PIECE, _PLUS = re.compile(r"(?<!\\),"), re.compile(r"(?<!\\)\+")
_SHOWN = 12  # columns that an error lists

Given: TypeAlias = Mapping[str, str | Sequence[str] | Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Columns:
    """What the columns of a table are; `meta` gives names of metadata their columns."""

    id: str | None = None
    text: tuple[str, ...] = ()
    media: tuple[tuple[Modality, str], ...] = ()
    meta: Mapping[str, str] = field(default_factory=dict)
    rest: bool = False

    @property
    def named(self) -> tuple[str, ...]:
        """List the columns that are spoken of, each once."""
        found = [*self.text, *(column for _, column in self.media), *self.meta.values()]
        return tuple(dict.fromkeys([self.id, *found] if self.id is not None else found))

    @property
    def told(self) -> str:
        """Name the columns of the text, as hits do."""
        return "+".join(self.text)

    def without(self) -> frozenset[str]:
        """List what is no metadata where all the rest is."""
        media = (column for _, column in self.media)
        return frozenset((*self.text, *media, *((self.id,) if self.id is not None else ())))

    def check(self, table: str, names: Sequence[str]) -> None:
        """Refuse columns that a table does not have; of nested ones the first part counts."""
        for column in self.named:
            if column not in names and column.partition(".")[0] not in names:
                raise InputError(f"{table} has no column {column!r}: {_known(column, names)}")


def mapping_of(given: Given | str | Sequence[str] | None) -> Given | None:
    """Give a mapping that was written in either way; None goes by the names of the columns."""
    if isinstance(given, str):
        return _parsed([given])
    return _parsed(list(given)) if isinstance(given, list | tuple) else given  # type: ignore[return-value]


def _parsed(given: Sequence[str]) -> Given | None:
    r"""Read mappings as a command line has them; `\,`, `\+` and `\=` stand for the signs."""
    if list(given) == [AUTO]:
        return None
    found: dict[str, list[str]] = {}
    for text in given:
        role = ""
        for piece in _PIECE.split(text):
            name, equals, value = piece.partition("=")
            if equals and not name.endswith("\\"):
                role, piece = name.strip(), value
            if role not in ROLES:
                raise InputError(f"{piece!r} in {text!r}: write ROLE=COLUMN, {_roles()}")
            columns = [piece] if role == "meta" else _PLUS.split(piece)
            found.setdefault(role, []).extend(_plain(one) for one in columns if one.strip())
    return found


def columns_of(given: Given) -> Columns:
    """Check a mapping: of roles to a column, or to several; of `meta` also names to columns."""
    if not isinstance(given, Mapping):
        raise TypeError(f"columns is a {type(given).__name__}: give a dict of roles, {_roles()}")
    for role in given:
        if role not in ROLES:
            raise InputError(f"columns: {role!r} is no role, {_roles()}")
    several = {role: _listed(role, given[role]) for role in ROLES if role in given}
    ids, meta = several.get("id", ()), given.get("meta", ())
    if len(ids) > 1:
        raise InputError(f"columns: id is one column, not {len(ids)}: {', '.join(ids)}")
    told = several.get("meta", ())
    names = dict(meta) if isinstance(meta, Mapping) else {one: one for one in told if one != REST}
    for name in names:
        check_name(name)
    media = tuple((kind, column) for kind in MEDIA for column in several.get(kind, ()))
    found = Columns(ids[0] if ids else None, several.get("text", ()), media, names, REST in told)
    if not found.text and not found.media:
        raise InputError("columns: nothing to search in: give text, image, audio, video, document")
    return found


def by_names(table: str, names: Sequence[str]) -> Columns:
    """Take columns for what they are called, and all others as metadata."""
    found = {role: [role] for role in ROLES[:-1] if role in names}
    if not found.keys() - {"id"}:
        wanted = ", ".join(ROLES[1:-1])
        fault = f"{table} has no column called {wanted}; it has {_list(names)}"
        raise InputError(f"{fault}: say which columns are which")
    return columns_of({**found, "meta": [REST]})


def pick(cells: Mapping[str, Any], column: str) -> Any:  # noqa: ANN401
    """Read a cell, or what a nested one has under `name.inner`; None where there is nothing."""
    value: Any = cells
    for part in [column] if column in cells else column.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(part)
    return value.item() if isinstance(value, np.generic) else value


def _listed(role: str, value: object) -> tuple[str, ...]:
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, Sequence | Mapping) or not all(
        isinstance(one, str) for one in listed
    ):
        raise TypeError(f"columns: {role} is {value!r}: give the name of a column, or a list")
    if not all(listed):
        raise InputError(f"columns: {role} names a column of no letters")
    return tuple(dict.fromkeys(listed))


def _plain(text: str) -> str:
    return re.sub(r"\\([,+=])", r"\1", text.strip())


def _roles() -> str:
    return f"a role being one of {', '.join(ROLES)}"


def _known(column: str, names: Sequence[str]) -> str:
    near = get_close_matches(column, names, 1, cutoff=0.5)
    told = f"did you mean {near[0]!r}? " if near else ""
    return f"{told}It has {_list(names)}" if near else f"it has {_list(names)}"


def _list(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return (", ".join(names[:_SHOWN]) or "none") + more
