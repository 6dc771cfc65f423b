"""What a question is made of: parts of any modality, stored ids, a vector; nothing is opened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict

from omnisearch.encoder.parts import Audio, Document, Image, Part, Row, Text, Video, as_part
from omnisearch.errors import QueryError
from omnisearch.media.source import FILES
from omnisearch.reranking.question import Question

if TYPE_CHECKING:
    import numpy.typing as npt

_NAMED = {"text": Text, "image": Image, "audio": Audio, "video": Video, "document": Document}


class Named(TypedDict, total=False):
    """Parts by the name of their modality, each one or a list; ids of what is stored; a vector."""

    text: Any
    image: Any
    audio: Any
    video: Any
    document: Any
    like: str | Sequence[str] | None
    more: str | Sequence[str] | None
    less: str | Sequence[str] | None
    vector: npt.ArrayLike | None


@dataclass(frozen=True, slots=True)
class Given:
    """A question as it was given; a negative weight leads away from a part."""

    parts: tuple[Part, ...] = ()
    like: tuple[str, ...] = ()
    more: tuple[str, ...] = ()
    less: tuple[str, ...] = ()
    vector: npt.ArrayLike | None = None

    def __post_init__(self) -> None:
        positive = [part for part in self.parts if part.weight > 0]
        if positive or self.like or self.more or self.vector is not None:
            return
        if self.parts or self.less:
            fault = "every part of the question leads away from something"
            raise QueryError(f"{fault}: give one that is wanted as well, with a weight above 0")
        raise QueryError("the question is empty: give words, a file, an id or a vector")

    def question(self) -> Question:
        """Give it as rerankers see it."""
        said = [part for part in self.parts if isinstance(part, Text) and part.weight > 0]
        others = len(said) < len(self.parts) or self.like or self.more or self.less
        alone = bool(said) and not others and self.vector is None
        return Question(" ".join(part.text for part in said), self.parts, words_only=alone)


def given(parts: object = None, **named: Any) -> Given:  # noqa: ANN401
    """Collect a question: parts as a list or alone, and those given by name."""
    unknown = sorted(named.keys() - Named.__annotations__.keys())
    if unknown:
        known = ", ".join(Named.__annotations__)
        raise TypeError(f"query takes no {unknown[0]!r}: its parts are {known}")
    found = [_checked(as_part(one)) for one in _listed(parts)]
    for name, kind in _NAMED.items():
        value = named.get(name)
        for one in [value] if name == "video" and _is_frames(value) else _listed(value):
            part = one if isinstance(one, kind) else kind(one)
            found.append(_checked(part))  # type: ignore[arg-type]
    ids = {name: _ids(name, named.get(name)) for name in ("like", "more", "less")}
    return Given(tuple(found), **ids, vector=named.get("vector"))


def _listed(value: object) -> list[Any]:
    """Take one or a list; arrays and (samples, rate) are one."""
    if value is None:
        return []
    if isinstance(value, Row):
        return list(value.parts)
    return value if isinstance(value, list) else [value]


def _is_frames(value: object) -> bool:
    """Tell a film that is given as its frames from several films."""
    return isinstance(value, list) and not any(isinstance(one, (*FILES, Video)) for one in value)


def _checked(part: Part) -> Part:
    if isinstance(part, Text) and not part.text.strip():
        raise QueryError("a text of the question has no words: leave it out, or give some")
    if not isinstance(part, Text) and isinstance(part.source, str | bytes) and not part.source:
        raise QueryError(f"the {part.modality} of the question has no name: give a file")
    return part


def _ids(name: str, value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    found = tuple(value) if isinstance(value, Sequence) and not isinstance(value, str) else (value,)
    for one in found:
        if not isinstance(one, str):
            raise TypeError(f"{name} is {one!r}: the id of an item or a segment, a str")
        if not one:
            raise QueryError(f"{name} is empty: give the id of an item or a segment")
    return found
