"""Records that a user gives as items: their parts become one vector, their words another.

Media are decoded in this process: items come from the program, not from a folder of strangers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from omnisearch.encoder.parts import Audio, Document, Image, Part, Row, Text, Video
from omnisearch.encoder.sources import page_of
from omnisearch.errors import InputError, MediaError, PartError
from omnisearch.records import Item, Modality, View
from omnisearch.schema import SAID, check_name
from omnisearch.storage.batch import WORDS_MARK, Segments

if TYPE_CHECKING:
    from omnisearch.encoder.encoder import Encoder
    from omnisearch.media.document import Page

_MEDIA = {"image": Image, "audio": Audio, "video": Video, "document": Document}


@dataclass(frozen=True, slots=True)
class _Read:
    """An item, its parts, and what they say."""

    item: Item
    parts: tuple[Part, ...]
    words: str

    @property
    def modality(self) -> Modality:
        """What the item is, whatever words are with it."""
        return next((part.modality for part in self.parts if part.modality != "text"), "text")


def segments_of(items: Sequence[Item], encoder: Encoder) -> Segments:
    """Encode items: a row for all their parts together, and one for their words where both are."""
    if isinstance(items, Item) or not isinstance(items, Sequence):
        raise TypeError(f"items is {type(items).__name__}: give a list of omnisearch.Item")
    rows: list[tuple[str, str | None, View, _Read]] = []
    asked: list[Row] = []
    for place, item in enumerate(items):
        one = _read(item, place)
        media = [part for part in one.parts if not isinstance(part, Text)]
        rows.append((item.id, None, "content" if media else "words", one))
        asked.append(Row(*one.parts))
        if media and one.words.strip():
            rows.append((item.id + WORDS_MARK, item.id, "words", one))
            asked.append(Row(Text(one.words)))
    return Segments(
        ids=[row_id for row_id, _, _, _ in rows],
        items=[item for _, item, _, _ in rows],
        views=[view for _, _, view, _ in rows],
        modalities=[one.modality for _, _, _, one in rows],
        vectors=_encoded(asked, rows, encoder),
        metadata=[_metadata(one) for _, _, _, one in rows],
        space=str(encoder.space),
    )


def _encoded(
    asked: list[Row], rows: Sequence[tuple[str, Any, Any, _Read]], encoder: Encoder
) -> Any:  # noqa: ANN401
    if not asked:
        return np.empty((0, encoder.dim), np.float32)
    try:
        return encoder.encode(asked)
    except PartError as error:
        if error.place is None:
            raise
        name = rows[error.place][3].item.id
        fault = str(error.__cause__ or error)
        raise PartError(f"item {name!r}: {fault}; nothing was stored", error.place) from error


def _read(item: Item, place: int) -> _Read:
    """Make the parts of an item; a page is read here, for its words."""
    if not isinstance(item, Item):
        raise TypeError(f"item {place} is {type(item).__name__}: give omnisearch.Item")
    if item.text is not None and not isinstance(item.text, str):
        raise TypeError(f"item {item.id!r}: text is {type(item.text).__name__}, not a str")
    _check_metadata(item)
    texts: list[Part] = [Text(item.text)] if item.text is not None else []
    words = [item.text or ""]
    media: list[Part] = []
    for name, kind in _MEDIA.items():
        given = getattr(item, name)
        if given is None:
            continue
        part = given if isinstance(given, kind) else kind(given)
        if isinstance(part, Document):
            page = _page(part, item)
            part = Document(page.image, words=page.words, weight=part.weight)
            words.append(page.words)
        media.append(cast(Part, part))
    if not texts and not media:
        raise InputError(
            f"item {item.id!r} has no part: give text, image, audio, video or document"
        )
    return _Read(item, (*texts, *media), "\n\n".join(one for one in words if one.strip()))


def _page(part: Document, item: Item) -> Page:
    try:
        return page_of(part)
    except MediaError as error:
        raise PartError(f"item {item.id!r}: {error}; nothing was stored") from error


def _check_metadata(item: Item) -> None:
    if not isinstance(item.metadata, Mapping):
        raise TypeError(f"item {item.id!r}: metadata is {type(item.metadata).__name__}, no mapping")
    for name in item.metadata:
        check_name(name)


def _metadata(one: _Read) -> dict[str, Any]:
    said = {SAID: one.words} if one.words.strip() else {}
    return {**one.item.metadata, **said}
